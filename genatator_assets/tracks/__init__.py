"""Tracks along chromosomes: what a track is, the interval algebra, and runs in memory and on disk."""

"""Regions of a genome, as arrays: intervals read from BED files, merged, centred, and cut into windows.

What several parts need of regions stands here: `bed` reads files; `merge` and `windows` are numpy without I/O.
Coordinates are 0-based half-open, in bp.
"""

"""Interval datasets: lists of BED files become regions of one length with labels, and those one-hot HDF5 tables.

The rules are those of genomic_interval_pipeline (`method: gip`) and of Basset (`method: basset`).
"""

"""Blocks: slices of at most `block_size_bp` of a chromosome, one row and one Parquet file each, as published."""

"""The block encoder: writes a block's Parquet file from its runs, without ever making the whole block dense.

A targets column of 10,000,000 x 12 floats is 480 MB, but nearly all of it is stretches in which all twelve channels
are constant. Here the column is written as many small pages; a page without a change depends on twelve numbers only
and is compressed once, and only pages with a change are painted. Written from the Parquet format specification
(github.com/apache/parquet-format); docs/format.md draws the file.
"""

from genatator_assets.gene_finding.blocks.encode.file import encode_block, encode_small

__all__ = ["encode_block", "encode_small"]

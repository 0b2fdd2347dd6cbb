-- What the block files themselves say: their metadata (JSON) and DNA. Ask for few columns: DNA is large.
-- needs: block_files
--   file: the file, with its folder
--   metadata: JSON: genome, split, chrom, start, end and more
--   dna_sequence: letters A, C, G, T and N
select filename as file, metadata, dna_sequence
from read_parquet(block_files(), hive_partitioning = false, filename = true)

-- What the block files themselves say: their metadata (JSON) and DNA. Ask for few columns: DNA is large.
-- needs: block_files
select filename as file, metadata, dna_sequence
from read_parquet(block_files(), hive_partitioning = false, filename = true)

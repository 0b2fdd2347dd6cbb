-- What the block files themselves say: their metadata (JSON) and DNA. Ask for few columns: DNA is large.
select filename as file, metadata, dna_sequence
from read_parquet(glob_root() || '/blocks/**/*.parquet', hive_partitioning = false, filename = true)

-- A row per block: typed metadata, composition, target sums, and where the file is.
-- needs: glob_root, dataset/blocks.parquet
select * from read_parquet(glob_root() || '/dataset/blocks.parquet', hive_partitioning = false)

-- A row per block of the judged splits: the share of its judged windows, and of its genes, that are leaked.
-- needs: glob_root, leakage/blocks.parquet
select * from read_parquet(glob_root() || '/leakage/blocks.parquet', hive_partitioning = false)

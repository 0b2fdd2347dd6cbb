-- A row per window of the judged splits: the share of its k-mers that occur in train, and in which genome most do.
-- needs: glob_root, leakage/windows.parquet
select * from read_parquet(glob_root() || '/leakage/windows.parquet', hive_partitioning = false)

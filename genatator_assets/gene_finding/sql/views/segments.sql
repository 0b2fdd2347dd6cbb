-- Targets as runs: a channel has `value` on [start, end) and 0 where no run is.
-- needs: glob_root, targets/*/*.parquet
select * from read_parquet(glob_root() || '/targets/*/*.parquet', hive_partitioning = false)

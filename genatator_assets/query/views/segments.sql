-- Targets as runs: a channel has `value` on [start, end) and 0 where no run is.
select * from read_parquet(glob_root() || '/targets/*/*.parquet', hive_partitioning = false)

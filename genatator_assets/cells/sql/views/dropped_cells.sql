-- How many cells of each dataset were left out, by reason.
-- needs: glob_root, cells/dropped.parquet
-- columns: dataset, cells
--   reason: why they are left out
select * from read_parquet(glob_root() || '/cells/dropped.parquet', hive_partitioning = false)

-- A row per region of a set of intervals, kept or left out: where it is, its labels, sources and split.
-- needs: glob_root, intervals/*/regions.parquet
select * from read_parquet(glob_root() || '/intervals/*/regions.parquet', hive_partitioning = false)

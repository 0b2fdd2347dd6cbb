-- A row per window set: its windows, their bins, and the tracks that are read in them.
-- needs: glob_root, dataset/window_sets.parquet
select * from read_parquet(glob_root() || '/dataset/window_sets.parquet', hive_partitioning = false)

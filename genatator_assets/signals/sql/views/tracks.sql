-- A row per track: what is known of it, where it comes from, and how it is read. `recording` is null where no data is here.
-- needs: glob_root, dataset/tracks.parquet
select * from read_parquet(glob_root() || '/dataset/tracks.parquet', hive_partitioning = false)

-- Rows of tables that did not become tracks, and why.
-- needs: glob_root, dataset/track_rejects.parquet
select * from read_parquet(glob_root() || '/dataset/track_rejects.parquet', hive_partitioning = false)

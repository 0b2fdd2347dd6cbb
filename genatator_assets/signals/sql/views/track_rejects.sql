-- Rows of tables that did not become tracks, and why.
-- needs: glob_root, dataset/track_rejects.parquet
--   origin: the table
--   row: its row, counted from 1, without the header
--   identifier: the row's own id, if it has one
--   reason: why it is no track
select * from read_parquet(glob_root() || '/dataset/track_rejects.parquet', hive_partitioning = false)

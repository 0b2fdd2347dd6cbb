-- A row per window set: its windows, their bins, and the tracks that are read in them.
-- needs: glob_root, dataset/window_sets.parquet
-- columns: genome, resolution_bp, sequence_order
--   name: the set's name
--   windows: how many windows
--   window_bp: length of a window in bp, without flanks
--   bins: bins of a window
--   tracks: the tracks that are read in it
--   stored: whether dense arrays are kept
select * from read_parquet(glob_root() || '/dataset/window_sets.parquet', hive_partitioning = false)

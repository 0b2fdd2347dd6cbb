-- Sum, greatest value and density of each channel in each split.
-- needs: glob_root, dataset/statistics/target_sums.parquet
-- columns: split, channel_index, channel, target_sum, target_max
--   density: target_sum / nt: a share, 0 to 1
select * rename (channel as channel_index, target as channel) from read_parquet(glob_root() || '/dataset/statistics/target_sums.parquet', hive_partitioning = false)

-- Sum, greatest value and density of each channel in each split, and the share of its bases above 0.
-- needs: glob_root, dataset/statistics/target_sums.parquet
-- columns: split, channel_index, channel, target_sum, target_max
--   density: target_sum / nt: a share, 0 to 1
--   target_positive: number of bases whose target is above 0
--   positive_share: target_positive / nt: a share, 0 to 1; what guessing scores by PR-AUC
select * rename (channel as channel_index, target as channel) from read_parquet(glob_root() || '/dataset/statistics/target_sums.parquet', hive_partitioning = false)

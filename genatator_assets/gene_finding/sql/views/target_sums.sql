-- Sum, greatest value and density of each channel in each split, and the share of its bases above 0.
-- needs: glob_root, dataset/statistics/target_sums.parquet
select * from read_parquet(glob_root() || '/dataset/statistics/target_sums.parquet', hive_partitioning = false)

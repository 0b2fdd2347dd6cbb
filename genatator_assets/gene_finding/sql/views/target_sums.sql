-- Sum, greatest value and density of each channel in each split.
-- needs: glob_root, dataset/statistics/target_sums.parquet
select * from read_parquet(glob_root() || '/dataset/statistics/target_sums.parquet', hive_partitioning = false)

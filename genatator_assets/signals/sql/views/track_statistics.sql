-- A row per track and chromosome: bases with a value, sums, extremes, and the histogram of values.
-- needs: glob_root, dataset/statistics/tracks.parquet
select * from read_parquet(glob_root() || '/dataset/statistics/tracks.parquet', hive_partitioning = false)

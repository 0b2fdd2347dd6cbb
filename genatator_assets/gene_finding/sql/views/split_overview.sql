-- The splits at a glance, as on the card.
-- needs: glob_root, dataset/statistics/split_overview.parquet
select * from read_parquet(glob_root() || '/dataset/statistics/split_overview.parquet', hive_partitioning = false)

-- The splits at a glance, as on the card.
select * from read_parquet(glob_root() || '/dataset/statistics/split_overview.parquet', hive_partitioning = false)

-- A row per transcript of each annotation: selected, or the reason why not.
select * from read_parquet(glob_root() || '/annotation/*/transcripts.parquet', hive_partitioning = false)

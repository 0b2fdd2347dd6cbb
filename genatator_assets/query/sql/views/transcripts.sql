-- A row per transcript of each annotation: selected, or the reason why not.
-- needs: glob_root, annotation/*/transcripts.parquet
select * from read_parquet(glob_root() || '/annotation/*/transcripts.parquet', hive_partitioning = false)

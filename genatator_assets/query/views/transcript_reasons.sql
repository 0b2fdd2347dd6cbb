-- Transcripts of each assembly by reason and type.
select * from read_parquet(glob_root() || '/dataset/statistics/transcript_reasons.parquet', hive_partitioning = false)

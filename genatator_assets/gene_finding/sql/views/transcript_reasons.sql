-- Transcripts of each assembly by reason and type.
-- needs: glob_root, dataset/statistics/transcript_reasons.parquet
select * from read_parquet(glob_root() || '/dataset/statistics/transcript_reasons.parquet', hive_partitioning = false)

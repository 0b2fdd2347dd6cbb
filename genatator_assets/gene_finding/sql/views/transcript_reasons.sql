-- Transcripts of each assembly by reason and type.
-- needs: glob_root, dataset/statistics/transcript_reasons.parquet
-- columns: genome, type
--   reason: selected, or why not
--   transcripts: how many transcripts
select * from read_parquet(glob_root() || '/dataset/statistics/transcript_reasons.parquet', hive_partitioning = false)

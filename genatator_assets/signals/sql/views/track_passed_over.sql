-- Alignments and intervals of each recording: `counted`, passed over by reason, and `in_file`, what its index says.
-- needs: glob_root, dataset/statistics/track_counts.parquet
-- columns: genome
--   recording: the reading of one file
--   chrom: the sequence; null for what the file says of itself
--   reason: counted, in_file, or why they were passed over
--   count: how many alignments or intervals
select * from read_parquet(glob_root() || '/dataset/statistics/track_counts.parquet', hive_partitioning = false)

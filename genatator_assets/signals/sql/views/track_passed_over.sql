-- Alignments and intervals of each recording: `counted`, passed over by reason, and `in_file`, what its index says.
-- needs: glob_root, dataset/statistics/track_counts.parquet
select * from read_parquet(glob_root() || '/dataset/statistics/track_counts.parquet', hive_partitioning = false)

-- A row per pair of a predicted and a true transcript: they match at every k from k_needed on.
-- needs: glob_root, evaluation/*/matches.parquet
select * from read_parquet(glob_root() || '/evaluation/*/matches.parquet', hive_partitioning = false)

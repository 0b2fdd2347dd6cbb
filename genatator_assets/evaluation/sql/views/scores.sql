-- A row per prediction, level, kind, k and subset: what was counted, precision, recall and F1.
-- needs: glob_root, evaluation/*/scores.parquet
select * from read_parquet(glob_root() || '/evaluation/*/scores.parquet', hive_partitioning = false)

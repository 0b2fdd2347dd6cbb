-- How many windows, nucleotides, genes and blocks of each judged split are leaked, at several thresholds.
-- needs: glob_root, dataset/statistics/leakage.parquet
select * from read_parquet(glob_root() || '/dataset/statistics/leakage.parquet', hive_partitioning = false)

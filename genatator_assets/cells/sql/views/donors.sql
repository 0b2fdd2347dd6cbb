-- A row per dataset and donor (or cell, where obs names no donors): cells, median age in years, scope and split.
-- needs: glob_root, cells/donors.parquet
select * from read_parquet(glob_root() || '/cells/donors.parquet', hive_partitioning = false)

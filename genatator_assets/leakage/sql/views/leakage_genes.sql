-- A row per gene of the judged splits: whether train has its name, a similar protein, or its exons' k-mers.
-- needs: glob_root, leakage/genes.parquet
select * from read_parquet(glob_root() || '/leakage/genes.parquet', hive_partitioning = false)

-- A row per dataset of cells: what became of it, with counts, publication, and the error where it failed.
-- needs: glob_root, cells/summary.parquet
select * from read_parquet(glob_root() || '/cells/summary.parquet', hive_partitioning = false)

-- A row per source of a set of intervals, such as a BED file: its label, and what became of its rows.
-- needs: glob_root, intervals/*/sources.parquet
select * from read_parquet(glob_root() || '/intervals/*/sources.parquet', hive_partitioning = false)

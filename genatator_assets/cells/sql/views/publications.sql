-- A row per dataset of CELLxGENE Discover's collections, as far as the catalogue names a table of them.
-- needs: glob_root, cells/publications.parquet
select * from read_parquet(glob_root() || '/cells/publications.parquet', hive_partitioning = false)

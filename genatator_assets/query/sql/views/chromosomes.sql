-- A row per sequence of each assembly: included, or the reason why not.
-- needs: glob_root, assemblies/*/chromosomes.parquet
select * from read_parquet(glob_root() || '/assemblies/*/chromosomes.parquet', hive_partitioning = false)

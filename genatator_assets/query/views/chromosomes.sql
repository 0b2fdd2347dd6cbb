-- A row per sequence of each assembly: included, or the reason why not.
select * from read_parquet(glob_root() || '/assemblies/*/chromosomes.parquet', hive_partitioning = false)

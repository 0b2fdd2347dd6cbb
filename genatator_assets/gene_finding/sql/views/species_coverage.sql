-- What each assembly contributes to each split.
-- needs: glob_root, dataset/statistics/species_coverage.parquet
select * from read_parquet(glob_root() || '/dataset/statistics/species_coverage.parquet', hive_partitioning = false)

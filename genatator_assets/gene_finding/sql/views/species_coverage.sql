-- What each assembly contributes to each split.
-- needs: glob_root, dataset/statistics/species_coverage.parquet
-- columns: genome, species, split, chroms, blocks, nt, selected_transcripts
select * from read_parquet(glob_root() || '/dataset/statistics/species_coverage.parquet', hive_partitioning = false)

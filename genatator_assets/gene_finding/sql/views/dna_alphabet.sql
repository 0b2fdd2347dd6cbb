-- Letters of each split.
-- needs: glob_root, dataset/statistics/dna_alphabet.parquet
select * from read_parquet(glob_root() || '/dataset/statistics/dna_alphabet.parquet', hive_partitioning = false)

-- Letters of each split.
-- needs: glob_root, dataset/statistics/dna_alphabet.parquet
-- columns: split, nt, A, C, G, T, N
--   files: how many block files
--   rows: how many rows: as many as files
--   canonical: how many letters are A, C, G or T
--   noncanonical: how many letters are N
--   noncanonical_percent: noncanonical in percent of nt
select * from read_parquet(glob_root() || '/dataset/statistics/dna_alphabet.parquet', hive_partitioning = false)

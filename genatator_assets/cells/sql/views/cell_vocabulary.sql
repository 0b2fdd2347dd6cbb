-- All symbols of sentences, and how many cells express each, before sentences are cut.
-- needs: glob_root, cells/vocabulary.parquet
-- columns: symbol
--   cells: how many cells with a sentence express it
--   datasets: in how many datasets
select * from read_parquet(glob_root() || '/cells/vocabulary.parquet', hive_partitioning = false)

-- All symbols of sentences, and how many cells express each, before sentences are cut.
-- needs: glob_root, cells/vocabulary.parquet
select * from read_parquet(glob_root() || '/cells/vocabulary.parquet', hive_partitioning = false)

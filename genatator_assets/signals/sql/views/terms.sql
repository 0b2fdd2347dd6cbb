-- Ontology terms of the tracks (role `track`) and all terms above them (`ancestor`).
-- needs: glob_root, dataset/terms.parquet
select * from read_parquet(glob_root() || '/dataset/terms.parquet', hive_partitioning = false)

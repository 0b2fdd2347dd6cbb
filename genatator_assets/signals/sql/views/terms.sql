-- Ontology terms of the tracks (role `track`) and all terms above them (`ancestor`).
-- needs: glob_root, dataset/terms.parquet
-- columns: ontology_curie
--   label: the term's name; null where no ontology at hand has it
--   deprecated: whether it is obsolete
--   replaced_by: the term to use instead
--   ancestors: all terms above it, sorted
--   resolved: whether an ontology at hand has it
--   role: track (a track has it) or ancestor (only terms below it have tracks)
select * from read_parquet(glob_root() || '/dataset/terms.parquet', hive_partitioning = false)

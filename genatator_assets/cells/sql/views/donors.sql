-- A row per dataset and donor (or cell, where obs names no donors): cells, median age in years, scope and split.
-- needs: glob_root, cells/donors.parquet
-- columns: dataset, split
--   scope: what donors are kept together in: a collection, or a dataset
--   kind: donor, or cell where obs names no donors
--   unit: the donor, or the cell
--   cells: how many cells of this dataset that pass the filters on obs
--   age: median age in years in its whole scope; null where it is not known
select * from read_parquet(glob_root() || '/cells/donors.parquet', hive_partitioning = false)

-- A row per gene of each dataset: its symbol and where that is from, or the reason why it has none.
-- needs: glob_root, cells/genes/*.parquet
-- columns: dataset
--   gene: place in the matrix, counted from 0
--   var_name: its name in the file
--   ensembl_id: its Ensembl id; null where it has none
--   symbol: the symbol; null where it has none
--   source: where the symbol is from: hgnc, table, assembly, feature_name or var_name
--   reason: why it has no symbol; null where it has one
select parse_filename(filename, true) as dataset, * exclude (filename)
from read_parquet(glob_root() || '/cells/genes/*.parquet', filename = true, hive_partitioning = false)

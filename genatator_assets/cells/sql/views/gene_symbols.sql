-- A row per gene of each dataset: its symbol and where that is from, or the reason why it has none.
-- needs: glob_root, cells/genes/*.parquet
select parse_filename(filename, true) as dataset, * exclude (filename)
from read_parquet(glob_root() || '/cells/genes/*.parquet', filename = true, hive_partitioning = false)

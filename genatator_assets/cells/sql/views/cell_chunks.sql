-- A row per chunk of cells: dataset, split, path, cells, bytes and hash.
-- needs: glob_root, cells/chunks.parquet
-- columns: dataset, split, path, cells, bytes, sha256
select * from read_parquet(glob_root() || '/cells/chunks.parquet', hive_partitioning = false)

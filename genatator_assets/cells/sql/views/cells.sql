-- A row per cell of all datasets that are built: its sentence, age, donor and split, and all columns of obs.
-- needs: glob_root, cell_chunks, cells/*/**/chunk_*.parquet
select regexp_extract(filename, '/cells/([^/]+)/', 1) as dataset, * exclude (filename)
from read_parquet(glob_root() || '/cells/*/**/chunk_*.parquet', union_by_name = true, filename = true,
    hive_partitioning = false)
where regexp_extract(filename, '/cells/([^/]+)/', 1) in (select dataset from cell_chunks)

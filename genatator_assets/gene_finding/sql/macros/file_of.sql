-- A file of the index as DuckDB spells its name when it reads by a pattern: root() may be written in several ways.
-- needs: glob_root, dataset/blocks.parquet
create or replace macro file_of(path) as (
    select left(g.file, -length('dataset/blocks.parquet')) from glob(glob_root() || '/dataset/blocks.parque[t]') g
) || path

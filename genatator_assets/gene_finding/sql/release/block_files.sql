-- The pattern of the block files: all, those of a genome, or of a chromosome of it.
-- needs: glob_root, path_name, data/*/*/*.parquet
create or replace macro block_files(genome := null, chrom := null) as
    glob_root() || '/data/*/*/' || coalesce(path_name(genome), '*') || '~' || coalesce(path_name(chrom), '*')
    || '~*.parquet'

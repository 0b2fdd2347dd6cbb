-- The pattern of the block files: all, those of a genome, or of a chromosome of it.
-- needs: glob_root, path_name, blocks/*/*/*/*.parquet
create or replace macro block_files(genome := null, chrom := null) as
    glob_root() || '/blocks/*/genome=' || coalesce(path_name(genome), '*') || '/chrom=' || coalesce(path_name(chrom), '*')
    || '/*.parquet'

-- The DNA of [start, end) of a chromosome, or of all of it, put together from its blocks; only the blocks that it
-- touches are read, because a block's file is named by its start and no block is longer than 10,000,000.
create or replace macro dna(genome, chrom, start := 0, "end" := 4_000_000_000) as (
    select string_agg(
        substr(b.dna_sequence, greatest(start - b.block_start, 0) + 1, "end" - greatest(start, b.block_start)), ''
        order by b.block_start)
    from (
        select dna_sequence, parse_filename(filename, true)::bigint as block_start
        from read_parquet(
            glob_root() || '/blocks/*/genome=' || path_name(genome) || '/chrom=' || path_name(chrom) || '/*.parquet',
            hive_partitioning = false, filename = true)
        where parse_filename(filename, true)::bigint < "end"
            and parse_filename(filename, true)::bigint + 10_000_000 > start
    ) b
    where b.block_start + length(b.dna_sequence) > start
)

-- The DNA of [start, end) of a chromosome, or of all of it, put together from its blocks; only the blocks that it
-- touches are read, because a block's file is named by its start and no block is longer than 10,000,000.
-- needs: block_files
create or replace macro dna(genome, chrom, start := 0, "end" := 4_000_000_000) as (
    select string_agg(
        substr(b.dna_sequence, greatest(start - b.block_start, 0) + 1, "end" - greatest(start, b.block_start)), ''
        order by b.block_start)
    from (
        select dna_sequence, regexp_extract(filename, '(\d+)\.parquet$', 1)::bigint as block_start
        from read_parquet(block_files(genome, chrom), hive_partitioning = false, filename = true)
        where regexp_extract(filename, '(\d+)\.parquet$', 1)::bigint < "end"
            and regexp_extract(filename, '(\d+)\.parquet$', 1)::bigint + 10_000_000 > start
    ) b
    where b.block_start + length(b.dna_sequence) > start
)

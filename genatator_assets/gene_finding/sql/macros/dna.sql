-- The DNA of [start, end) of a chromosome, or of all of it, put together from its blocks. It takes literals and reads only
-- the blocks that it touches: for columns there is dna_of.
-- needs: block_files, file_of, blocks, place
create or replace macro dna(genome, chrom, start := 0, "end" := null) as (
    with wanted as materialized (
        select spot, block_.start as start_, block_."end" as end_, file_of(block_.path) as file_
        from (select b as block_ from blocks b), (select place(genome, chrom, start, "end", true) as spot)
        where block_.genome = genome and block_.chrom = spot.chrom
            and block_.start <= spot."end" and block_."end" >= spot.start
    )
    select string_agg(
        substr(s.dna_sequence, greatest(spot.start - start_, 0) + 1,
            greatest(least(spot."end", end_) - greatest(spot.start, start_), 0)),
        '' order by start_)
    from wanted join read_parquet(block_files(genome), hive_partitioning = false, filename = true) s
        on s.filename = file_
)

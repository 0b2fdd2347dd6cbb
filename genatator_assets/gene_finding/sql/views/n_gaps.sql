-- A row per longest run of N of each chromosome. It reads the DNA of all blocks that have any: name a genome and chromosome.
-- needs: block_files, file_of, blocks
-- columns: genome, species, split, chrom, start, end
--   bases: how many letters N
with cut as (
    select b.genome, b.species, b.split, b.chrom, b.start,
        string_split_regex(s.dna_sequence, 'N+') as between, regexp_extract_all(s.dna_sequence, 'N+') as gaps
    from read_parquet(block_files(), hive_partitioning = false, filename = true) s
    join blocks b on s.filename = file_of(b.path)
    where b.N > 0
), told as (
    select genome, species, split, chrom, start as block, length(unnest(gaps)) as bases,
        length(unnest(between[:-2])) as before, generate_subscripts(gaps, 1) as place
    from cut
), placed as (
    select genome, species, split, chrom, bases,
        block + sum(before + bases) over (partition by genome, chrom, block order by place) as "end"
    from told
), joined as (  -- a run may go on in the next block
    select *, sum(if("end" - bases = previous, 0, 1)) over (partition by genome, chrom order by "end") as gap
    from (select *, lag("end") over (partition by genome, chrom order by "end") as previous from placed)
)
select genome, any_value(species) as species, any_value(split) as split, chrom,
    min("end" - bases)::bigint as start, max("end")::bigint as "end", sum(bases)::bigint as bases
from joined
group by genome, chrom, gap

-- At no base is a combined channel below its mRNA-only channel, in chromosomes that are drawn by their names' hashes and
-- end with the one that reaches 20,000,000 bases. Both are constant between their runs' ends, so it is enough to look at
-- every end of a run.
set variable sampled_targets = (
    select list(file) from (
        select glob_root() || '/targets/' || path_name(genome) || '/' || path_name(chrom) || '.parquet' as file,
            root() || '/targets/' || path_name(genome) || '/' || path_name(chrom) || '.parquet' as name,
            sum(nt) over (order by md5(genome || ' ' || chrom), genome, chrom) - nt as nt_before
        from (select genome, chrom, sum("end" - start) as nt from blocks group by all)
    ) where nt_before < 20_000_000 and name in (select file from glob(glob_root() || '/targets/*/*.parquet'))
);
with runs as (
    select s.genome, s.chrom, c.kind, c.strand, c."group" = 'mrna' as of_mrna, s.start, s."end", s.value
    from read_parquet(getvariable('sampled_targets'), hive_partitioning = false) s join channels c using (channel)
), events as (  -- from here on the channel has this value; where one run ends and the next begins, the latter counts
    select genome, chrom, kind, strand, of_mrna, start as position, value, 1 as rank from runs
    union all
    select genome, chrom, kind, strand, of_mrna, "end", 0, 0 from runs
), states as (
    select genome, chrom, kind, strand, position,
        last_value(if(of_mrna, value, null) ignore nulls) over so_far as mrna_value,
        last_value(if(of_mrna, null, value) ignore nulls) over so_far as combined_value,
        lead(position) over so_far as next_position
    from events
    window so_far as (partition by genome, chrom, kind, strand order by position, rank
        rows between unbounded preceding and current row)
)
select genome, chrom, kind, strand, position, mrna_value, nullif(combined_value, 0) as combined_value
from states
where next_position is distinct from position and mrna_value > coalesce(combined_value, 0)
order by genome, chrom, kind, strand, position

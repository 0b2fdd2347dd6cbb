-- Every transcript that is not left out has one row in some config and at most one in each, in the split of its
-- chromosome; and no other transcript has one.
select coalesce(t.genome, r.genome) as genome, coalesce(t.chrom, r.chrom) as chrom,
    coalesce(t.transcript_id, r.transcript_id) as transcript_id, t.split as expected, r.splits as found, r.most
from (select * from segmentation_transcripts where left_out is null) t
full join (
    select genome, chrom, transcript_id, start, "end", strand, list(distinct split order by split) as splits,
        max(rows) as most, min(rows) as least
    from (
        select config, split, genome, chrom, transcript_id, start, "end", strand, count(*) as rows
        from segmentation_rows group by all
    )
    group by all
) r using (genome, chrom, transcript_id, start, "end", strand)
where t.genome is null or r.genome is null or r.splits <> [t.split] or r.most <> 1

-- A channel of a chromosome reaches exactly 1 where it has selected transcripts, and is all 0 where it has none.
with found as (
    select genome, chrom, channel, max(target_max) as greatest, sum(target_sum) as total
    from block_targets group by all
), expected as (
    select genome, chrom, c.channel, count(*) as transcripts
    from transcripts t join channels c
        on t.strand = c.strand and (c."group" = 'combined' or t.type = 'mRNA')
    where t.selected group by all
)
select genome, chrom, channel, coalesce(transcripts, 0) as transcripts, greatest, total
from found left join expected using (genome, chrom, channel)
where case when transcripts is null then (greatest, total) is distinct from (0, 0) else greatest is distinct from 1 end
order by genome, chrom, channel

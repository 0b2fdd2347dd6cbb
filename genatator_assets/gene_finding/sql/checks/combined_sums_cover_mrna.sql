-- In no block is the sum or the greatest value of a combined channel below that of its mRNA-only channel.
with sums as (
    select genome, chrom, start, c."group", c.kind, c.strand, target_sum, target_max
    from block_targets join channels c using (channel)
)
select genome, chrom, m.start, kind, strand, m.target_sum as mrna_sum, c.target_sum as combined_sum,
    m.target_max as mrna_max, c.target_max as combined_max
from (from sums where "group" = 'mrna') m
full join (from sums where "group" = 'combined') c using (genome, chrom, start, kind, strand)
where not coalesce(c.target_sum >= m.target_sum * (1 - 1e-9) and c.target_max >= m.target_max, false)
order by genome, chrom, m.start, kind, strand

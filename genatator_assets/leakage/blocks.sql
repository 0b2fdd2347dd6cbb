-- The share of each judged block's windows, and of its genes, that are leaked: of those that begin in the block.
with of_windows as (
    select b.genome, b.chrom, b.start, count(*) as judged, avg((w.score >= $leaked)::int) as share
    from blocks b join windows w
        on w.genome = b.genome and w.chrom = b.chrom and w.start >= b.start and w.start < b."end"
    where w.judged group by all
), of_genes as (
    select b.genome, b.chrom, b.start, avg((g.window_score >= $leaked)::int) as share
    from blocks b join genes g using (genome, chrom)
    where g.window_score is not null and g.start >= b.start and g.start < b."end" group by all
)
select b.genome, b.chrom, b.start, b."end", b.split, coalesce(w.judged, 0) as judged_windows,
    w.share as leakage, g.share as leakage_genes
from blocks b
    left join of_windows w using (genome, chrom, start)
    left join of_genes g using (genome, chrom, start)
where b.split in ('validation', 'test')
order by b.genome, b.chrom, b.start

-- At no base is a combined channel below its mRNA-only channel. Both are constant between their runs' ends, so it is
-- enough to look at every end of a run.
with runs as (
    select s.genome, s.chrom, s.start, s."end", s.value, c."group", c.kind, c.strand
    from segments s join channels c on c.name = s.channel
), edges as (
    select distinct genome, chrom, kind, strand, unnest([start, "end"]) as position from runs
), mrna as (select * from runs where "group" = 'mrna'), combined as (select * from runs where "group" = 'combined')
select e.genome, e.chrom, e.kind, e.strand, e.position, m.value as mrna_value, c.value as combined_value
from edges e
asof join mrna m on e.genome = m.genome and e.chrom = m.chrom and e.kind = m.kind and e.strand = m.strand
    and e.position >= m.start
asof left join combined c on e.genome = c.genome and e.chrom = c.chrom and e.kind = c.kind and e.strand = c.strand
    and e.position >= c.start
where e.position < m."end" and (c.value is null or c."end" <= e.position or c.value < m.value)
order by e.genome, e.chrom, e.kind, e.strand, e.position

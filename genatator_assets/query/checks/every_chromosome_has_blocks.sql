-- Every included chromosome of the catalogue has blocks, and no other has.
select coalesce(c.genome, b.genome) as genome, coalesce(c.chrom, b.chrom) as chrom,
    case when b.genome is null then 'has no finished blocks' else 'is not included in the catalogue' end as fault
from (select * from chromosomes where included) c
full join (select distinct genome, chrom from blocks) b on b.genome = c.genome and b.chrom = c.chrom
where b.genome is null or c.genome is null
order by genome, chrom

-- Every annotated genome of the catalogue and every included chromosome of it has blocks, and no other has.
with stated as (
    select distinct unnest((parameters -> 'genomes')::varchar[]) as genome from lineage_of('dataset/blocks.parquet')
), planned as (
    select genome, chrom from chromosomes where included and genome in (select genome from stated)
    union all
    select genome, null from stated where genome not in (select genome from chromosomes)
)
select coalesce(p.genome, b.genome) as genome, coalesce(p.chrom, b.chrom) as chrom,
    case when b.genome is not null then 'is not included in the catalogue'
        when p.chrom is null then 'is not imported' else 'has no finished blocks' end as fault
from planned p
full join (select distinct genome, chrom from blocks) b on b.genome = p.genome and b.chrom = p.chrom
where b.genome is null or p.genome is null
order by genome, chrom

-- The blocks of each included chromosome of an annotated genome are exactly those that the block size cuts it into.
with settings as (
    select any_value((parameters ->> 'block_size_bp')::bigint) as block_size_bp
    from lineage_of('dataset/blocks.parquet')
), stated as (
    select distinct unnest((parameters -> 'genomes')::varchar[]) as genome from lineage_of('dataset/blocks.parquet')
), planned as (
    select genome, chrom, unnest(range(0, length, block_size_bp)) as start, length, block_size_bp
    from chromosomes, settings where included and genome in (select genome from stated)
)
select genome, chrom, start, b."end", least(p.start + p.block_size_bp, p.length) as planned_end,
    case when b.start is null then 'is missing' when p.start is null then 'is not planned'
        else 'ends elsewhere' end as fault
from planned p full join blocks b using (genome, chrom, start)
where b."end" is distinct from planned_end
order by genome, chrom, start

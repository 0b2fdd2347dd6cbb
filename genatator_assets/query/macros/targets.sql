-- The targets of [start, end), a row per base and a column per channel; bases past the chromosome's ends have no row.
create or replace macro targets(genome, chrom, start, "end") as table
with bases as (
    select unnest(range(greatest(start, 0), least("end", (
        select c.length from read_parquet(
            glob_root() || '/assemblies/' || path_name(genome) || '/chromosomes.parquet', hive_partitioning = false) c
        where c.chrom = chrom
    )))) as position
), painted as (
    select unnest(range(r.start, r."end")) as position, r.channel, r.value
    from target_runs(genome, chrom, start, "end") r
)
select position,
    coalesce(max(value) filter (channel = 'primary_tss_+'), 0)::float as "primary_tss_+",
    coalesce(max(value) filter (channel = 'primary_tss_-'), 0)::float as "primary_tss_-",
    coalesce(max(value) filter (channel = 'primary_polya_+'), 0)::float as "primary_polya_+",
    coalesce(max(value) filter (channel = 'primary_polya_-'), 0)::float as "primary_polya_-",
    coalesce(max(value) filter (channel = 'intragenic_regions_+'), 0)::float as "intragenic_regions_+",
    coalesce(max(value) filter (channel = 'intragenic_regions_-'), 0)::float as "intragenic_regions_-",
    coalesce(max(value) filter (channel = 'mrna_tss_+'), 0)::float as "mrna_tss_+",
    coalesce(max(value) filter (channel = 'mrna_tss_-'), 0)::float as "mrna_tss_-",
    coalesce(max(value) filter (channel = 'mrna_polya_+'), 0)::float as "mrna_polya_+",
    coalesce(max(value) filter (channel = 'mrna_polya_-'), 0)::float as "mrna_polya_-",
    coalesce(max(value) filter (channel = 'mrna_intragenic_regions_+'), 0)::float as "mrna_intragenic_regions_+",
    coalesce(max(value) filter (channel = 'mrna_intragenic_regions_-'), 0)::float as "mrna_intragenic_regions_-"
from bases left join painted using (position)
group by position
order by position

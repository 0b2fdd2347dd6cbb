-- Each split at a glance; the standard deviation is of the population, as on the published card.
with chromosomes as (
    select split, species, genome, chrom, any_value(chrom_length) as length
    from blocks group by all
), of_chromosomes as (
    select split,
        count(distinct species) as species,
        count(distinct genome) as genomes,
        count(*) as chroms,
        avg(length) as chrom_mean_bp,
        stddev_pop(length) as chrom_std_bp,
        min(length) as chrom_min_bp,
        max(length) as chrom_max_bp
    from chromosomes group by split
), of_blocks as (
    select split, count(*) as blocks, count(distinct path) as files, sum("end" - start)::bigint as nt
    from blocks group by split
), of_transcripts as (
    select c.split,
        count(*) as selected_transcripts,
        count(*) filter (t.type = 'lncRNA') as lncrna_transcripts,
        count(*) filter (t.type = 'mRNA') as mrna_transcripts
    from transcripts t join chromosomes c using (genome, chrom) where t.selected group by c.split
)
select b.split, c.species, c.genomes, c.chroms, b.blocks, b.blocks as rows, b.files, b.nt,
    c.chrom_mean_bp, c.chrom_std_bp, c.chrom_min_bp, c.chrom_max_bp,
    coalesce(t.selected_transcripts, 0) as selected_transcripts,
    coalesce(t.lncrna_transcripts, 0) as lncrna_transcripts,
    coalesce(t.mrna_transcripts, 0) as mrna_transcripts
from of_blocks b join of_chromosomes c using (split) left join of_transcripts t using (split)
order by list_position(['train', 'validation', 'test'], b.split)

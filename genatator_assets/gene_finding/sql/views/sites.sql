-- A row per distinct TSS and polyA site of the selected transcripts: where the peaks of the targets stand, and whose.
-- needs: transcripts, channels
-- columns: genome, species, split, chrom, channel, group, strand
--   kind: tss or polya
--   position: 0-based, the base of the site
--   transcripts: transcript_id of all selected transcripts that have it, sorted
--   genes: gene_id of these, sorted
select t.genome, any_value(t.species) as species, any_value(t.split) as split, t.chrom, c.channel, c."group", c.kind,
    c.strand, if(c.kind = 'tss', t.tss, t.polya) as position,
    list_sort(list(distinct t.transcript_id)) as transcripts,
    list_sort(list(distinct t.gene_id) filter (t.gene_id is not null)) as genes
from transcripts t join channels c
    on c.strand = t.strand and c.kind <> 'intragenic' and (c."group" = 'combined' or t.type = 'mRNA')
where t.selected
group by t.genome, t.chrom, c.channel, c."group", c.kind, c.strand, position

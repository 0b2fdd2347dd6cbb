-- A row per distinct TSS and polyA site of the selected transcripts: where the peaks of the targets stand.
-- needs: transcripts, channels
-- columns: genome, chrom, channel, group, strand
--   kind: tss or polya
--   position: 0-based, the base of the site
select distinct t.genome, t.chrom, c.channel, c."group", c.kind, c.strand,
    case when (c.kind = 'tss') = (c.strand = '+') then t.start else t."end" - 1 end as position
from transcripts t join channels c
    on c.strand = t.strand and c.kind <> 'intragenic' and (c."group" = 'combined' or t.type = 'mRNA')
where t.selected

-- A row per gene of each annotation and chromosome: where its transcripts are, and how many. Those without gene_id are in
-- none.
-- needs: transcripts
-- columns: genome, species, split, chrom, gene_id
--   gene_name: the gene's name; null where none is stated
--   gene_biotype: the gene's biotype; null where none is stated
--   type: mRNA if a transcript is, else lncRNA if one is, else other
--   strand: + or -; null where its transcripts are on both
--   start: 0-based, the first base of its transcripts
--   end: 0-based, behind the last base of its transcripts
--   transcripts: how many transcripts
--   selected_transcripts: how many of these are selected
--   representative: the transcript_id of the isoform that represents it; null where none does
select t.genome, any_value(t.species) as species, any_value(t.split) as split, t.chrom, t.gene_id,
    any_value(t.gene_name order by t.source_line) as gene_name,
    any_value(t.gene_biotype order by t.source_line) as gene_biotype,
    case when bool_or(t.type = 'mRNA') then 'mRNA' when bool_or(t.type = 'lncRNA') then 'lncRNA' else 'other' end as type,
    if(min(t.strand) = max(t.strand), min(t.strand), null) as strand, min(t.start) as start, max(t."end") as "end",
    count(*) as transcripts, count(*) filter (t.selected) as selected_transcripts,
    any_value(t.transcript_id order by t.source_line) filter (t.representative) as representative
from transcripts t
where t.gene_id is not null and t.start is not null
group by t.genome, t.chrom, t.gene_id

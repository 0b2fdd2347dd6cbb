-- Every selected transcript lies inside a known, included chromosome, on a strand, and is mRNA or lncRNA.
select t.genome, t.chrom, t.transcript_id, t.source_line, t.start, t."end", t.strand, t.type, c.length, c.included
from transcripts t left join chromosomes c on c.genome = t.genome and c.chrom = t.chrom
where t.selected and not coalesce(
    c.included and t.start >= 0 and t.start < t."end" and t."end" <= c.length
    and t.strand in ('+', '-') and t.type in ('mRNA', 'lncRNA'), false)
order by t.genome, t.source_line

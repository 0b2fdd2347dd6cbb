-- A row per intron of each transcript, selected or not: what lies between two exons.
-- needs: exons
-- columns: genome, chrom, transcript_id, gene_id, strand, type, selected, source_line, transcript, start, end
select genome, chrom, transcript_id, gene_id, strand, type, selected, source_line, transcript,
    "end" as start, following as "end"
from (select *, lead(start) over (partition by genome, transcript order by start) as following from exons)
where following is not null

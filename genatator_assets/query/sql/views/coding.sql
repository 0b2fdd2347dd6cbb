-- A row per stretch of coding sequence within an exon, stop codon included. The phase is that of the exon's first one.
-- needs: exons
-- columns: genome, chrom, transcript_id, gene_id, strand, type, selected, source_line, transcript, start, end
--   phase: of the exon's first stretch: bases of a codon that began before, 0 to 2
select genome, chrom, transcript_id, gene_id, strand, type, selected, source_line, transcript,
    edges[2 * piece + 1] as start, edges[2 * piece + 2] as "end", phase
from (
    select *, unnest(range(len(edges) // 2)) as piece
    from (
        select *, list_concat([cds_start], coalesce(cds_gaps, []), [cds_end]) as edges
        from exons where cds_start is not null
    )
)

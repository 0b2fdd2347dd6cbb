-- A row per exon of each transcript, selected or not, with its coding part and phase (see docs/format.md).
-- needs: glob_root, annotation/*/transcripts.parquet, annotation/*/exons.parquet
-- columns: genome, chrom, transcript_id, gene_id, strand, type, selected, source_line, transcript, start, end, phase
--   cds_start: the least base of its coding part, stop codon included; null where nothing is coding
--   cds_end: behind the greatest base of its coding part; null where nothing is coding
--   cds_gaps: where the coding part is not all of that: the end of a piece and the start of the next one, in pairs; the start is less than the end where bases are read twice
select t.genome, t.chrom, t.transcript_id, t.gene_id, t.strand, t.type, t.selected, t.source_line, e.transcript,
    e.start, e."end", e.cds_start, e.cds_end, e.phase, e.cds_gaps
from read_parquet(glob_root() || '/annotation/*/exons.parquet', hive_partitioning = false, filename = true) e
join read_parquet(glob_root() || '/annotation/*/transcripts.parquet', hive_partitioning = false, filename = true,
        file_row_number = true) t
    on t.file_row_number = e.transcript and parse_dirpath(t.filename) = parse_dirpath(e.filename)

-- A row per transcript of each annotation: selected, or the reason why not.
-- needs: glob_root, chromosomes, annotation/*/transcripts.parquet
-- columns: genome, species, gene_id, selected
--   chrom: the FASTA file's name of the sequence; seqid where it is unknown
--   seqid: the annotation's name of the sequence; null where a malformed line doesn't tell
--   start: 0-based, the first base; null where the line is malformed
--   end: 0-based, behind the last base; null where the line is malformed
--   strand: as in the file, also . or ?; null where the line is malformed
--   transcript_id: the transcript's id; null only where the line is malformed
--   gene_name: the gene's name: the transcript's, or else its gene's; null where none is stated
--   row_id: the row's own ID in GFF3, else transcript_id (in tables with the line); null only where the line is malformed
--   row_type: column 3 of the annotation; null where it has no row, and of tables
--   source: column 2 of the annotation; null of tables
--   type: what it counts as: mRNA, lncRNA or other
--   type_from: what the type follows from
--   biotype: its own, or else its gene's; null where none is stated
--   gene_biotype: its gene's; null where none is stated
--   tags: tags of the annotation, such as basic, MANE_Select
--   pseudo: whether it is marked as pseudo
--   trans_spliced: whether it is marked as put together from several places
--   partial: whether it is marked as incomplete
--   malformed: what is wrong with the line; null where nothing is
--   assembled_from: row, or parts where it is put together from its parts
--   source_line: the line in the annotation, from 1; of the first part where it has no row
--   exons: how many exons
--   exonic_bp: bases of its exons
--   coding_bp: bases of its exons that are coding
--   cds_complete_5: whether its coding sequence has its beginning; null where there is none
--   cds_complete_3: whether it has its end; null where there is none
--   exons_from_parts: whether it has no exon rows: exons are the coding sequence and UTRs
--   reason: selected, or why not
--   segmentation_reason: selected, or why it is not in a segmentation dataset
--   representative: whether it represents its gene
--   representative_by: the rule that decided; null where it does not
--   split: train, validation or test; null where its chromosome is not included
--   tss: 0-based, the first base that is transcribed: the end of the transcript on -; null where strand is neither + nor -
--   polya: 0-based, the last base that is transcribed; null where strand is neither + nor -
select t.*, c.species, c.split,
    case t.strand when '+' then t.start when '-' then t."end" - 1 end as tss,
    case t.strand when '+' then t."end" - 1 when '-' then t.start end as polya
from read_parquet(glob_root() || '/annotation/*/transcripts.parquet', hive_partitioning = false) t
left join chromosomes c using (genome, chrom)

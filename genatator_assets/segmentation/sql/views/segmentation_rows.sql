-- A row per row of the segmentation dataset: which transcript, in which file, its bases and labels (5UTR, exon, intron,
-- 3UTR, CDS).
-- needs: glob_root, segmentation/*/*/*.parquet
-- columns: split, genome, chrom, start, end, strand, transcript_id, gene_id, file
--   config: the config's name
--   type: mRNA or lnc_RNA
--   status: 1 for the isoform that represents its gene, else 0
--   dna_sequence: letters of [start, end) on the + strand, introns included
--   labels: for each base five values, 0 or 1: 5UTR, exon, intron, 3UTR, CDS
--   metadata: transcript_id|gene_id|type|strand|genome|chrom|start:end
--   file_row_number: the row in the file, counted from 0
select parts[-3] as config, parts[-2] as split, fields[5] as genome, fields[6] as chrom,
    split_part(fields[7], ':', 1)::bigint as start, split_part(fields[7], ':', 2)::bigint as "end",
    fields[4] as strand, fields[3] as type, fields[1] as transcript_id, fields[2] as gene_id, status,
    dna_sequence, labels, metadata, array_to_string(parts[-4:], '/') as file, file_row_number
from (
    select *, string_split(metadata, '|') as fields, string_split(filename, '/') as parts
    from read_parquet(glob_root() || '/segmentation/*/*/*.parquet', hive_partitioning = false, filename = true,
        file_row_number = true)
)

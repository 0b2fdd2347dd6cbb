-- Of every transcript exon and intron add up to its length, and the coding sequence of an mRNA is not empty; lncRNAs have
-- neither coding sequence nor UTR.
select genome, chrom, transcript_id, start, "end", utr_5_bp, cds_bp, utr_3_bp, exon_only_bp, intron_bp
from segmentation_transcripts
where utr_5_bp + cds_bp + utr_3_bp + exon_only_bp + intron_bp <> "end" - start
    or (type = 'mRNA') <> (cds_bp > 0)
    or (type <> 'mRNA' and utr_5_bp + utr_3_bp > 0)

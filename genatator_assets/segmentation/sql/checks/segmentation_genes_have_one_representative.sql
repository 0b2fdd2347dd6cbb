-- Each gene has one representative among the transcripts whose models are whole.
select genome, chrom, gene_id, count(*) filter (representative) as representatives
from segmentation_transcripts where gene_id is not null
group by all having representatives <> 1

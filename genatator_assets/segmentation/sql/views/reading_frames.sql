-- A row per genome: of the mRNAs of the segmentation dataset whose coding sequence has both ends, how many begin with
-- ATG, end with a stop codon, have none within, and all of that (open).
-- needs: segmentation_transcripts
-- columns: genome
--   mrna: how many mRNAs are built
--   complete_ends: how many have both ends of their coding sequence, as all that follows
--   with_start: how many begin with ATG
--   with_stop: how many end with a stop codon
--   without_internal_stop: how many have no stop codon within
--   open: how many have all of that
--   internal_stops: how many stop codons stand within, in all
--   open_share: open / complete_ends, 0 to 1
select *, "open" / nullif(complete_ends, 0) as open_share
from (
    select genome, count(*) as mrna, count(*) filter (complete) as complete_ends,
        count(*) filter (complete and first_codon = 'ATG') as with_start,
        count(*) filter (complete and last_codon in ('TAA', 'TAG', 'TGA')) as with_stop,
        count(*) filter (complete and internal_stops = 0) as without_internal_stop,
        count(*) filter (complete and open_frame) as "open", sum(internal_stops)::bigint as internal_stops
    from segmentation_transcripts where type = 'mRNA' and left_out is null group by genome
)

-- What each assembly contributes to each split.
with chromosomes as (
    select genome, species, split, chrom, count(*) as blocks, sum("end" - start)::bigint as nt from blocks group by all
), selected as (
    select genome, chrom, count(*) as transcripts from transcripts where selected group by all
)
select genome, species, split, count(*) as chroms, sum(blocks)::bigint as blocks, sum(nt)::bigint as nt,
    coalesce(sum(transcripts), 0)::bigint as selected_transcripts
from chromosomes left join selected using (genome, chrom)
group by genome, species, split
order by genome, list_position(['train', 'validation', 'test'], split)

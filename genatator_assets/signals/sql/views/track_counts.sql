-- Tracks by organism and output type, as AlphaGenome's documentation counts them: those of junctions twice.
-- needs: tracks
select organism, output_type,
    count(*) * case when output_type = 'SPLICE_JUNCTIONS' then 2 else 1 end as total_tracks,
    count(*) as "rows", nullif(count(distinct biosample_name), 0) as unique_biosamples
from tracks
group by organism, output_type

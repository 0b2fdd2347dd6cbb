-- Tracks by organism and output type, as AlphaGenome's documentation counts them: those of junctions twice.
-- needs: tracks
-- columns: organism, output_type
--   total_tracks: tracks, those of junctions twice
--   rows: rows of the track table
--   unique_biosamples: how many different samples; null if none is named
select organism, output_type,
    count(*) * case when output_type = 'SPLICE_JUNCTIONS' then 2 else 1 end as total_tracks,
    count(*) as "rows", nullif(count(distinct biosample_name), 0) as unique_biosamples
from tracks
group by organism, output_type

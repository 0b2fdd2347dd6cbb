-- Runs of all tracks: a track has `value` on [start, end). Name a genome, track and chromosome: there are many files.
-- needs: glob_root, tracks/*/*/*.parquet
-- columns: genome, track_id, chrom, start, end, value
select url_decode(place.genome) as genome, url_decode(place.track_id) as track_id, url_decode(place.chrom) as chrom,
    start, "end", value
from (
    select start, "end", value, regexp_extract(
        filename, '/tracks/([^/]+)/([^/]+)/([^/]+)\.parquet$', ['genome', 'track_id', 'chrom']) as place
    from read_parquet(glob_root() || '/tracks/*/*/*.parquet', hive_partitioning = false, filename = true)
)

-- The runs of a track on [start, end) of a chromosome, cut to it; only the one file is read.
-- needs: glob_root, path_name, place, tracks/*/*/*.parquet
create or replace macro runs_of_track(genome, track_id, chrom, start := 0, "end" := null) as table
select greatest(r.start, spot.start) as start, least(r."end", spot."end") as "end", r.value
from read_parquet(glob_root() || '/tracks/' || path_name(genome) || '/' || path_name(track_id) || '/*.parquet',
        hive_partitioning = false, filename = true) r,
    (select place(genome, chrom, start, "end", true) as spot)
where r.start < spot."end" and r."end" > spot.start and r.filename in (
    select g.file from glob(
        glob_root() || '/tracks/' || path_name(genome) || '/' || path_name(track_id) || '/*.parquet') g,
        (select place(genome, chrom, start, "end", true) as named)
    where parse_filename(g.file) = path_name(named.chrom) || '.parquet'
)
order by r.start

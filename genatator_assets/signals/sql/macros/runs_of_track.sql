-- The runs of a track on [start, end) of a chromosome, cut to it; only the one file is read.
-- needs: glob_root, path_name, tracks/*/*/*.parquet
create or replace macro runs_of_track(genome, track_id, chrom, start := 0, "end" := 4_000_000_000) as table
select greatest(r.start, start) as start, least(r."end", "end") as "end", r.value
from read_parquet(glob_root() || '/tracks/' || path_name(genome) || '/' || path_name(track_id) || '/' || path_name(chrom)
    || '.parquet', hive_partitioning = false) r
where r.start < "end" and r."end" > start
order by r.start

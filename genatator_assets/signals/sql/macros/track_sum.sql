-- The sum of a track's values over [start, end) of a chromosome.
-- needs: runs_of_track
create or replace macro track_sum(genome, track_id, chrom, start, "end") as (
    select coalesce(sum(r.value::double * (r."end" - r.start)), 0) from runs_of_track(genome, track_id, chrom, start, "end") r
)

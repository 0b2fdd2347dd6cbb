-- The targets of [start, end) as runs, cut to it: a channel has `value` on each run and 0 where no run is.
-- needs: segments_of, place
create or replace macro target_runs(genome, chrom, start, "end") as table
select s.channel, greatest(s.start, spot.start) as start, least(s."end", spot."end") as "end", s.value
from segments_of(genome, chrom) s, (select place(genome, chrom, start, "end", true) as spot)
where s.start < spot."end" and s."end" > spot.start

-- The targets of [start, end) as runs, cut to it: a channel has `value` on each run and 0 where no run is.
-- needs: segments_of
create or replace macro target_runs(genome, chrom, start, "end") as table
select s.channel, greatest(s.start, start) as start, least(s."end", "end") as "end", s.value
from segments_of(genome, chrom) s
where s.start < "end" and s."end" > start

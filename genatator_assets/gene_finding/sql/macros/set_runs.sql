-- The channels of a set on [start, end) as runs, cut to it: a channel is 1 on each run and 0 where no run is.
-- needs: glob_root, path_name, place, channel_sets/*/*/*.parquet
create or replace macro set_runs(set_name, genome, chrom, start, "end") as table
select s.channel, greatest(s.start, spot.start) as start, least(s."end", spot."end") as "end", s.value
from read_parquet(glob_root() || '/channel_sets/' || set_name || '/' || path_name(genome) || '/*.parquet',
        hive_partitioning = false) s,
    (select place(genome, chrom, start, "end", true) as spot)
where s.chrom = spot.chrom and s.start < spot."end" and s."end" > spot.start

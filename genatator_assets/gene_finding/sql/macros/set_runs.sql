-- The channels of a set on [start, end) as runs, cut to it: a channel is 1 on each run and 0 where no run is.
-- needs: glob_root, path_name, channel_sets/*/*/*.parquet
create or replace macro set_runs(set_name, genome, chrom, start, "end") as table
select s.channel, greatest(s.start, start) as start, least(s."end", "end") as "end", s.value
from read_parquet(glob_root() || '/channel_sets/' || set_name || '/' || path_name(genome) || '/' || path_name(chrom)
    || '.parquet', hive_partitioning = false) s
where s.start < "end" and s."end" > start

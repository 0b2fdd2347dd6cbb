-- Channel sets as runs: a channel is `value` on [start, end) and 0 where no run is.
-- needs: glob_root, channel_sets/*/*/*.parquet
-- columns: genome, chrom, channel, start, end
--   set: structure, splice or coding
--   value: 1 on all bases of [start, end)
select string_split(filename, '/')[-3] as set, genome, chrom, channel, start, "end", value
from read_parquet(glob_root() || '/channel_sets/*/*/*.parquet', hive_partitioning = false, filename = true)

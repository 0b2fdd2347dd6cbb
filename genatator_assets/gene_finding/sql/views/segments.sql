-- Targets as runs: a channel has `value` on [start, end) and 0 where no run is.
-- needs: glob_root, targets/*/*.parquet
-- columns: genome, chrom, channel, start, end
--   value: the target on all bases of [start, end), above 0 to 1
select * from read_parquet(glob_root() || '/targets/*/*.parquet', hive_partitioning = false)

-- A row per channel of a set and chromosome: how much of it the channel covers.
-- needs: glob_root, dataset/statistics/channel_sets.parquet
-- columns: channel, genome, chrom, split
--   set: structure, splice or coding
--   isoforms: of which isoforms it is: all or representative
--   length: bases of the chromosome
--   bases: bases where the channel is 1
--   runs: how many runs these are
select * from read_parquet(glob_root() || '/dataset/statistics/channel_sets.parquet', hive_partitioning = false)

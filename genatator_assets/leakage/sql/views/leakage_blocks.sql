-- A row per block of the judged splits: the share of its judged windows, and of its genes, that are leaked.
-- needs: glob_root, leakage/blocks.parquet
-- columns: genome, chrom, start, end, split
--   judged_windows: how many of its windows are judged
--   leakage: share, 0 to 1, of these with a score of 0.5 or more; null where there are none
--   leakage_genes: share, 0 to 1, of its genes that are leaked; null where there are none
select * from read_parquet(glob_root() || '/leakage/blocks.parquet', hive_partitioning = false)

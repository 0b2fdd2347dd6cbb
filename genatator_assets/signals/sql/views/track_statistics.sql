-- A row per track and chromosome: bases with a value, sums, extremes, and the histogram of values.
-- needs: glob_root, dataset/statistics/tracks.parquet
-- columns: genome, track_id, chrom, split, covered, zeros, negative, minimum, maximum
--   length: bases of the chromosome
--   runs: how many runs of equal values
--   sum: sum of the values of all bases
--   sum_of_squares: sum of their squares
--   histogram: values, to 8 significant bits, and how many bases have each
select * from read_parquet(glob_root() || '/dataset/statistics/tracks.parquet', hive_partitioning = false)

-- A row per block: typed metadata, composition, target sums, and where the file is.
-- needs: glob_root, dataset/blocks.parquet
-- columns: genome, species, split, chrom, start, end, A, C, G, T, N, path, bytes, sha256
--   chrom_length: bases of the chromosome
--   dna_sha256: SHA-256 of the letters of dna_sequence
--   target_sum: for each channel, the sum over all bases, in float64
--   target_max: for each channel, the greatest value
--   target_positive: for each channel, the number of bases above 0
select * from read_parquet(glob_root() || '/dataset/blocks.parquet', hive_partitioning = false)

-- A row per window of the judged splits: the share of its k-mers that occur in train, and in which genome most do.
-- needs: glob_root, leakage/windows.parquet
-- columns: genome, chrom, start, end, split, judged, score, best_genome
--   sampled: how many of its k-mers are sampled
--   score_same_genome: the same, in the same genome
--   score_same_species: the same, in other genomes of the species
--   score_other: the same, in other species
select * from read_parquet(glob_root() || '/leakage/windows.parquet', hive_partitioning = false)

-- The runs of one chromosome, from its one file: far faster than the view `segments` when there are many files.
-- needs: glob_root, path_name, targets/*/*.parquet
create or replace macro segments_of(genome, chrom) as table
select * from read_parquet(
    glob_root() || '/targets/' || path_name(genome) || '/' || path_name(chrom) || '.parquet', hive_partitioning = false)

-- The runs of one chromosome, from its one file: far faster than the view `segments` when there are many files.
-- needs: glob_root, path_name, place, targets/*/*.parquet
create or replace macro segments_of(genome, chrom) as table
select s.* exclude (filename) from read_parquet(
    glob_root() || '/targets/' || path_name(genome) || '/*.parquet', hive_partitioning = false, filename = true) s
where s.filename in (
    select g.file from glob(glob_root() || '/targets/' || path_name(genome) || '/*.parquet') g,
        (select place(genome, chrom, 0, null, true) as spot)
    where parse_filename(g.file) = path_name(spot.chrom) || '.parquet'
)

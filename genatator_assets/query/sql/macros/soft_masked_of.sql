-- Where a chromosome's letters are in lower case in its FASTA file (repeats, mostly): a row per run, 0-based half-open.
-- needs: glob_root, path_name, place, assemblies/*/soft_masked.parquet
create or replace macro soft_masked_of(genome, chrom) as table
select m.start, m."end" from read_parquet(
    glob_root() || '/assemblies/' || path_name(genome) || '/soft_masked.parquet', hive_partitioning = false) m,
    (select place(genome, chrom) as spot)
where m.chrom = spot.chrom
order by m.start

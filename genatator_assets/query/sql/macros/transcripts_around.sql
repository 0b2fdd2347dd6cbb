-- All transcripts that overlap [start, end) of a chromosome, selected or with the reason why not.
-- needs: glob_root, path_name, annotation/*/transcripts.parquet
create or replace macro transcripts_around(genome, chrom, start, "end") as table
select t.* from read_parquet(
    glob_root() || '/annotation/' || path_name(genome) || '/transcripts.parquet', hive_partitioning = false) t
where t.chrom = chrom and t.start < "end" and t."end" > start
order by t.start, t."end", t.source_line

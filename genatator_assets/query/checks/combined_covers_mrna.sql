-- At no base is a combined channel below its mRNA-only channel, in a sample of blocks that is drawn by their hashes and
-- ends with the block that reaches 20,000,000 bases. Both are constant between their runs' ends, so it is enough to look
-- at every end of a run.
set variable sampled_blocks = (
    select list({genome: genome, chrom: chrom, start: start, "end": "end", file: file}) from (
        select *, root() || '/targets/' || path_name(genome) || '/' || path_name(chrom) || '.parquet' as file,
            sum("end" - start) over (order by md5(sha256), path) - ("end" - start) as nt_before
        from blocks
    ) where nt_before < 20_000_000 and file in (select file from glob(glob_root() || '/targets/*/*.parquet'))
);
set variable sampled_targets = (
    select list(distinct glob_root() || substr(file, length(root()) + 1)) from (select unnest(getvariable('sampled_blocks'), recursive := true))
);
with sampled as (
    select unnest(getvariable('sampled_blocks'), recursive := true)
), runs as (
    select s.genome, s.chrom, greatest(s.start, b.start) as start, least(s."end", b."end") as "end", s.value,
        c."group", c.kind, c.strand
    from read_parquet(getvariable('sampled_targets'), hive_partitioning = false) s
    join sampled b on s.genome = b.genome and s.chrom = b.chrom and s.start < b."end" and s."end" > b.start
    join channels c on c.name = s.channel
), edges as (
    select distinct genome, chrom, kind, strand, unnest([start, "end"]) as position from runs
), mrna as (select * from runs where "group" = 'mrna'), combined as (select * from runs where "group" = 'combined')
select e.genome, e.chrom, e.kind, e.strand, e.position, m.value as mrna_value, c.value as combined_value
from edges e
asof join mrna m on e.genome = m.genome and e.chrom = m.chrom and e.kind = m.kind and e.strand = m.strand
    and e.position >= m.start
asof left join combined c on e.genome = c.genome and e.chrom = c.chrom and e.kind = c.kind and e.strand = c.strand
    and e.position >= c.start
where e.position < m."end" and (c.value is null or c."end" <= e.position or c.value < m.value)
order by e.genome, e.chrom, e.kind, e.strand, e.position

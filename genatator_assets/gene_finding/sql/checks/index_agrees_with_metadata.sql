-- The index says of each block what the file's own metadata says.
with stored as (
    select file, metadata ->> 'genome' as genome, metadata ->> 'split' as split, metadata ->> 'chrom' as chrom,
        (metadata ->> 'start')::bigint as start, (metadata ->> 'end')::bigint as "end",
        (metadata ->> 'chrom_length')::bigint as chrom_length
    from stored_blocks
), indexed as (
    select root() || '/' || path as file, genome, split, chrom, start, "end", chrom_length from blocks
)
select file, i.genome, i.chrom, i.start, s.genome as stored_genome, s.chrom as stored_chrom, s.start as stored_start
from indexed i join stored s using (file)
where (i.genome, i.split, i.chrom, i.start, i."end", i.chrom_length)
    is distinct from (s.genome, s.split, s.chrom, s.start, s."end", s.chrom_length)
order by file

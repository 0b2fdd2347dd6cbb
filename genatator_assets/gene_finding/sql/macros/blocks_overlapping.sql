-- The blocks that overlap [start, end) of a chromosome.
-- needs: blocks
create or replace macro blocks_overlapping(genome, chrom, start, "end") as table
select b.* from blocks b
where b.genome = genome and b.chrom = chrom and b.start < "end" and b."end" > start
order by b.start

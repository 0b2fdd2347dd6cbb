-- The blocks that overlap [start, end) of a chromosome.
-- needs: blocks, place
create or replace macro blocks_overlapping(genome, chrom, start, "end") as table
select b.* from blocks b, (select place(genome, chrom, start, "end", true) as spot)
where b.genome = genome and b.chrom = spot.chrom and b.start < spot."end" and b."end" > spot.start
order by b.start

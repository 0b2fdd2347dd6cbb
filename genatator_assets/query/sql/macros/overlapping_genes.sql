-- The genes that overlap [start, end) of a chromosome.
-- needs: genes, place
create or replace macro overlapping_genes(genome, chrom, start, "end") as table
select g.* from genes g, (select place(genome, chrom, start, "end") as spot)
where g.genome = genome and g.chrom = spot.chrom and g.start < spot."end" and g."end" > spot.start
order by g.start, g."end", g.gene_id

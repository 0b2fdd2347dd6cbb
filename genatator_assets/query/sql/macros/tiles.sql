-- All included chromosomes cut into pieces of `bp` bases, the last one of each shorter: from tiles(100_000).
-- needs: chromosomes
create or replace macro tiles(bp) as table
select c.genome, c.species, c.split, c.chrom, unnest(range(0, c.length, bp)) as start,
    least(unnest(range(0, c.length, bp)) + bp, c.length) as "end"
from chromosomes c where c.included

-- No chromosome has blocks in two splits, and each is in the split of the catalogue.
select b.genome, b.chrom, list(distinct b.split) as splits, any_value(c.split) as catalogue_split
from blocks b left join chromosomes c on c.genome = b.genome and c.chrom = b.chrom
group by b.genome, b.chrom
having count(distinct b.split) > 1 or bool_or(b.split is distinct from c.split)
order by b.genome, b.chrom

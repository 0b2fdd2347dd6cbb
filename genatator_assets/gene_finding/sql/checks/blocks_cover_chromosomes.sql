-- The first block of a chromosome starts at 0, the last ends at its length, and all state the same length.
select b.genome, b.chrom, min(b.start) as first_start, max(b."end") as last_end,
    min(b.chrom_length) as least_stated_length, max(b.chrom_length) as greatest_stated_length,
    any_value(c.length) as chrom_length
from blocks b left join chromosomes c on c.genome = b.genome and c.chrom = b.chrom
group by b.genome, b.chrom
having first_start <> 0 or last_end <> least_stated_length or least_stated_length <> greatest_stated_length
    or least_stated_length is distinct from chrom_length
order by b.genome, b.chrom

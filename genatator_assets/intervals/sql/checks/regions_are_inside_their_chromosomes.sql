-- Every region that is kept has a base on its chromosome, which is included and in the region's split.
select r."set", r.genome, r.chrom, r."start", r."end", c.length, c.included
from regions r left join chromosomes c on c.genome = r.genome and c.chrom = r.chrom
where r.kept and (c.length is null or not c.included or r."start" >= c.length or r."start" < 0)
order by all

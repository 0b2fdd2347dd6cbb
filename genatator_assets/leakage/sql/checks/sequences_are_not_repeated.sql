-- No chromosome's sequence is in two splits, letter for letter.
select sha256, list(distinct split order by split) as splits,
    list(genome || '/' || chrom order by genome, chrom)[:5] as chromosomes
from chromosomes
where split is not null and sha256 is not null
group by sha256
having count(distinct split) > 1
order by chromosomes

-- No DNA is in two splits: blocks of equal sequence are all in one split. Blocks of nothing but N are passed over.
-- advisory
select dna_sha256, list(distinct split order by split) as splits, count(*) as blocks,
    list(path order by path)[:5] as first_paths
from blocks
where A + C + G + T > 0
group by dna_sha256
having count(distinct split) > 1 or dna_sha256 is null
order by first_paths

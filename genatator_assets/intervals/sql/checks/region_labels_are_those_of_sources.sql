-- The labels of each region are those of the sources of its intervals.
select r."set", r.genome, r.chrom, r."start", r.labels, list_sort(list_distinct(list(s.label_column))) as expected
from (select *, unnest(sources) as source from regions) r
join interval_sources s on s."set" = r."set" and s.source = r.source
group by r."set", r.genome, r.chrom, r."start", r.strand, r.kept, r.reason, r.labels
having r.labels <> list_sort(list_distinct(list(s.label_column)))
order by all

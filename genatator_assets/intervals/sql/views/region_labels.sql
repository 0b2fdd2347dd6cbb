-- A row per region that is kept and label that it has.
-- needs: regions, interval_sources
-- columns: set, genome, chrom, start, end, strand, split, place, label, label_column
select r."set", r.genome, r.chrom, r."start", r."end", r.strand, r.split, r.place, l.label, l.label_column
from (select * exclude labels, unnest(labels) as label_column from regions where kept) r
join (select distinct "set", label, label_column from interval_sources) l
    on l."set" = r."set" and l.label_column = r.label_column

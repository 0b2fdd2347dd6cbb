-- Every row of every source was passed over, lies outside of its chromosome, or is in exactly one region.
select s."set", s.name, s.rows, coalesce(passed.rows, 0) as passed_over, s.outside, coalesce(used.rows, 0) as in_regions
from interval_sources s
left join (select "set", source, sum(one.rows) as rows from (select "set", source, unnest(passed_over) as one
           from interval_sources) group by all) passed on passed."set" = s."set" and passed.source = s.source
left join (select "set", source, sum(n) as rows from (select "set", unnest(sources) as source, unnest(rows) as n
           from regions) group by all) used on used."set" = s."set" and used.source = s.source
where s.rows <> coalesce(passed.rows, 0) + s.outside + coalesce(used.rows, 0)
order by all

-- How many cells there are at each age by split, in steps of `years`: from age_histogram(years := 10).
-- needs: cells
create or replace macro age_histogram(years := 1) as table
select split, floor(age / years) * years as age, count(*) as cells, count(distinct donor) as donors
from cells
where age is not null
group by all
order by all

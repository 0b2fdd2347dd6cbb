-- No donor of a collection has cells in two splits, in the table of donors or in the chunks.
select d.scope, d.unit, list_sort(list(distinct c.split)) as splits, list_sort(list(distinct c.dataset)) as datasets
from cells c
join donors d on d.dataset = c.dataset and d.unit = case d.kind when 'donor' then c.donor else c.cell_id end
group by d.scope, d.kind, d.unit
having count(distinct c.split) > 1 or count(distinct d.split) > 1 or bool_or(c.split <> d.split)
order by all

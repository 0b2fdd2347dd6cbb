-- What stands in more than one split: donors of a scope, cells by their observation_joinid, and sentences of 200 genes
-- or more that are equal.
-- needs: cells, donors
create or replace macro leaks() as table
with told as (
    select dataset, split, cell_id, cell_sentence, n_genes, observation_joinid as joinid
    from (
        from cells union all by name
        -- not every dataset has the column
        select null::varchar as observation_joinid where false
    )
)
select 'donor' as what, scope || ': ' || unit as name, list_sort(list(distinct split)) as splits,
    list_sort(list(distinct dataset::varchar)) as datasets, sum(cells)::bigint as cells
from donors
group by scope, kind, unit
having count(distinct split) > 1
union all
select 'observation_joinid', joinid, list_sort(list(distinct split)), list_sort(list(distinct dataset)), count(*)
from told
where joinid is not null
group by joinid
having count(distinct split) > 1
union all
select 'sentence', any_value(cell_id), list_sort(list(distinct split)), list_sort(list(distinct dataset)), count(*)
from told
where n_genes >= 200
group by hash(cell_sentence), n_genes
having count(distinct split) > 1
order by all

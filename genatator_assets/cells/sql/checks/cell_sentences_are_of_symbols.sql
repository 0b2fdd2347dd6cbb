-- Of some two thousand cells of each dataset: sentences have no symbol twice, none that is an Ensembl id or is not in the
-- vocabulary, and as many as n_genes says unless they were cut.
with sampled as (
    select c.dataset, cell_id, n_genes, string_split(cell_sentence, ' ') as symbols
    from cells c
    join (select dataset, sum(cells) as total from cell_chunks group by dataset) t using (dataset)
    where hash(cell_id) % greatest(1, (total / 2000)::bigint) = 0
),
longest as (select dataset, max(len(symbols)) as most from sampled group by dataset)
select dataset, cell_id, case
    when len(symbols) <> len(list_distinct(symbols)) then 'a symbol twice'
    when len(symbols) <> n_genes and len(symbols) < most then 'n_genes is another'
    when len(symbols) > n_genes then 'more symbols than n_genes'
    else 'no symbol: ' || strange end as fault
from sampled
join longest using (dataset)
left join (
    select dataset, cell_id, any_value(symbol) as strange
    from (select dataset, cell_id, unnest(symbols) as symbol from sampled)
    where symbol not in (select symbol from cell_vocabulary)
        or regexp_full_match(symbol, 'ENS[A-Z]*[GTPE]\d{6,}(\.\d+)?')
    group by all
) using (dataset, cell_id)
where len(symbols) <> len(list_distinct(symbols)) or len(symbols) > n_genes
    or (len(symbols) <> n_genes and len(symbols) < most) or strange is not null
order by all

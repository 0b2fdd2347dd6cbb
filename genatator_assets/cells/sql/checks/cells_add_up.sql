-- Each cell of a file is kept, or left out for a reason; what is kept is what the chunks hold.
select dataset, cells, kept, dropped, in_chunks
from cell_datasets
left join (select dataset, sum(cells)::bigint as in_chunks from cell_chunks group by dataset) using (dataset)
where status = 'built' and (kept + dropped <> cells or kept <> coalesce(in_chunks, 0))
order by dataset

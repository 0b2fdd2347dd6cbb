-- A track of the + strand has its partner on the - strand, and the reverse.
select genome, output_type, name, list(strand order by strand) as strands
from tracks
where strand in ('+', '-')
group by genome, output_type, name
having count(distinct strand) <> 2
order by all

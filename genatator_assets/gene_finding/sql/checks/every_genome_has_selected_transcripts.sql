-- Every genome has at least one selected transcript; none at all means that its annotation was misread.
select genome, count(*) as transcripts, list(distinct biotype) as biotypes
from transcripts group by genome
having not bool_or(selected)
order by genome

-- How many transcripts of each assembly are selected, and why the others are not.
select genome, reason, type, count(*) as transcripts
from transcripts group by genome, reason, type
order by genome, reason <> 'selected', transcripts desc, reason, type

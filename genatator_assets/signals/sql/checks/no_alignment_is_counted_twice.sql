-- Alignments counted and passed over are together no more than the file's index counts.
select genome, recording, sum(count) filter (reason <> 'in_file') as found,
    sum(count) filter (reason = 'in_file') as in_file
from track_passed_over
group by genome, recording
having found > in_file
order by all

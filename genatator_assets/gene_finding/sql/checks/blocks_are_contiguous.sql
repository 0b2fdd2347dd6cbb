-- Between consecutive blocks of a chromosome there is neither a gap nor an overlap.
select genome, chrom, start, previous_end
from (
    select *, lag("end") over (partition by genome, chrom order by start, "end") as previous_end from blocks
)
where start <> previous_end
order by genome, chrom, start

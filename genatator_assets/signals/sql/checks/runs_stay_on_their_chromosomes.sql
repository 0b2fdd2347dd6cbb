-- No run of a track ends past its chromosome's end, and none is empty.
select s.genome, s.track_id, s.chrom, s.length, r.furthest
from track_statistics s
join (
    select genome, track_id, chrom, max("end") as furthest, min("end" - start) as shortest
    from track_runs group by genome, track_id, chrom
) r using (genome, track_id, chrom)
where r.furthest > s.length or r.shortest < 1
order by all

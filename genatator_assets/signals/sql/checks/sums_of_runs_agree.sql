-- The runs that are stored have the sums that were counted when they were written.
select s.genome, s.track_id, s.chrom, s.sum, r.sum as sum_of_runs, s.covered, r.covered as covered_by_runs
from track_statistics s
left join (
    select genome, track_id, chrom, sum(value::double * ("end" - start)) as sum, sum("end" - start) as covered
    from track_runs group by genome, track_id, chrom
) r using (genome, track_id, chrom)
where coalesce(r.covered, 0) <> s.covered or abs(coalesce(r.sum, 0) - s.sum) > 1e-6 * greatest(1, abs(s.sum))
order by all

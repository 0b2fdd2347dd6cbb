-- A row per track: what its values are like over all chromosomes; `nonzero_mean` is the mean of bases that are not 0.
-- needs: track_statistics
-- columns: genome, track_id, covered, zeros, negative, minimum, maximum
--   bases: bases in all
--   mean_covered: mean of the bases that have a value
--   mean_all: mean of all bases, the others being 0
--   nonzero_mean: mean of the bases that are not 0
select genome, track_id, sum(length)::bigint as bases, sum(covered)::bigint as covered, sum(zeros)::bigint as zeros,
    sum(negative)::bigint as negative, min(minimum) as minimum, max(maximum) as maximum,
    sum(sum) / nullif(sum(covered), 0) as mean_covered, sum(sum) / sum(length) as mean_all,
    sum(sum) / nullif(sum(covered) - sum(zeros), 0) as nonzero_mean
from track_statistics
group by genome, track_id

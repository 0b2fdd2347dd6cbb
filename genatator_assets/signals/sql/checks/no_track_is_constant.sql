-- No track has the same value everywhere, or none at all.
select genome, track_id, minimum, maximum, covered, bases
from track_profiles
where covered = 0 or (covered = bases and minimum = maximum)
order by all

-- A row per block and channel: the sum and the greatest value of the targets, and how many bases are above 0.
-- needs: blocks, channels
select genome, species, split, chrom, start, "end", c.channel, c.name as target,
    target_sum[c.channel + 1] as target_sum, target_max[c.channel + 1] as target_max,
    target_positive[c.channel + 1] as target_positive
from blocks cross join channels c

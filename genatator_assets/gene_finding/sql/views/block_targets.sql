-- A row per block and channel: the sum and the greatest value of the targets, and how many bases are above 0.
-- needs: blocks, channels
-- columns: genome, species, split, chrom, start, end, channel_index, channel, target_max
--   target_sum: sum of the channel over the block's bases
--   target_positive: number of the block's bases whose target is above 0
select genome, species, split, chrom, start, "end", c.channel_index, c.channel,
    target_sum[c.channel_index + 1] as target_sum, target_max[c.channel_index + 1] as target_max,
    target_positive[c.channel_index + 1] as target_positive
from blocks cross join channels c

-- Sum, greatest value and density (sum per nucleotide) of each channel in each split; its bases above 0 and their share,
-- which is what guessing scores by the area under the precision-recall curve.
with one_row_a_channel as (
    select b.split, c.channel_index as channel, c.channel as target, b."end" - b.start as nt,
        b.target_sum[c.channel_index + 1] as block_sum, b.target_max[c.channel_index + 1] as block_max,
        b.target_positive[c.channel_index + 1] as block_positive
    from blocks b cross join channels c
)
select split, channel, target, sum(block_sum) as target_sum, max(block_max) as target_max,
    sum(block_sum) / sum(nt) as density, sum(block_positive)::bigint as target_positive,
    sum(block_positive) / sum(nt) as positive_share
from one_row_a_channel group by split, channel, target
order by list_position(['train', 'validation', 'test'], split), channel

-- Every block states twelve channels, in the contract's order.
select file, metadata -> '$.target_shape[1]' as channels, metadata -> '$.target_names' as target_names
from stored_blocks
where (metadata -> '$.target_shape[1]')::varchar is distinct from '12'
    or (metadata -> '$.target_names')::varchar[] is distinct from (select list(channel order by channel_index) from channels)
    or (metadata -> '$.target_shape[0]')::varchar is distinct from (metadata -> '$.sequence_length')::varchar
order by file

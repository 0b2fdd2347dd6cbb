-- No block is empty or longer than the block size that its metadata states, nor than 10,000,000.
select file, (metadata ->> 'start')::bigint as start, (metadata ->> 'end')::bigint as "end",
    (metadata ->> 'block_size_bp')::bigint as block_size_bp
from stored_blocks
where not coalesce("end" > start and "end" - start <= block_size_bp and block_size_bp <= 10_000_000, false)
order by file

-- The metadata of every block is a JSON object with exactly the contract's keys, in its order and of its types.
select file, structure
from (select file, if(json_valid(metadata), json_structure(metadata)::varchar, metadata) as structure from stored_blocks)
where structure is distinct from '{"genome":"VARCHAR","split":"VARCHAR","chrom":"VARCHAR","start":"UBIGINT",'
    '"end":"UBIGINT","chrom_length":"UBIGINT","sequence_length":"UBIGINT","target_shape":["UBIGINT"],'
    '"target_names":["VARCHAR"],"block_size_bp":"UBIGINT"}'
order by file

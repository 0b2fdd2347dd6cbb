-- In every block: length of DNA = rows of targets x 12 / 12 = sequence_length = end - start.
with footers as (
    select file_name as file, num_values as target_values from parquet_metadata(glob_root() || '/blocks/**/*.parquet')
    where path_in_schema like 'targets,%' or path_in_schema like 'targets.%'
), stored as (
    select file, length(dna_sequence) as dna_length,
        (metadata ->> 'sequence_length')::bigint as sequence_length,
        (metadata ->> 'end')::bigint - (metadata ->> 'start')::bigint as interval_length
    from stored_blocks
)
select file, dna_length, target_values, sequence_length, interval_length
from stored left join footers using (file)
where target_values is distinct from 12 * dna_length or sequence_length is distinct from dna_length
    or interval_length is distinct from dna_length
order by file

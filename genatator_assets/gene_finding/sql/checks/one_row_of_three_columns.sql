-- Every block file holds one row of exactly the contract's columns: dna_sequence, targets (float32) and metadata.
with columns as (
    select file_name, list(split_part(path_in_schema, ',', 1) || ' ' || type order by row_group_id, column_id) as columns
    from parquet_metadata(glob_root() || '/blocks/**/*.parquet') group by file_name
)
select file_name as file, num_rows as rows, columns
from parquet_file_metadata(glob_root() || '/blocks/**/*.parquet') left join columns using (file_name)
where num_rows <> 1
    or columns is distinct from ['dna_sequence BYTE_ARRAY', 'targets FLOAT', 'metadata BYTE_ARRAY']
order by file

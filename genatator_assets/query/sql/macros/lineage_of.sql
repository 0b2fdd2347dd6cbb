-- What the files of a pattern (relative to the root) say that they were made from: a row per file and input.
-- needs: root, glob_root, input_files
create or replace macro lineage_of(files) as table
with said as (
    select file_name,
        max(decode(value)) filter (decode(key) = 'genatator_assets.format_version') as format_version,
        max(decode(value)) filter (decode(key) = 'genatator_assets.step') as step,
        max(decode(value)) filter (decode(key) = 'genatator_assets.inputs') as inputs,
        max(decode(value)) filter (decode(key) = 'genatator_assets.parameters') as parameters
    from parquet_kv_metadata(glob_root() || '/' || files)
    where starts_with(decode(key), 'genatator_assets.')
    group by file_name
)
select if(starts_with(said.file_name, root() || '/'), substr(said.file_name, length(root()) + 2), said.file_name) as file,
    input.key as input, input.value ->> '$' as sha256,
    (select min(coalesce(f.url, f.path)) from input_files f where f.sha256 = input.value ->> '$') as read_from,
    said.step, said.format_version, said.parameters
from said, json_each(said.inputs) input
order by file, input

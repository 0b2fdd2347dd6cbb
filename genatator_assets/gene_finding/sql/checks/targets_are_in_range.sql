-- Targets lie in [0, 1]: by the statistics in the files' own footers, which also have the index's greatest value.
with footers as (
    select file_name as file, stats_min_value::float::double as least, stats_max_value::float::double as greatest,
        stats_null_count as nulls
    from parquet_metadata(glob_root() || '/blocks/**/*.parquet')
    where path_in_schema like 'targets,%' or path_in_schema like 'targets.%'
), index_says as (
    select root() || '/' || path as file, list_max(target_max)::double as index_greatest from blocks
)
select file, least, greatest, nulls, index_greatest
from index_says join footers using (file)
where least is null or greatest is null or not (least >= 0 and greatest <= 1) or nulls > 0
    or greatest is distinct from index_greatest
order by file

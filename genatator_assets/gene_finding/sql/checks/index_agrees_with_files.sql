-- The index lists each block file once, with its size, and among the blocks lies no other file (in an object store, no
-- other Parquet file: there, patterns find folders too).
select coalesce(i.file, f.file) as file,
    case when f.file is null then 'the file is missing: build again'
        when i.file is null then 'not in the index: if a build leaves it so, delete the file'
        when listed > 1 then 'listed more than once'
        else 'the sizes differ: delete the file and build again' end as fault,
    i.bytes as index_bytes, f.bytes as file_bytes
from (select root() || '/' || path as file, any_value(bytes) as bytes, count(*) as listed from blocks group by all) i
full join (
    select filename as file, size as bytes
    from read_blob(glob_root() || if(contains(root(), '://'), '/blocks/**/*.parquet', '/blocks/**'))
    where parse_filename(filename) not in ('manifest.json', 'manifest.made')
) f using (file)
where i.file is null or f.file is null or listed > 1 or i.bytes <> f.bytes
order by file

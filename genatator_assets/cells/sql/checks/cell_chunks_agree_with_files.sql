-- The index lists each chunk once, with its size, and no other chunk lies in the folder of a dataset.
select coalesce(i.file, f.file) as file, i.bytes as index_bytes, f.bytes as file_bytes,
    case when f.file is null then 'the file is missing: build again'
        when i.file is null then 'not in the index: if a build leaves it so, delete the file'
        when listed > 1 then 'listed more than once'
        else 'the sizes differ: delete the file and build again' end as fault
from (select root() || '/' || path as file, any_value(bytes) as bytes, count(*) as listed from cell_chunks group by all) i
full join (select filename as file, size as bytes from read_blob(glob_root() || '/cells/*/**/chunk_*.parquet')) f
    using (file)
where i.file is null or f.file is null or listed > 1 or i.bytes <> f.bytes
order by file

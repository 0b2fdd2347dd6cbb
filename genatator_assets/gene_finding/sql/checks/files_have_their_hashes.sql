-- Every block file is byte for byte the one that the index knows: a changed target, even a single NaN, is found so.
select filename as file, i.sha256 as index_sha256, sha256(f.content) as file_sha256
from read_blob(glob_root() || '/blocks/**/*.parquet') f
join blocks i on f.filename = root() || '/' || i.path
where file_sha256 is distinct from index_sha256
order by file

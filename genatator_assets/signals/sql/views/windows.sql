-- A row per window of all window sets: where it is, and its split; [start, end) has the flanks.
-- needs: glob_root, windows/*/windows.parquet
select url_decode(regexp_extract(filename, '/windows/([^/]+)/windows\.parquet$', 1)) as "set",
    "index", genome, chrom, start, "end", strand, split
from read_parquet(glob_root() || '/windows/*/windows.parquet', hive_partitioning = false, filename = true)

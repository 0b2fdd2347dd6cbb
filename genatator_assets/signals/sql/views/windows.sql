-- A row per window of all window sets: where it is, and its split; [start, end) has the flanks.
-- needs: glob_root, windows/*/windows.parquet
-- columns: set, genome, chrom, strand, split
--   index: the place in the set, counted from 0
--   start: 0-based, the first base of the left flank; may be below 0
--   end: 0-based, behind the right flank; may be past the end
select url_decode(regexp_extract(filename, '/windows/([^/]+)/windows\.parquet$', 1)) as "set",
    "index", genome, chrom, start, "end", strand, split
from read_parquet(glob_root() || '/windows/*/windows.parquet', hive_partitioning = false, filename = true)

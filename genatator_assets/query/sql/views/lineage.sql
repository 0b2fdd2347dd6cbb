-- What every Parquet file says that it was made from: a row per file and input, with where the input was read from.
-- needs: lineage_of
-- columns: file
--   input: what the file was made from, such as sequence or annotation
--   sha256: SHA-256 of that
--   read_from: where that was fetched or read; null where it is no input file
--   step: the step that wrote the file, and its number
--   format_version: version of the format
--   parameters: JSON: everything else that decides the content
from lineage_of('[!.]*/**/*.parquet')

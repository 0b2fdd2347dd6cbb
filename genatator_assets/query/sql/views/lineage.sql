-- What every Parquet file says that it was made from: a row per file and input, with where the input was read from.
-- needs: lineage_of
from lineage_of('[!.]*/**/*.parquet')

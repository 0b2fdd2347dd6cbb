"""Cell sentences: h5ad files become Parquet chunks of cells as ranked gene symbols, with ages, donors and publications."""

"""Cell sentences: the cells of h5ad files as ranked gene symbols, with ages, donors and publications, in Parquet."""

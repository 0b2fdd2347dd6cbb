-- A row per cell of all datasets that are built: its sentence, age, donor and split, and all columns of obs.
-- needs: glob_root, cell_chunks, cells/*/**/chunk_*.parquet
-- columns: dataset, age, donor, split, dataset_id, dataset_version_id, collection_id, publication_title
-- columns: publication_doi, publication_description, publication_contact_name, publication_contact_email
--   cell_id: the cell's id in its file
--   cell_sentence: symbols of its expressed genes, the most expressed first, with spaces between
--   n_genes: how many genes with a symbol it expresses
--   age_months: age in months; null where it is not known
--   age_low: the least age in years that the stage can mean
--   age_high: the greatest age in years that the stage can mean
--   age_reason: how its age was found, or why there is none
--   *: a column of obs of the h5ad file
select regexp_extract(filename, '/cells/([^/]+)/', 1) as dataset, * exclude (filename)
from read_parquet(glob_root() || '/cells/*/**/chunk_*.parquet', union_by_name = true, filename = true,
    hive_partitioning = false)
where regexp_extract(filename, '/cells/([^/]+)/', 1) in (select dataset from cell_chunks)

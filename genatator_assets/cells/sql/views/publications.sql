-- A row per dataset of CELLxGENE Discover's collections, as far as the catalogue names a table of them.
-- needs: glob_root, cells/publications.parquet
-- columns: dataset_id, dataset_version_id, collection_id, publication_title, publication_doi
-- columns: publication_description, publication_contact_name, publication_contact_email
select * from read_parquet(glob_root() || '/cells/publications.parquet', hive_partitioning = false)

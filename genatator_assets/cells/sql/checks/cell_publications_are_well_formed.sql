-- DOIs are bare (10.x/...), and what is not known is null, not the text "nan" or "".
select dataset, dataset_id, collection_id, publication_doi
from (select distinct dataset, dataset_id, collection_id, publication_doi, publication_title, donor from cells)
where not regexp_full_match(coalesce(publication_doi, '10.1000/x'), '10\.\d{4,9}/\S+')
    or list_contains(['nan', ''], coalesce(dataset_id, collection_id, publication_title, 'x'))
    or lower(donor) in ('', 'nan', 'unknown', 'na', 'pooled')
order by all

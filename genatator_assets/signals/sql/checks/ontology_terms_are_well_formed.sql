-- Ontology terms are written as CURIEs, such as UBERON:0002107.
select genome, track_id, ontology_curie
from tracks
where ontology_curie is not null and not regexp_full_match(ontology_curie, '[A-Za-z][A-Za-z0-9_]*:[A-Za-z0-9_.-]+')
order by all

-- The tracks of an ontology term and of all terms below it, as far as the ontology of the catalogue goes.
-- needs: tracks, terms
create or replace macro tracks_under(term) as table
select t.* from tracks t left join terms o using (ontology_curie)
where t.ontology_curie = term or list_contains(o.ancestors, term)

-- The tracks of an ontology term, and of no other: not of those below it.
-- needs: tracks
create or replace macro tracks_of(term) as table
select t.* from tracks t where t.ontology_curie = term

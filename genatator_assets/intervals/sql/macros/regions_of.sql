-- The regions that have a label, of all sets.
-- needs: region_labels
create or replace macro regions_of(wanted) as table
select * from region_labels where label = wanted::varchar

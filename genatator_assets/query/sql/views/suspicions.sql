-- A row for each thing that looks wrong with an annotation although it can be read.
-- needs: glob_root, annotation/*/summary.json
-- columns: genome
--   kind: what kind of thing looks wrong
--   told: the same in words, with numbers
with summaries as (
    select json from read_json_objects(glob_root() || '/annotation/*/summary.json', format = 'unstructured')
), told as (
    select json ->> 'genome' as genome, unnest(json_extract(json, '$.suspicions[*]')) as suspicion from summaries
)
select genome, suspicion ->> 'kind' as kind, suspicion ->> 'told' as told from told
order by genome, kind, told

-- A row per input file of each assembly: where it was read from, where it was fetched from if it was, and its hash then.
-- needs: glob_root, assemblies/*/source.json
-- columns: genome
--   input: sequence, annotation or aliases
--   sha256: SHA-256 of the file as it was given
--   url: where it was fetched; null if it was not
--   path: the file that was read, on the machine that read it
with sources as (
    select json from read_json_objects(glob_root() || '/assemblies/*/source.json', format = 'unstructured')
)
select json ->> 'genome' as genome, input, json ->> (input || '_sha256') as sha256, json ->> (input || '_url') as url,
    json ->> (input || '_path') as path
from sources, (values ('sequence'), ('annotation'), ('aliases')) kinds(input)
where sha256 is not null
order by genome, input

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
select sources.json ->> 'genome' as genome, input.key as input, input.value ->> 'sha256' as sha256,
    input.value ->> 'url' as url, input.value ->> 'path' as path
from sources, json_each(sources.json -> 'inputs') input
order by genome, input

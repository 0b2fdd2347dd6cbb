-- A row per input file of each assembly: where it was read from, and the hash that it had.
with sources as (
    select json from read_json_objects(glob_root() || '/assemblies/*/source.json', format = 'unstructured')
)
select json ->> 'genome' as genome, input, json ->> (input || '_sha256') as sha256, json ->> (input || '_path') as path
from sources, (values ('sequence'), ('annotation')) kinds(input)
order by genome, input desc

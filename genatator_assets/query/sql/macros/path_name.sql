-- A genome's or chromosome's name as it is spelt in paths.
create or replace macro path_name(name) as regexp_replace(
    replace(replace(replace(url_encode(name), '%2B', '+'), '~', '%7E'), '..', '%2E%2E'), '^\.', '%2E')

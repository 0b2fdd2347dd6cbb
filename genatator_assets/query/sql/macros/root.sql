-- The dataset's folder: the variable `root` where it is set, else the folder that the program runs in.
create or replace macro root() as coalesce(getvariable('root'), '.')

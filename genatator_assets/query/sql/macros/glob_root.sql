-- The dataset's folder as the beginning of a pattern for files.
-- needs: root
create or replace macro glob_root() as regexp_replace(root(), '([\[*?])', '[\1]', 'g')

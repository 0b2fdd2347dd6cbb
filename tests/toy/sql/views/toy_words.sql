-- A row per text: how many words it has.
-- needs: glob_root, toy/*.parquet
select text, words from read_parquet(glob_root() || '/toy/toy_words-*.parquet')

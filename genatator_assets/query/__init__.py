"""DuckDB over a dataset: views of every table, read-only questions, and the checks that stand as SQL files."""

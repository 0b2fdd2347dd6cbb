-- A row per sequence of each assembly: included, or the reason why not.
-- needs: glob_root, assemblies/*/chromosomes.parquet
-- columns: genome, species, chrom
--   length: bases of the sequence
--   aliases: its other names: those of the table of aliases, and chr before or taken off
--   included: whether it is part of the dataset
--   reason: why it is not: too_short, excluded; null where it is
--   split: train, validation or test; null where it is not included
--   sha256: SHA-256 of its letters as in dna_sequence: for an included sequence, of its blocks' one after another
select * from read_parquet(glob_root() || '/assemblies/*/chromosomes.parquet', hive_partitioning = false)

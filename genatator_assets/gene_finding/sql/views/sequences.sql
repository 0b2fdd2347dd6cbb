-- A row per block with its DNA. Name a genome, and better a chromosome: DNA is large.
-- needs: block_files, file_of, blocks
-- columns: genome, species, split, chrom, start, end
--   dna: letters A, C, G, T and N of [start, end)
select b.genome, b.species, b.split, b.chrom, b.start, b."end", s.dna_sequence as dna
from read_parquet(block_files(), hive_partitioning = false, filename = true) s
join blocks b on s.filename = file_of(b.path)

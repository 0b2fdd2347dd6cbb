-- A row per pair of a predicted and a true transcript: they match at every k from k_needed on.
-- needs: glob_root, evaluation/*/matches.parquet
-- columns: prediction, genome, chrom
--   predicted: the predicted transcript's id
--   transcript: the true transcript's id
--   gene: the true transcript's gene
--   k_needed: the least k, in bp, at which their ends match
--   inner_exons_equal: whether all exon ends but the outermost are equal
--   cds_chain_equal: whether the introns between coding exons are equal
select * from read_parquet(glob_root() || '/evaluation/*/matches.parquet', hive_partitioning = false)

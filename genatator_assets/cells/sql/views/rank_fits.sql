-- How well a gene's rank predicts its expression in each dataset: R2, Pearson and Spearman of a line in log10 of the rank.
-- needs: glob_root, cells/rank_fits.parquet
select * from read_parquet(glob_root() || '/cells/rank_fits.parquet', hive_partitioning = false)

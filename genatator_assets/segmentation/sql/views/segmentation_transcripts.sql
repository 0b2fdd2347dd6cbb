-- A row per transcript whose model is whole: its bases of each label, its introns and its reading frame, and why it is
-- in no config, if it is not (left_out).
-- needs: glob_root, segmentation/genomes/*.parquet
select * from read_parquet(glob_root() || '/segmentation/genomes/*.parquet', hive_partitioning = false)

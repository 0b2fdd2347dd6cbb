-- Nothing looks wrong with the annotations that were read: lncRNA under unknown names, names of another version, many
-- transcripts out of bounds, chromosomes without genes. What this finds is told as a warning, and may be right.
-- warns
select genome, kind, told from suspicions

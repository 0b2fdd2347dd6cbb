"""Getting and indexing inputs: an assembly's FASTA file becomes an indexed copy and a table of chromosomes."""

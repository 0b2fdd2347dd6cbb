"""The gene-finding dataset: landmarks of transcripts, the twelve channels, blocks, index, statistics, verification."""

"""Cover and Bioseq: windows x bins x strands x conditions over tracks and sequences, by Janggu's names."""

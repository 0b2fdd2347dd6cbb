"""GFF3 and GTF in, transcripts out: every transcript is kept, selected or rejected with a reason."""

"""The part `signals`: BAM, bigWig, interval files and arrays become tracks along genomes, with metadata."""

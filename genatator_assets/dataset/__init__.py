"""The dataset as a whole: the index of blocks, the statistics and the card."""

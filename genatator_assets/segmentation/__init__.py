"""The segmentation dataset: a row per transcript, with its bases and five labels for each of them."""

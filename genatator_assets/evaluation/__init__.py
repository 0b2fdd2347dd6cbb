"""Scoring predictions of genes against a split of a dataset, by the definitions that the field uses."""

"""A part of the smallest kind, for tests: it counts the words of texts."""

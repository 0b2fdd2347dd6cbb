"""Gene structure base by base, beside the twelve channels: optional sets of channels, in files of their own."""

"""Looking after a root: what is in it, and what of it nobody needs any more."""

"""Tables of many tracks, in formats of their own, each brought to the columns of the track table."""

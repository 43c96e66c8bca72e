"""The song table of an index, and what is derived from it and from playlists by row."""

"""Systems that learn from playlists alone."""

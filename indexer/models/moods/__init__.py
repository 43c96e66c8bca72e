"""Moods: what a song feels like, from its lyrics, its sound and what listeners call the playlists that hold it."""

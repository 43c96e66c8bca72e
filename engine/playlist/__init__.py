"""Playlists: chosen, ordered, written."""

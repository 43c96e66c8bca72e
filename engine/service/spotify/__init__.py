"""Spotify's closed endpoints in Spotify's shape: the clients that exist ask this service as they asked Spotify's."""

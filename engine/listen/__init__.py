"""What a song is like: its moods, its traits, whether a listener would like it."""

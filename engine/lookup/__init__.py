"""Which songs are meant: by name, or listed in a file."""

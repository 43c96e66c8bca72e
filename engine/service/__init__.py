"""HTTP: what `Engine` answers in Python, as an API of our own, in the shapes of others, and as a page."""

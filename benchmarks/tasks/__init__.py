"""Tasks: what is asked of systems."""

"""Systems that are compared."""

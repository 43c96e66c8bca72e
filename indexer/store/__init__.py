"""The index folder: generations, locks, columns."""

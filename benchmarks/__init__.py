"""Measurements of an index: quality beside every time."""

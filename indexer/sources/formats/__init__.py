"""Formats: one module for each kind of file that people have. A new kind is one module and one line in `sources`."""

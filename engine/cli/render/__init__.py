"""How answers look: a table for people, JSON for programs. One module for each kind of result."""

"""Sound: what is measured from a file of sound."""

"""What answers searches, Refrain beside its peers: of words, of vectors, and of a whole question under filters."""

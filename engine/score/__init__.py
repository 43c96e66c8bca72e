"""One score from many signals."""

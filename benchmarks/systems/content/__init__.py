"""Systems that compare songs by words, sentence vectors and audio features."""

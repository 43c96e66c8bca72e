"""What finds songs: the vector store and the inverted index."""

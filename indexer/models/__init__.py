"""What is learned: topics, scaling of audio, autoencoders, factors, co-occurrence, keywords, taste, tBERT, moods."""

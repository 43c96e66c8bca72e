"""Text to vectors: the encoder, the cache of what was encoded, fine-tuning."""

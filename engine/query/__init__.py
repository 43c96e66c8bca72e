"""What is asked: seeds, words, filters, targets."""

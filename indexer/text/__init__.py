"""Text: cleaning, tokens and names; pure functions that songs and queries share."""

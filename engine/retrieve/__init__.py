"""Candidates: rankings of songs that each retriever proposes."""

"""Tuning of the weights."""

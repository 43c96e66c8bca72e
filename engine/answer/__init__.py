"""Answers: hits and the reasons for them."""

"""Bounds and choices that requests, commands and algorithms have in common: one place for each, which loads nothing."""

from __future__ import annotations

from typing import Literal

MOST_SONGS = 5_000  # k and length at most: what a reranker downstream may ask for
MOST_STEPS = 200  # songs of a path, the time of which grows with them
MOST_TEXT = 10_000  # characters
MOST_NAMES = 200  # songs of a request that are looked up by name, with typos: each costs as much as a search

Arc = Literal["flat", "rise", "fall", "peak", "wave"]

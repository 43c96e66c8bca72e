"""Taste: content and playlists -> a space in which songs that share playlists are close."""

from indexer.models.taste.content import Content, Reader
from indexer.models.taste.model import Taste, TasteConfig
from indexer.models.taste.training import train_taste

__all__ = ["Content", "Reader", "Taste", "TasteConfig", "train_taste"]

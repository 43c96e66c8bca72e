"""tBERT: sentence vector, topics and audio -> hidden -> moods; the hidden layer is what a reranking compares.

The modified tBERT of shared/papers/song-bert.txt (Kelly et al. 2021, after Peinelt et al. 2020): the transformer's
vector, the song's topics and its audio features go side by side into a hidden and a softmax layer.
"""

from indexer.models.tbert.model import TBert, TBertConfig, load_tbert
from indexer.models.tbert.training import LEAST_LABELLED, train_tbert

__all__ = ["LEAST_LABELLED", "TBert", "TBertConfig", "load_tbert", "train_tbert"]

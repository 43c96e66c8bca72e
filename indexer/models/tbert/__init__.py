"""tBERT: sentence vector, topics and audio -> hidden -> labels; a reranking compares the hidden layer.

After the modified tBERT of Kelly et al. 2021 (and Peinelt et al. 2020): the sentence vector, the song's topics and its
audio features go side by side into a hidden and a softmax layer. Unlike there, the transformer is not trained unless
the configuration says "fine-tuned"; what is learned by default is a network of two dense layers.
"""

from indexer.models.tbert.inputs import TBertConfig
from indexer.models.tbert.model import TBert, load_tbert
from indexer.models.tbert.training import LEAST_LABELLED, train_tbert

__all__ = ["LEAST_LABELLED", "TBert", "TBertConfig", "load_tbert", "train_tbert"]

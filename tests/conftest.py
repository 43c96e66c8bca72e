"""What many tests share: a small encoder made on the spot, the demo's index, and where real data lies."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from hypothesis import settings

from indexer import Catalogue, IndexConfig, build_index
from indexer.config import EncoderConfig
from indexer.demo import demo_files
from indexer.models.autoencoder import AutoencoderConfig
from indexer.models.taste import TasteConfig
from indexer.models.tbert import TBertConfig

os.environ.setdefault("HF_HUB_OFFLINE", "1")
settings.register_profile("refrain", deadline=None)  # a busy machine is no failure
settings.load_profile("refrain")


@pytest.fixture(scope="session")
def tiny_encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sentence-transformers folder of 2 layers and 32 dimensions with random weights: real code, no download."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
    from transformers import BertConfig, BertModel, BertTokenizerFast

    folder = tmp_path_factory.mktemp("tiny-encoder")
    letters = "abcdefghijklmnopqrstuvwxyz0123456789'"
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *letters, *(f"##{letter}" for letter in letters)]
    (folder / "vocab.txt").write_text("\n".join(vocabulary), "utf-8")
    torch.manual_seed(0)
    bert = folder / "bert"
    BertModel(
        BertConfig(
            vocab_size=len(vocabulary), hidden_size=32, num_hidden_layers=2, num_attention_heads=2,
            intermediate_size=64, max_position_embeddings=64,
        )
    ).save_pretrained(bert)  # fmt: skip
    BertTokenizerFast(vocab=str(folder / "vocab.txt"), model_max_length=64).save_pretrained(bert)
    model = folder / "model"
    transformer = Transformer(str(bert), max_seq_length=64)
    SentenceTransformer(modules=[transformer, Pooling(32)], device="cpu").save(str(model))
    return model


@pytest.fixture(scope="session")
def tiny_config(tiny_encoder: Path) -> IndexConfig:
    """A configuration whose builds take a second."""
    return IndexConfig(
        encoder=EncoderConfig(model=str(tiny_encoder), precision="float32", window=64),
        lyrics=AutoencoderConfig(latent=8, widths=(16,), epochs=3, batch=64),
        audio=AutoencoderConfig(latent=6, widths=(16,), epochs=3, batch=64),
        taste=TasteConfig(size=8, hidden=16, epochs=3, batch=128, negatives=64),
        tbert=TBertConfig(hidden=8, width=16, epochs=3, batch=64),
    )


@pytest.fixture(scope="session")
def demo_catalogue(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundled catalogue, imported."""
    path = tmp_path_factory.mktemp("demo") / "refrain.db"
    with Catalogue(path) as catalogue:
        for file in demo_files():
            catalogue.load(file)
    return path


@pytest.fixture(scope="session")
def demo_index(demo_catalogue: Path) -> Path:
    """Its index, with the real encoder and the default configuration."""
    index = demo_catalogue.with_name("refrain.index")
    with Catalogue(demo_catalogue) as catalogue:
        build_index(catalogue, index)
    return index


@pytest.fixture(scope="session")
def real_data() -> Path:
    """shared/data, or a skip that says where it was looked for."""
    folder = Path(os.environ.get("REFRAIN_DATA", Path(__file__).parents[2] / "shared" / "data"))
    if not (folder / "catalogue" / "songs.parquet").is_file():
        pytest.skip(f"no real data in {folder}; set REFRAIN_DATA to the folder that holds catalogue/ and raw/")
    return folder


@pytest.fixture
def small_bert(tmp_path: Path) -> Callable[..., Path]:
    """Saves a BERT of two layers, of random weights, with the "nli" or "nsp" head, as the hub has them."""

    def saved(head: str, labels: Mapping[str, int] | None = None) -> Path:
        import torch
        from transformers import (
            BertConfig,
            BertForNextSentencePrediction,
            BertForSequenceClassification,
            BertTokenizerFast,
        )

        letters = "abcdefghijklmnopqrstuvwxyz."
        words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *letters, *(f"##{letter}" for letter in letters)]
        folder = tmp_path / f"bert-{head}"
        folder.mkdir()
        (folder / "vocab.txt").write_text("\n".join(words), "utf-8")
        told = {"label2id": dict(labels), "id2label": {place: name for name, place in labels.items()}} if labels else {}
        torch.manual_seed(0)
        config = BertConfig(
            vocab_size=len(words), hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32,
            max_position_embeddings=128, **told,
        )  # fmt: skip
        model = BertForNextSentencePrediction if head == "nsp" else BertForSequenceClassification
        model(config).save_pretrained(folder)
        BertTokenizerFast(vocab=str(folder / "vocab.txt"), model_max_length=128).save_pretrained(folder)
        return folder

    return saved

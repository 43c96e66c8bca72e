"""What many tests share, made once for all processes of a run: a small encoder, the demo's index; and real data."""

from __future__ import annotations

import os

if "PYTEST_XDIST_WORKER" in os.environ:  # libraries of numbers start a thread a core: they would wait for each other
    os.environ.setdefault("OMP_NUM_THREADS", "1")

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from filelock import FileLock
from hypothesis import settings

from indexer import Catalogue, IndexConfig, build_index
from indexer.config import EncoderConfig
from indexer.demo import demo_files
from indexer.models.autoencoder import AutoencoderConfig
from indexer.models.taste import TasteConfig
from indexer.models.tbert import TBertConfig

os.environ.setdefault("HF_HUB_OFFLINE", "1")
# No deadline: a busy machine is no failure. Half of the library's examples: all tests are run at every change.
settings.register_profile("refrain", deadline=None, max_examples=50)
settings.load_profile("refrain")


Once = Callable[[str, Callable[[Path], object]], Path]


@pytest.fixture(scope="session")
def once(tmp_path_factory: pytest.TempPathFactory) -> Once:
    """once(name, make): the folder that make(folder) filled, by whichever process of this run came first.

    Nobody may change what lies there: tests of other processes read it meanwhile.
    """
    root = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        root = root.parent  # the run's; each of its processes has a folder below

    def made(name: str, make: Callable[[Path], object]) -> Path:
        folder, done = root / "once" / name, root / "once" / f"{name}.done"
        folder.parent.mkdir(exist_ok=True)
        with FileLock(root / "once" / f"{name}.lock"):
            if not done.exists():
                shutil.rmtree(folder, ignore_errors=True)  # of a process that failed
                folder.mkdir()
                make(folder)
                done.touch()
        return folder

    return made


@pytest.fixture(scope="session")
def tiny_encoder(once: Once) -> Path:
    """A sentence-transformers folder of 2 layers and 32 dimensions with random weights: real code, no download."""
    return once("tiny-encoder", _save_tiny_encoder) / "model"


def _save_tiny_encoder(folder: Path) -> None:
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
    from transformers import BertConfig, BertModel, BertTokenizerFast

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
    transformer = Transformer(str(bert), max_seq_length=64)
    SentenceTransformer(modules=[transformer, Pooling(32)], device="cpu").save(str(folder / "model"))


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
def demo_catalogue(once: Once) -> Path:
    """The bundled catalogue, imported."""
    return once("demo-catalogue", _import_demo) / "refrain.db"


def _import_demo(folder: Path) -> None:
    with Catalogue(folder / "refrain.db") as catalogue:
        for file in demo_files():
            catalogue.load(file)


@pytest.fixture(scope="session")
def demo_index(demo_catalogue: Path, once: Once) -> Path:
    """Its index, with the real encoder and the default configuration; refrain.db lies beside it."""

    def build(folder: Path) -> None:
        shutil.copy(demo_catalogue, folder)
        with Catalogue(folder / "refrain.db") as catalogue:
            build_index(catalogue, folder / "refrain.index")

    return once("demo", build) / "refrain.index"


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

"""One law for every model on disk: whatever happened to its files, loading gives a model or an IndexFormatError."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from indexer.errors import IndexFormatError, RefrainError
from indexer.models.audio_scaler import AudioScaler
from indexer.models.autoencoder import Autoencoder, AutoencoderConfig, Epoch
from indexer.models.mlp import DenseStack, Layer, load_encoder
from indexer.models.moods.model import QUADRANTS, Head, MoodModel
from indexer.models.moods.reader import VIEWS, MoodReader
from indexer.models.taste import Reader as TasteReader
from indexer.models.taste import Taste, TasteConfig, train_taste
from indexer.models.tbert import TBert, TBertConfig, load_tbert
from indexer.models.tbert.inputs import Sizes
from indexer.models.topics import TopicModel, load_topics
from indexer.records import Song
from indexer.songs.splits import PlaylistRows
from tests.indexer.models.test_audio_scaler import songs as audio_table


class Saved(NamedTuple):
    save: Callable[[Path], None]
    load: Callable[[Path], Any]


def layer(inputs: int, outputs: int) -> Layer:
    return Layer(np.ones((inputs, outputs), np.float32), np.zeros(outputs, np.float32), "linear")


def topics() -> Saved:
    model = TopicModel(np.ones((2, 3), np.float32), ("boat", "rain", "river"))
    return Saved(model.save, load_topics)


def scaler() -> Saved:
    model = AudioScaler.fit(audio_table(30))
    return Saved(lambda f: model.save(f / "scaler.json"), lambda f: AudioScaler.load(f / "scaler.json"))


def autoencoder() -> Saved:
    config = AutoencoderConfig(latent=2, widths=(3,))
    stack = DenseStack((layer(4, 3), layer(3, 2)), np.ones((4, 2), np.float32))
    epoch = Epoch(1.0, 1.0, 1.0, float("nan"), float("nan"), float("nan"))  # nothing was held out
    return Saved(Autoencoder(stack, config, (epoch,)).save, load_encoder)


def taste() -> Saved:
    known = [(Song(f"t{i}", "a", year=1990, genres=("rock",)), []) for i in range(60)]
    parts = {"sentence": np.ones((60, 3), np.float32)}
    reader, content = TasteReader.learn(known, parts)
    lists = [PlaylistRows("rainy day", np.arange(i, i + 5)) for i in range(40)]
    config = TasteConfig(size=2, hidden=2, epochs=1, batch=32, negatives=8)
    learned = train_taste(content, reader, np.zeros(60, np.int64), lists, config)
    assert learned is not None
    return Saved(learned[0].save, Taste.load)


def tbert() -> Saved:
    config = TBertConfig(hidden=2, width=3)
    body = DenseStack((Layer(np.ones((8, 3), np.float32), np.zeros(3, np.float32), "relu"), layer(3, 2)))
    model = TBert(body, DenseStack((layer(2, 2),)), ("calm", "sad"), Sizes(3, 2, 1), config, ((1.0, None), (0.5, 0.6)))
    return Saved(model.save, load_tbert)


def moods() -> Saved:
    rng = np.random.default_rng(0)
    reader = MoodReader.fit(rng.normal(size=(9, 3)).astype(np.float32), rng.normal(size=(9, 2)).astype(np.float32), 2)

    def head(kind: str, *names: str) -> Head:
        table, size = np.ones((VIEWS, len(names)), np.float32), len(names)
        weights = np.ones((VIEWS, reader.width, size), np.float32)
        return Head(kind, names, weights, table, table, table, table[0] / 2, "test", {"AUC": 0.7})  # type: ignore[arg-type]

    heads = {
        "moods": head("probabilities", "calm", "sad"), "affect": head("values", "valence", "arousal"),
        "quadrants": head("classes", *QUADRANTS), "happy": head("probabilities", "happy"),
    }  # fmt: skip
    model = MoodModel(reader, heads, (1.0, -1.0), ("angry",), np.ones((1, 2), np.float32))
    return Saved(model.save, MoodModel.load)


MODELS = {each.__name__: each for each in (topics, scaler, autoencoder, taste, tbert, moods)}
HOSTILE = (
    None, True, -1, 0, 10**400, 2**63, 1e308, -1e308, float("nan"), float("inf"), "", "x", "calm", [], [[]], {},
    {"x": 1}, ["linear"] * 3,
)  # fmt: skip


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where in a JSON value something stands; of long lists the first three."""
    yield path
    pairs = value.items() if isinstance(value, dict) else list(enumerate(value))[:3] if isinstance(value, list) else ()
    for key, below in pairs:
        yield from leaves(below, (*path, key))


def changed(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    if not path:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = changed(value[path[0]], path[1:], new)
    return copy


def mutations(folder: Path) -> Iterator[tuple[str, Callable[[Path], None]]]:
    """What can happen to each file of a folder."""
    for path in sorted(folder.iterdir()):
        name, whole = path.name, path.read_bytes()
        yield f"{name} gone", lambda f, n=name: (f / n).unlink()
        yield f"{name} a folder", lambda f, n=name: ((f / n).unlink(), (f / n).mkdir())
        for length in (0, 1, 7, len(whole) // 2, len(whole) - 1):
            yield f"{name} cut to {length}", lambda f, n=name, w=whole, k=length: (f / n).write_bytes(w[:k])
        for seed in range(20):
            rng = np.random.default_rng(seed)
            garbled = bytearray(whole)
            garbled[int(rng.integers(min(len(whole), 400)))] = int(rng.integers(256))
            yield f"{name} garbled {seed}", lambda f, n=name, w=bytes(garbled): (f / n).write_bytes(w)
        if name.endswith(".json"):
            facts = json.loads(whole)
            yield f"{name} deep", lambda f, n=name: (f / n).write_text("[" * 100_000)
            yield f"{name} deep object", lambda f, n=name: (f / n).write_text('{"a":' * 5_000 + "1" + "}" * 5_000)
            for path_ in leaves(facts):
                for new in HOSTILE:
                    text = json.dumps(changed(facts, path_, new))
                    yield f"{name} {path_} = {str(new)[:9]}", lambda f, n=name, t=text: (f / n).write_text(t)
                if path_:
                    deep = json.dumps(changed(facts, path_, "DEEP")).replace('"DEEP"', "[" * 900 + "]" * 900)
                    yield f"{name} {path_} deep", lambda f, n=name, t=deep: (f / n).write_text(t)
        else:
            arrays = load_file(path)
            for key, array in arrays.items():
                bad = array.copy()
                bad.flat[0] = np.nan
                for what, new in (
                    ("nan", bad), ("inf", np.full_like(array, np.inf)), ("float64", array.astype(np.float64)),
                    ("flat", array.ravel()), ("deeper", array[None]), ("empty", array[:0]),
                    ("twice", np.repeat(array, 2, 0)),
                    ("int", array.astype(np.int8)), ("scalar", np.array(1, np.float32)),
                ):  # fmt: skip
                    if what == "flat" and array.ndim == 1:
                        continue
                    yield f"{name} {key} {what}", lambda f, n=name, a={**arrays, key: new}: save_file(a, f / n)
                rest = {other: a for other, a in arrays.items() if other != key}
                yield f"{name} without {key}", lambda f, n=name, a=rest: save_file(a, f / n)


@pytest.mark.parametrize("name", MODELS)
def test_a_damaged_model_is_refused_or_is_a_model(name: str, tmp_path: Path) -> None:
    model = MODELS[name]()
    whole = tmp_path / "whole"
    whole.mkdir()
    model.save(whole)
    model.load(whole)
    refused = 0
    for what, damage in mutations(whole):
        folder = tmp_path / "damaged"
        shutil.copytree(whole, folder)
        damage(folder)
        try:
            model.load(folder)
        except IndexFormatError as error:
            refused += "refrain build" in str(error)
        except Exception as error:
            pytest.fail(f"{what}: {type(error).__name__}: {error}")
        shutil.rmtree(folder)
    assert refused > 50


@pytest.mark.parametrize("name", [name for name in MODELS if name != "scaler"])
def test_wrong_arrays_are_never_accepted(name: str, tmp_path: Path) -> None:
    model = MODELS[name]()
    model.save(tmp_path)
    for path in tmp_path.glob("*.safetensors"):
        whole = load_file(path)
        for key, array in whole.items():
            for bad in (np.full_like(array, np.nan), array[None], array.astype(np.float64)):
                save_file({**whole, key: bad}, path)
                with pytest.raises(IndexFormatError, match="refrain build"):
                    model.load(tmp_path)
        save_file(whole, path)
    model.load(tmp_path)


def test_a_full_disk_is_no_bug_of_the_program(tmp_path: Path) -> None:
    """A folder that is gone stands for a disk that refuses: safetensors has an error of its own for both."""
    for name in MODELS:
        if name != "scaler":
            with pytest.raises(RefrainError, match=r"could not be written: .*make room"):
                MODELS[name]().save(tmp_path / "gone")

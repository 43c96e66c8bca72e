"""tBERT: moods that only one kind of input tells are learnt, numpy computes what torch computes, files are safe."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.encoders.sentence import SentenceEncoder
from indexer.errors import ConfigError, IndexFormatError
from indexer.models.tbert import LEAST_LABELLED, TBert, TBertConfig, load_tbert, train_tbert, training
from indexer.models.tbert.inputs import Sizes, join

MOODS = ("calm", "loud", "sad")
SMALL = TBertConfig(hidden=16, width=32, epochs=12, batch=64, learning_rate=0.01, dropout=0.3, held_out=0.1)
SIDES = ("sentence", "topics", "audio")


class Scene(NamedTuple):
    """Songs whose mood is row % 3."""

    sentence: np.ndarray
    topics: np.ndarray
    audio: np.ndarray

    @property
    def labels(self) -> np.ndarray:
        return np.eye(3, dtype=np.float32)[np.arange(len(self.audio)) % 3]


def scene(n: int = 300, *, told_by: Iterable[str] = SIDES, seed: int = 0) -> Scene:
    """Noise, and the mood in the sides that tell it."""
    rng = np.random.default_rng(seed)
    mood = np.arange(n) % 3
    told = set(told_by)
    sentence = rng.standard_normal((n, 24)) + 3.0 * ("sentence" in told) * np.eye(24)[mood]
    topics = rng.dirichlet(np.ones(7), n) + 2.0 * ("topics" in told) * np.eye(7)[mood]
    audio = rng.standard_normal((n, 14)) + 3.0 * ("audio" in told) * np.eye(14)[mood]
    sentence /= np.linalg.norm(sentence, axis=1, keepdims=True)
    topics /= topics.sum(axis=1, keepdims=True)
    return Scene(*(side.astype(np.float32) for side in (sentence, topics, audio)))


def trained_on(songs: Scene, config: TBertConfig = SMALL, **options: object) -> TBert:
    found = train_tbert(*songs, songs.labels, MOODS, config, **options)  # type: ignore[arg-type]
    assert found is not None
    return found


def right(model: TBert, songs: Scene) -> float:
    return float((model.probabilities(*songs).argmax(axis=1) == np.arange(len(songs.audio)) % 3).mean())


@pytest.fixture(scope="module")
def trained() -> TBert:
    return trained_on(scene())


@pytest.mark.parametrize("side", SIDES)
def test_a_mood_that_one_side_tells_is_learnt(side: str) -> None:
    model = trained_on(scene(600, told_by=[side]))
    assert right(model, scene(300, told_by=[side], seed=1)) > 0.8


@pytest.mark.parametrize("left_out", [("sentence", "topics"), ("audio",)])
def test_songs_that_lack_a_side_are_placed_by_the_other(trained: TBert, left_out: tuple[str, ...]) -> None:
    songs = scene(seed=1)
    lacking = songs._replace(**{side: np.zeros_like(getattr(songs, side)) for side in left_out})
    assert right(trained, lacking) > 0.8


def test_songs_of_one_mood_are_nearer_than_others(trained: TBert) -> None:
    cosines = trained.embed(*scene(90, seed=1)) @ trained.embed(*scene(90, seed=2)).T
    same = np.equal.outer(np.arange(90) % 3, np.arange(90) % 3)
    assert cosines[same].mean() > cosines[~same].mean() + 0.5


def test_embeddings_are_unit_rows_and_nothing_known_is_zero(trained: TBert) -> None:
    songs = Scene(*(side.copy() for side in scene(20, seed=2)))
    for side in songs:
        side[[3, 11]] = 0.0
    embedded, moods = trained.embed(*songs), trained.probabilities(*songs)
    expected = [float(row not in (3, 11)) for row in range(20)]
    assert embedded.dtype == moods.dtype == np.float32
    assert embedded.shape == (20, 16)
    assert moods.shape == (20, 3)
    np.testing.assert_allclose(np.linalg.norm(embedded, axis=1), expected, atol=1e-5)
    np.testing.assert_allclose(moods.sum(axis=1), expected, atol=1e-5)
    assert trained.embed(*(side[:0] for side in songs)).shape == (0, 16)
    assert trained.probabilities(*(side[:0] for side in songs)).shape == (0, 3)


@given(st.lists(st.integers(0, 99), min_size=1, max_size=9))
def test_a_song_does_not_depend_on_the_songs_beside_it(trained: TBert, rows: list[int]) -> None:
    songs = scene(100, seed=3)
    few = [side[rows] for side in songs]
    np.testing.assert_allclose(trained.embed(*few), trained.embed(*songs)[rows], atol=1e-5)
    np.testing.assert_allclose(trained.probabilities(*few), trained.probabilities(*songs)[rows], atol=1e-5)


@given(st.permutations(range(3)))
def test_moods_in_another_order_are_the_same_moods(trained: TBert, order: list[int]) -> None:
    head = trained.head.layers[0]
    turned = replace(
        trained,
        head=replace(trained.head, layers=(replace(head, kernel=head.kernel[:, order], bias=head.bias[order]),)),
    )
    songs = scene(30, seed=4)
    np.testing.assert_allclose(turned.probabilities(*songs), trained.probabilities(*songs)[:, order], atol=1e-6)


def test_numpy_computes_what_torch_computes() -> None:
    import torch

    sizes = Sizes(24, 7, 14)
    network = training.new_network(sizes, 3, SMALL)
    body, head = network[0].eval(), network[1]
    songs = scene(50)
    rows = torch.from_numpy(join(*songs, sizes))
    with torch.no_grad():
        hidden = torch.nn.functional.normalize(body(rows), dim=1)
        moods = torch.softmax(head(hidden), dim=1)
    model = TBert(*training.numpy_stacks(network), MOODS, sizes, SMALL, ())
    np.testing.assert_allclose(model.embed(*songs), hidden.numpy(), atol=1e-5)
    np.testing.assert_allclose(model.probabilities(*songs), moods.numpy(), atol=1e-5)


# Training


def test_the_same_seed_gives_the_same_weights_and_another_seed_others(trained: TBert) -> None:
    import torch

    torch.manual_seed(99)  # the state of the caller's generator must not matter, nor change
    state = torch.random.get_rng_state()
    again, other = (trained_on(scene(), replace(SMALL, seed=seed)) for seed in (0, 1))
    assert torch.equal(state, torch.random.get_rng_state())
    songs = scene(50, seed=5)
    np.testing.assert_allclose(again.probabilities(*songs), trained.probabilities(*songs), atol=1e-5)
    assert np.abs(other.probabilities(*songs) - trained.probabilities(*songs)).max() > 1e-4


def test_sparse_labels_are_the_same_labels(trained: TBert) -> None:
    from scipy.sparse import csr_array

    songs = scene()
    found = train_tbert(*songs, csr_array(songs.labels), MOODS, SMALL)
    assert found is not None
    np.testing.assert_array_equal(found.probabilities(*songs), trained.probabilities(*songs))


def test_songs_without_labels_change_nothing(trained: TBert) -> None:
    songs, more = scene(), scene(40, seed=6)
    both = [np.concatenate(pair) for pair in zip(songs, more, strict=True)]
    labels = np.vstack([songs.labels, np.zeros((40, 3), np.float32)])
    found = train_tbert(*both, labels, MOODS, SMALL)
    assert found is not None
    np.testing.assert_allclose(found.probabilities(*more), trained.probabilities(*more), atol=1e-5)


def test_artists_are_held_out_whole() -> None:
    rng = np.random.default_rng(0)
    artists = np.repeat(np.arange(-1, 99), 5)
    valid = training._held_out(artists, 0.1, rng)
    assert 45 <= valid.sum() <= 55
    of_artist = valid.reshape(-1, 5)[1:]
    assert (of_artist.all(axis=1) | ~of_artist.any(axis=1)).all()
    assert not training._held_out(artists, 0.0, rng).any()
    assert not training._held_out(np.zeros(500, np.int64), 0.1, rng).any(), "all songs by one artist"


def test_training_stops_early_and_keeps_the_best_weights() -> None:
    songs = scene(told_by=())
    config = replace(SMALL, epochs=60, patience=2, learning_rate=0.02)
    found = trained_on(songs, config)
    held = [loss for _, loss in found.history if loss is not None]
    assert len(held) < 60, "noise cannot be learnt"
    assert np.argmin(held) == len(held) - 1 - (config.patience + 1)
    patient = trained_on(songs, replace(config, patience=60))
    if min(loss for _, loss in patient.history if loss is not None) == pytest.approx(min(held)):
        np.testing.assert_allclose(found.probabilities(*songs), patient.probabilities(*songs), atol=1e-5)
    longer = [loss for _, loss in patient.history if loss is not None]
    assert longer[: len(held)] == pytest.approx(held, rel=1e-4)


def test_without_held_out_songs_every_epoch_is_trained() -> None:
    found = trained_on(scene(90, told_by=()), replace(SMALL, held_out=0.0))
    assert len(found.history) == SMALL.epochs
    assert {held for _, held in found.history} == {None}


def test_progress_is_reported() -> None:
    seen: list[str] = []

    def track(steps: Iterable[int], label: str, total: int | None = None) -> Iterable[int]:
        for step in steps:
            seen.append(label)
            yield step

    trained_on(scene(90), SMALL, track=track)
    assert 1 <= len(seen) <= SMALL.epochs
    assert set(seen) == {"train tBERT"}


def test_too_few_labelled_songs_are_not_learnt_from() -> None:
    songs = scene(LEAST_LABELLED)
    assert trained_on(songs, replace(SMALL, epochs=1)).names == MOODS
    assert train_tbert(*(side[1:] for side in songs), songs.labels[1:], MOODS, SMALL) is None
    assert train_tbert(*songs, np.zeros_like(songs.labels), MOODS, SMALL) is None
    assert train_tbert(*songs, np.tile(songs.labels[:1], (LEAST_LABELLED, 1)), MOODS, SMALL) is None, "one mood only"
    assert train_tbert(*(np.zeros_like(side) for side in songs), songs.labels, MOODS, SMALL) is None


# Fine-tuning


@pytest.fixture(scope="module")
def tuned(tiny_encoder: Path) -> tuple[TBert, list[str], SentenceEncoder]:
    """Moods that only the lyrics tell: each has its own word."""
    words = ("aaa zq", "bbb zq", "ccc zq")
    texts = [f"{words[row % 3]} {row}" if row % 10 else "" for row in range(120)]
    encoder = SentenceEncoder(str(tiny_encoder), precision="float32", window=64)
    songs = scene(120, told_by=())._replace(sentence=encoder.encode(texts), topics=np.zeros((120, 7), np.float32))
    config = replace(SMALL, transformer="fine-tuned", tuned_layers=1, tuned_epochs=2, tuned_rate=1e-3, epochs=6)
    return trained_on(songs, config, texts=texts, encoder=encoder), texts, encoder


@pytest.mark.slow
def test_fine_tuning_changes_the_last_layer_only_and_not_the_given_encoder(
    tuned: tuple[TBert, list[str], SentenceEncoder], tiny_encoder: Path
) -> None:
    model, texts, encoder = tuned
    assert model.encoder is not None
    fresh = SentenceEncoder(str(tiny_encoder), precision="float32", window=64)
    np.testing.assert_allclose(encoder.encode(texts[:9]), fresh.encode(texts[:9]), atol=1e-6)
    before, after = (dict(which.transformer.named_parameters()) for which in (fresh, model.encoder))
    changed = {name for name in before if not np.allclose(before[name].detach(), after[name].detach(), atol=1e-7)}
    assert changed
    assert all(".layer.1." in name for name in changed)


@pytest.mark.slow
def test_a_fine_tuned_model_is_the_same_after_loading(
    tuned: tuple[TBert, list[str], SentenceEncoder], tmp_path: Path
) -> None:
    model, texts, _ = tuned
    model.save(tmp_path)
    loaded = load_tbert(tmp_path)
    topics, audio = np.zeros((6, 7), np.float32), scene(6).audio
    audio[0] = 0.0
    expected = model.embed_texts(texts[:6], topics, audio)
    np.testing.assert_allclose(loaded.embed_texts(texts[:6], topics, audio), expected, atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(expected, axis=1), [0, 1, 1, 1, 1, 1], atol=1e-5)
    assert not list(tmp_path.rglob("*.bin"))


@pytest.mark.slow
@pytest.mark.parametrize("how", ["class", "pickle", "remote", "no weights", "missing"])
def test_a_transformer_that_could_run_code_is_refused(
    tuned: tuple[TBert, list[str], SentenceEncoder], tmp_path: Path, how: str
) -> None:
    tuned[0].save(tmp_path)
    folder = tmp_path / "transformer"
    match how:
        case "class":
            modules = json.loads((folder / "modules.json").read_text())
            modules[0]["type"] = "os.system"
            (folder / "modules.json").write_text(json.dumps(modules))
        case "pickle":
            (folder / "pytorch_model.bin").write_bytes(b"")
        case "remote":
            facts = json.loads((folder / "config.json").read_text())
            (folder / "config.json").write_text(json.dumps(facts | {"auto_map": {"AutoModel": "evil.Model"}}))
        case "no weights":
            (folder / "model.safetensors").unlink()
        case "missing":
            (folder / "modules.json").unlink()
    with pytest.raises(IndexFormatError, match="refrain build"):
        load_tbert(tmp_path)


def test_texts_need_a_fine_tuned_model_and_fine_tuning_needs_texts(trained: TBert) -> None:
    with pytest.raises(ValueError, match="trained on frozen sentence vectors"):
        trained.embed_texts(["la"], np.zeros((1, 7)), np.zeros((1, 14)))
    with pytest.raises(ValueError, match="expected texts and the encoder"):
        trained_on(scene(), replace(SMALL, transformer="fine-tuned"))


# Files


def test_a_saved_model_is_the_same_and_loads_without_torch(trained: TBert, tmp_path: Path) -> None:
    trained.save(tmp_path)
    songs = scene(30, seed=7)
    np.savez(tmp_path / "songs.npz", *songs)
    script = (
        "import sys; from pathlib import Path; import numpy as np; from indexer.models.tbert import load_tbert; "
        f"folder = Path({str(tmp_path)!r}); songs = np.load(folder / 'songs.npz').values(); "
        "np.save(folder / 'embedded.npy', load_tbert(folder).embed(*songs)); "
        "assert not {'keras', 'torch', 'sklearn', 'transformers'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
    np.testing.assert_allclose(np.load(tmp_path / "embedded.npy"), trained.embed(*songs), atol=1e-6)
    loaded = load_tbert(tmp_path)
    np.testing.assert_array_equal(loaded.probabilities(*songs), trained.probabilities(*songs))
    assert (loaded.names, loaded.config, loaded.sizes) == (trained.names, trained.config, trained.sizes)
    assert loaded.history == trained.history


# Mistakes


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"hidden": 0}, "hidden is 0, expected 1 or more"),
        ({"dropout": 1.0}, "dropout is 1.0, expected less than 1.0"),
        ({"modality_dropout": 0.6}, "modality_dropout is 0.6, expected less than 0.5"),
        ({"learning_rate": 0.0}, "learning_rate"),
        ({"weight_decay": -1.0}, "weight_decay"),
        ({"transformer": "molten"}, "transformer is 'molten', expected one of 'frozen' or 'fine-tuned'"),
    ],
)
def test_a_wrong_configuration_cannot_be_built(change: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        replace(SMALL, **change)  # type: ignore[arg-type]


def test_wrong_matrices_are_named(trained: TBert) -> None:
    songs = scene(100)
    with pytest.raises(ValueError, match="labels have 3 columns, expected 2"):
        train_tbert(*songs, songs.labels, MOODS[:2])
    with pytest.raises(ValueError, match="audio has 99 rows and labels 100"):
        train_tbert(songs.sentence, songs.topics, songs.audio[1:], songs.labels, MOODS)
    with pytest.raises(ValueError, match="NaN or infinity"):
        train_tbert(*songs, np.full((100, 3), np.nan), MOODS)
    with pytest.raises(ValueError, match=r"shape \(100, 23\), expected \(rows, 24\)"):
        trained.embed(songs.sentence[:, 1:], songs.topics, songs.audio)
    with pytest.raises(ValueError, match="have 99, 100, 100 rows"):
        trained.embed(songs.sentence[1:], songs.topics, songs.audio)

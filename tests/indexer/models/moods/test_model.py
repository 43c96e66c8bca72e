"""The mood model: learned from a world known by construction, kept on disk, silent where it must be."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from indexer.errors import ConfigError, FilterError, IndexFormatError
from indexer.models.moods.columns import MoodColumns, thresholds
from indexer.models.moods.evidence import Evidence
from indexer.models.moods.model import MoodModel, MoodsConfig, Reader, quadrant_of
from indexer.models.moods.training import train_moods
from indexer.models.moods.vocabulary import VOCABULARY

SONGS, SENTENCE, AUDIO, TASTE = 600, 12, 5, 4


def world(seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray, Evidence]:
    """Songs that their first lyrics column makes sad and their first audio column loud; a fifth lacks each."""
    rng = np.random.default_rng(seed)
    sentence = rng.normal(size=(SONGS, SENTENCE)).astype(np.float32)
    sentence /= np.linalg.norm(sentence, axis=1, keepdims=True)
    audio = rng.normal(size=(SONGS, AUDIO)).astype(np.float32)
    sad, loud = sentence[:, 0] > 0.25, audio[:, 0] > 0.7
    labels = np.column_stack([loud, sad]).astype(np.int8)
    affect = np.column_stack([-2 * sentence[:, 0], audio[:, 0]]).astype(np.float32)
    mute, deaf = rng.uniform(size=SONGS) < 0.2, rng.uniform(size=SONGS) < 0.2
    sentence[mute], audio[deaf] = 0, 0
    halves = tuple((labels * (rng.uniform(size=labels.shape) < 0.7)).astype(np.int8) for _ in range(2))
    evidence = Evidence(
        ("loud", "sad"), labels, np.ones(SONGS, bool), (halves[0], halves[1]), affect,
        np.full(SONGS, -1, np.int8), np.full(SONGS, -1, np.int8), rng.integers(0, 200, SONGS),
    )  # fmt: skip
    return sentence, audio, np.zeros((SONGS, TASTE), np.float32), evidence


SENTENCES = np.zeros((len(VOCABULARY), SENTENCE), np.float32)


@pytest.fixture(scope="module")
def learned() -> tuple[MoodModel, np.ndarray, np.ndarray, np.ndarray, Evidence]:
    sentence, audio, taste, evidence = world()
    reader = Reader.fit(sentence, audio, TASTE)
    model = train_moods(reader, reader.read(sentence, audio, taste), evidence, SENTENCES, MoodsConfig())
    return model, sentence, audio, taste, evidence


Learned = tuple[MoodModel, np.ndarray, np.ndarray, np.ndarray, Evidence]


def test_what_was_put_in_is_found_on_songs_never_seen(learned: Learned) -> None:
    model = learned[0]
    sentence, audio, taste, evidence = world(seed=1)
    scores = model.score(sentence, audio, taste)
    sung, heard = sentence.any(axis=1), audio.any(axis=1)
    sad, loud = scores.moods[:, model.names.index("sad")], scores.moods[:, model.names.index("loud")]
    assert sad[sung & (evidence.labels[:, 1] > 0)].mean() > 3 * sad[sung & (evidence.labels[:, 1] == 0)].mean()
    assert loud[heard & (evidence.labels[:, 0] > 0)].mean() > 3 * loud[heard & (evidence.labels[:, 0] == 0)].mean()
    assert np.corrcoef(scores.affect[sung, 0], evidence.affect[sung, 0])[0, 1] > 0.9
    assert np.corrcoef(scores.affect[heard, 1], evidence.affect[heard, 1])[0, 1] > 0.9


def test_probabilities_are_calibrated_on_songs_never_seen(learned: Learned) -> None:
    model = learned[0]
    sentence, audio, taste, evidence = world(seed=2)
    chances = model.score(sentence, audio, taste).moods
    known = ~np.isnan(chances[:, 0])
    for column, name in enumerate(model.names):
        held = evidence.labels[known, evidence.moods.index(name)]
        assert abs(chances[known, column].mean() - held.mean()) < 0.06


def test_nothing_is_guessed_from_nothing(learned: Learned) -> None:
    model = learned[0]
    scores = model.score(np.zeros((1, SENTENCE)), np.zeros((1, AUDIO)), np.ones((1, TASTE)))
    for part in (scores.moods, scores.affect, scores.quadrants, scores.happy):
        assert np.isnan(part).all()


def test_without_lyrics_the_sound_decides_alone(learned: Learned) -> None:
    model, _, audio, taste, _ = learned
    heard = audio[audio.any(axis=1)][:20]
    scores = model.score(np.zeros((20, SENTENCE)), heard, taste[:20])
    sad, usual = scores.moods[:, model.names.index("sad")], model.heads["moods"].base[model.names.index("sad")]
    assert np.abs(sad - usual).max() < 0.25  # no confident guess of what only lyrics tell
    assert np.ptp(scores.moods[:, model.names.index("loud")]) > 0.3


def test_views_show_what_they_name_and_no_more() -> None:
    sentence, audio, _, _ = world()
    taste = np.random.default_rng(3).normal(size=(SONGS, TASTE)) * (np.arange(SONGS) % 3 > 0)[:, None]
    reader = Reader.fit(sentence, audio, TASTE)
    rows = reader.read(sentence, audio, taste)
    shown, owner = reader.views(rows)
    views = reader.view_of(shown)
    assert np.array_equal(shown[:SONGS], rows)
    assert len({(view, song) for view, song in zip(views.tolist(), owner.tolist(), strict=True)}) == len(shown)
    whole = views[:SONGS]
    for view in (1, 2, 3, 5, 6, 7):
        assert set(owner[views == view]) == {*np.flatnonzero(whole & view == view).tolist()}
    for bit, columns in enumerate(reader.columns.values()):
        blocks = shown[:, columns]
        known = (views & 1 << bit) > 0
        assert not blocks[~known].any()
        assert np.array_equal(blocks[known], rows[owner[known], columns])


def test_a_view_has_weights_of_its_own() -> None:
    """Where the sound is known, the same line means the opposite: a song with both is read so, lyrics alone are not."""
    sentence, audio, taste, evidence = world()
    both = sentence.any(axis=1) & audio.any(axis=1)
    valence = 3 * sentence[:, 0]
    affect = np.column_stack([np.where(both, -valence, valence), 0 * valence]).astype(np.float32)
    affect[both & (np.arange(SONGS) % 2 == 0)] = np.nan  # about as many of the one as of the other
    reader = Reader.fit(sentence, audio, TASTE)
    rows = reader.read(sentence, audio, taste)
    model = train_moods(reader, rows, replace(evidence, affect=affect), SENTENCES, MoodsConfig())
    alone, together = (
        model.score(sentence[both], shown, taste[both]).affect[:, 0] for shown in (0 * audio[both], audio[both])
    )
    assert np.corrcoef(together, sentence[both, 0])[0, 1] < -0.8
    assert np.corrcoef(together, sentence[both, 0])[0, 1] < np.corrcoef(alone, sentence[both, 0])[0, 1]


def test_quadrants_are_probabilities_and_follow_valence_and_arousal(learned: Learned) -> None:
    model, sentence, audio, taste, _ = learned
    scores = model.score(sentence, audio, taste)
    known = ~np.isnan(scores.quadrants[:, 0])
    assert np.allclose(scores.quadrants[known].sum(axis=1), 1, atol=1e-5)
    agree = scores.quadrants[known].argmax(axis=1) == quadrant_of(*scores.affect[known].T)
    assert agree.mean() > 0.7
    assert ((scores.happy[known] >= 0) & (scores.happy[known] <= 1)).all()


def test_what_listeners_clearly_say_moves_the_odds_and_nan_stays(learned: Learned) -> None:
    model = learned[0]
    chances = np.full((4, 2), 0.3, np.float32)
    chances[3] = np.nan
    said = np.array([[1, 1], [0, 0], [-1, -1], [1, 1]], np.int8)
    heard = model.with_listener_labels(chances, said)
    assert heard[0, 0] > heard[1, 0] >= heard[2, 0]
    assert heard[1] == pytest.approx(chances[1])
    assert np.isnan(heard[3]).all()


def test_a_model_is_the_same_after_the_disk(learned: Learned, tmp_path: Path) -> None:
    model, sentence, audio, taste, _ = learned
    model.save(tmp_path)
    again = MoodModel.load(tmp_path)
    assert again.names == model.names
    assert again.said == pytest.approx(model.label_log_odds)
    for name in ("moods", "affect", "quadrants", "happy"):
        one, other = (getattr(each.score(sentence, audio, taste), name) for each in (model, again))
        assert np.array_equal(one, other, equal_nan=True)


@pytest.mark.parametrize("damage", ["no file", "no json", "another width", "not finite", "no kin"])
def test_a_damaged_model_is_refused(learned: Learned, tmp_path: Path, damage: str) -> None:
    model = learned[0]
    head = model.heads["moods"]
    if damage == "another width":
        model = replace(model, heads={**model.heads, "moods": replace(head, weights=head.weights[1:])})
    if damage == "not finite":
        model = replace(model, heads={**model.heads, "moods": replace(head, bias=head.bias * np.nan)})
    if damage == "no kin":
        model = replace(model, kin=model.neighbours[:-1])
    model.save(tmp_path)
    if damage == "no file":
        (tmp_path / "moods.safetensors").unlink()
    if damage == "no json":
        (tmp_path / "moods.json").write_text("[]")
    with pytest.raises(IndexFormatError, match=r"holds no mood model .*refrain build"):
        MoodModel.load(tmp_path)


def test_a_mood_that_cannot_be_told_is_not_claimed() -> None:
    sentence, audio, taste, evidence = world()
    rng = np.random.default_rng(5)
    labels = np.column_stack([evidence.labels, rng.uniform(size=SONGS) < 0.2]).astype(np.int8)
    guessed = replace(evidence, moods=("loud", "sad", "weird"), labels=labels, halves=(labels, labels))
    reader = Reader.fit(sentence, audio, TASTE)
    model = train_moods(reader, reader.read(sentence, audio, taste), guessed, SENTENCES, MoodsConfig(least_auc=0.6))
    assert set(model.names) == {"loud", "sad"}


def test_without_labels_words_teach_valence_and_arousal() -> None:
    """Sentences whose first column is the mood's valence: lyrics near them are read alike."""
    sentence, audio, taste, evidence = world()
    silent = replace(
        evidence, moods=(), labels=np.zeros((SONGS, 0), np.int8), affect=np.full((SONGS, 2), np.nan, np.float32),
        halves=(np.zeros((SONGS, 0), np.int8),) * 2,
    )  # fmt: skip
    words = np.array([(mood.valence, mood.arousal) for mood in VOCABULARY.values()], np.float32)
    sentences = np.pad(words, ((0, 0), (0, SENTENCE - 2)))
    reader = Reader.fit(sentence, audio, TASTE)
    model = train_moods(reader, reader.read(sentence, audio, taste), silent, sentences, MoodsConfig())
    assert model.names == ()
    asked = np.zeros((2, SENTENCE), np.float32)
    asked[0, 0], asked[1, 0] = 1, -1
    scores = model.score(asked, np.zeros((2, AUDIO)), np.zeros((2, TASTE)))
    assert scores.affect[0, 0] > 0.5 > -0.5 > scores.affect[1, 0]
    assert scores.happy[0] > 0.6 > 0.4 > scores.happy[1]
    assert scores.quadrants[0, [0, 3]].sum() > scores.quadrants[0, [1, 2]].sum()


def test_experts_moods_decide_quadrants_where_there_are_enough() -> None:
    sentence, audio, taste, evidence = world()
    named = np.where(evidence.affect[:, 0] > 0, 1, 3).astype(np.int8)  # the other way round than valence says
    named[:40], named[40:80] = 0, 2
    reader = Reader.fit(sentence, audio, TASTE)
    rows = reader.read(sentence, audio, taste)
    model = train_moods(reader, rows, replace(evidence, named=named), SENTENCES, MoodsConfig())
    assert "experts" in model.heads["quadrants"].source
    sure = sentence[:, 0] > 0.4
    chances = model.score(sentence, audio, taste).quadrants
    assert (chances[sure, 3] > chances[sure, 1]).mean() > 0.9


def test_settings_that_cannot_be_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"moods\.least_songs is 1, expected 4 or more"):
        MoodsConfig(least_songs=1)


def test_the_reader_puts_the_unknown_in_the_middle() -> None:
    sentence, audio, taste, _ = world()
    reader = Reader.fit(sentence, audio, TASTE)
    rows = reader.read(sentence, audio, taste)
    assert rows.shape == (SONGS, reader.width)
    columns = reader.columns
    for block, part in (("lyrics", sentence), ("sound", audio)):
        known = part.any(axis=1)
        assert not rows[~known, columns[block]].any()  # type: ignore[index]
        assert np.abs(rows[known][:, columns[block]].mean(axis=0)).max() < 0.05  # type: ignore[index]
    assert rows[:, -2].tolist() == sentence.any(axis=1).tolist()


def test_columns_filter_rank_and_refuse() -> None:
    chances = np.array([[0.9, 0.1], [0.5, 0.2], [np.nan, np.nan], [0.1, 0.3], [0.2, 0.4]], np.float16)
    usual = np.array([0.25, 0.5], np.float32)
    kin = np.array([[0.75, 0.25]], np.float32)
    limits = thresholds(chances, usual)
    columns = MoodColumns(("sad", "chill"), chances, np.zeros((5, 2), np.int8), usual, limits, ("melancholic",), kin)
    assert columns.has("sadness").tolist() == [True, False, False, False, False]
    assert columns.has("chill").tolist() == [False, False, False, True, True]
    assert columns.known.tolist() == [True, True, False, True, True]
    ranks = columns.rank("sad")
    assert np.isnan(ranks[2])
    assert ranks[[3, 4, 1, 0]].tolist() == pytest.approx([0, 1 / 3, 2 / 3, 1])
    assert columns.learned_neighbours("melancholy") == {"sad": 0.75, "chill": 0.25}
    odds = np.log(chances.astype(np.float64) / (1 - chances.astype(np.float64)))[[0, 1, 3, 4]]
    mixed = ((odds - odds.mean(axis=0)) / odds.std(axis=0)) @ [0.75, 0.25]
    assert columns.rank("melancholic")[[0, 1, 3, 4]].tolist() == pytest.approx((mixed.argsort().argsort() / 3).tolist())
    assert columns.has("melancholic").sum() == 1  # 0.75 x 0.25 + 0.25 x 0.5 of four songs, and no more
    nothing = replace(columns, names=(), chances=chances[:, :0], kin=kin[:, :0])
    with pytest.raises(FilterError, match="no mood was learned here, so none tells sad; import playlists or tags"):
        nothing.has("sad")


def test_the_config_of_an_index_names_moods() -> None:
    from indexer import IndexConfig

    assert json.loads(IndexConfig().to_json())["moods"]["least_playlists"] == MoodsConfig().least_playlists

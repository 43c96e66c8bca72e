"""The mood model: learned from a world known by construction, kept on disk, silent where it must be."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from indexer.errors import ConfigError, FilterError
from indexer.models.moods.columns import MoodColumns, thresholds
from indexer.models.moods.evidence import Evidence
from indexer.models.moods.fitting import calibration_error
from indexer.models.moods.lessons import Lessons
from indexer.models.moods.model import MoodModel, MoodsConfig, quadrant_of
from indexer.models.moods.reader import Known, MoodReader
from indexer.models.moods.recognition import UNMEASURED, trust
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


MOODS = tuple(sorted(VOCABULARY))
SENTENCES = np.zeros((len(VOCABULARY), SENTENCE), np.float32)


@pytest.fixture(scope="module")
def learned() -> tuple[MoodModel, np.ndarray, np.ndarray, np.ndarray, Evidence]:
    sentence, audio, taste, evidence = world()
    reader = MoodReader.fit(sentence, audio, TASTE)
    model = train_moods(reader, Known(sentence, audio, taste), evidence, SENTENCES, MoodsConfig())
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
    reader = MoodReader.fit(sentence, audio, TASTE)
    known = Known(sentence, audio, taste)
    rows = reader.read(*known)
    assert np.array_equal(reader.view_of(rows), known.views)
    lessons = Lessons(reader, known, np.zeros(SONGS, np.int64))
    for view in (1, 2, 3, 5, 6, 7):
        whole = np.flatnonzero(known.views & view == view)
        shown = lessons.read(whole, view)
        assert (reader.view_of(shown) == view).all()
        for bit, columns in enumerate(reader.columns.values()):
            assert np.array_equal(
                shown[:, columns], rows[whole, columns] if view & 1 << bit else 0 * rows[whole, columns]
            )


def test_a_view_has_weights_of_its_own() -> None:
    """Where the sound is known, the same line means the opposite: a song with both is read so, lyrics alone are not."""
    sentence, audio, taste, evidence = world()
    both = sentence.any(axis=1) & audio.any(axis=1)
    valence = 3 * sentence[:, 0]
    affect = np.column_stack([np.where(both, -valence, valence), 0 * valence]).astype(np.float32)
    affect[both & (np.arange(SONGS) % 2 == 0)] = np.nan  # about as many of the one as of the other
    reader = MoodReader.fit(sentence, audio, TASTE)
    known = Known(sentence, audio, taste)
    model = train_moods(reader, known, replace(evidence, affect=affect), SENTENCES, MoodsConfig())
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
    assert again.label_log_odds == pytest.approx(model.label_log_odds)
    for name in ("moods", "affect", "quadrants", "happy"):
        one, other = (getattr(each.score(sentence, audio, taste), name) for each in (model, again))
        assert np.array_equal(one, other, equal_nan=True)


def noise(seed: int, songs: int = 600, moods: int = 40) -> tuple[Known, Evidence]:
    """Moods that nothing of a song says anything about; every seventh is called by few songs."""
    rng = np.random.default_rng(seed)
    sentence = rng.normal(size=(songs, SENTENCE)).astype(np.float32)
    audio = rng.normal(size=(songs, AUDIO)).astype(np.float32)
    rate = np.where(np.arange(moods) % 7 == 0, 0.03, rng.uniform(0.05, 0.4, moods))
    labels = (rng.uniform(size=(songs, moods)) < rate).astype(np.int8)
    nothing, nan = np.full(songs, -1, np.int8), np.full((songs, 2), np.nan, np.float32)
    evidence = Evidence(
        MOODS[:moods], labels, np.ones(songs, bool), (labels, labels), nan,
        nothing, nothing, rng.integers(0, 200, songs),
    )  # fmt: skip
    return Known(sentence, audio, np.zeros((songs, 0), np.float32)), evidence


def test_moods_without_signal_are_not_learned() -> None:
    passing = 0
    for seed in range(3):
        known, evidence = noise(seed, songs=400)
        reader = MoodReader.fit(known.sentence, known.audio, 0)
        passing += len(train_moods(reader, known, evidence, SENTENCES, MoodsConfig()).names)
    assert passing <= 0.05 * 3 * 40


def test_what_is_measured_holds_for_songs_never_seen() -> None:
    """Few songs, some moods with a weak signal among noise: the AUC that is reported is not that of the luckiest."""
    reported, true = [], []
    for seed in range(3):
        known, evidence = noise(seed, songs=400)
        rng = np.random.default_rng(100 + seed)
        signal = rng.normal(size=(SENTENCE, 12))
        odds = 0.8 * known.sentence @ signal / np.sqrt(SENTENCE) * 2 - 1.2
        labels = evidence.labels.copy()
        labels[:, :12] = rng.uniform(size=odds.shape) < 1 / (1 + np.exp(-odds))
        evidence = replace(evidence, labels=labels, halves=(labels, labels))
        reader = MoodReader.fit(known.sentence, known.audio, 0)
        model = train_moods(reader, known, evidence, SENTENCES, MoodsConfig())
        fresh, _ = noise(50 + seed, songs=4_000)
        chances = model.score(*fresh).moods
        fresh_odds = 0.8 * fresh.sentence @ signal / np.sqrt(SENTENCE) * 2 - 1.2
        called = rng.uniform(size=fresh_odds.shape) < 1 / (1 + np.exp(-fresh_odds))
        for i, name in enumerate(model.names):
            place = evidence.moods.index(name)
            true.append(roc_auc_score(called[:, place], chances[:, i]) if place < 12 else 0.5)
        reported.append(model.heads["moods"].measured["AUC"])
    assert np.mean(reported) <= np.mean(true) + 0.02


def test_every_view_is_calibrated_on_songs_never_seen() -> None:
    """Lyrics alone, sound alone and both: each claims what holds, though the signal in each is another."""

    def draw(seed: int, songs: int) -> tuple[Known, np.ndarray]:
        rng = np.random.default_rng(seed)
        sentence = rng.normal(size=(songs, SENTENCE)).astype(np.float32) / np.float32(np.sqrt(SENTENCE))
        audio = rng.normal(size=(songs, AUDIO)).astype(np.float32)
        odds = np.column_stack([4 * sentence[:, 0] + audio[:, 0], 2 * audio[:, 1] - 1, 6 * sentence[:, 1] - 2])
        return Known(sentence, audio, np.zeros((songs, 0))), rng.uniform(size=odds.shape) < 1 / (1 + np.exp(-odds))

    known, called = draw(0, 3_000)
    rng = np.random.default_rng(1)
    known.sentence[rng.uniform(size=3_000) < 0.2] = 0
    known.audio[rng.uniform(size=3_000) < 0.2] = 0
    nothing, nan = np.full(3_000, -1, np.int8), np.full((3_000, 2), np.nan, np.float32)
    labels = called.astype(np.int8)
    evidence = Evidence(
        MOODS[:3], labels, np.ones(3_000, bool), (labels, labels), nan, nothing, nothing, np.arange(3_000)
    )
    reader = MoodReader.fit(known.sentence, known.audio, 0)
    model = train_moods(reader, known, evidence, SENTENCES, MoodsConfig())
    assert model.names == MOODS[:3]
    fresh, held = draw(2, 6_000)
    for shown in (fresh, fresh._replace(audio=0 * fresh.audio), fresh._replace(sentence=0 * fresh.sentence)):
        chances = model.score(*shown).moods
        for column in range(3):
            assert calibration_error(chances[:, column], held[:, column]) < 0.05
    assert model.heads["moods"].measured["ECE"] < 0.05


def test_a_taste_that_has_read_the_labels_is_not_trusted_beyond_what_other_playlists_bear_out() -> None:
    """Each half of the playlists places songs at its own labels; the other half agrees in part."""
    rng = np.random.default_rng(0)
    songs, moods = 3_000, 4
    feeling = rng.normal(size=(songs, moods))
    halves = [(feeling + 1.5 * rng.normal(size=feeling.shape) > 1.5) for _ in range(2)]
    labels = (halves[0] | halves[1]).astype(np.int8)
    tastes = [(half + 0.2 * rng.normal(size=half.shape)).astype(np.float32) for half in halves]
    whole = (labels + 0.2 * rng.normal(size=labels.shape)).astype(np.float32)
    sentence, audio = rng.normal(size=(songs, SENTENCE)).astype(np.float32), np.zeros((songs, AUDIO), np.float32)
    nothing, nan = np.full(songs, -1, np.int8), np.full((songs, 2), np.nan, np.float32)
    by_half = halves[0].astype(np.int8), halves[1].astype(np.int8)
    evidence = Evidence(
        MOODS[:4], labels, np.ones(songs, bool), by_half, nan, nothing, nothing, np.arange(songs)
    )  # fmt: skip
    known, reader = Known(sentence, audio, whole), MoodReader.fit(sentence, audio, moods)
    halved = train_moods(reader, known, evidence, SENTENCES, MoodsConfig(), half_tastes=(tastes[0], tastes[1]))
    assert halved.names == MOODS[:4]
    assert halved.heads["moods"].measured.get("AUC", 0.5) < 0.6, (
        "lyrics say nothing, and no other artist's taste is read"
    )
    claimed = halved.score(sentence, audio, tastes[0]).moods
    later = feeling + 1.5 * rng.normal(size=feeling.shape) > 1.5  # what a third half would say
    sure = claimed[halves[0]]
    assert sure.mean() < 0.75
    assert abs(sure.mean() - later[halves[0]].mean()) < abs(labels[halves[0]].mean() - later[halves[0]].mean())


def test_trust_is_the_slope_that_unseen_labels_bear_out() -> None:
    rng = np.random.default_rng(0)
    base = np.array([0.2, 0.4])
    usual = np.log(base / (1 - base))
    z = 2 * rng.normal(size=(20_000, 2))
    for slope in (0.3, 0.8):
        labels = rng.uniform(size=z.shape) < 1 / (1 + np.exp(-(usual + slope * z)))
        found = trust([((usual + z).astype(np.float32), labels, np.arange(len(z)))] * 2, base)
        assert found == pytest.approx(slope, abs=0.1)
    assert trust([(z[:5].astype(np.float32), np.zeros((5, 2), bool), np.arange(5))], base) == UNMEASURED


def test_a_mood_that_cannot_be_told_is_not_claimed() -> None:
    sentence, audio, taste, evidence = world()
    rng = np.random.default_rng(5)
    labels = np.column_stack([evidence.labels, rng.uniform(size=SONGS) < 0.2]).astype(np.int8)
    guessed = replace(evidence, moods=("loud", "sad", "weird"), labels=labels, halves=(labels, labels))
    reader = MoodReader.fit(sentence, audio, TASTE)
    model = train_moods(reader, Known(sentence, audio, taste), guessed, SENTENCES, MoodsConfig(least_auc=0.6))
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
    reader = MoodReader.fit(sentence, audio, TASTE)
    model = train_moods(reader, Known(sentence, audio, taste), silent, sentences, MoodsConfig())
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
    reader = MoodReader.fit(sentence, audio, TASTE)
    known = Known(sentence, audio, taste)
    model = train_moods(reader, known, replace(evidence, named=named), SENTENCES, MoodsConfig())
    assert "experts" in model.heads["quadrants"].source
    sure = sentence[:, 0] > 0.4
    chances = model.score(sentence, audio, taste).quadrants
    assert (chances[sure, 3] > chances[sure, 1]).mean() > 0.9


def test_settings_that_cannot_be_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"moods\.least_songs is 1, expected 4 or more"):
        MoodsConfig(least_songs=1)


def test_the_reader_puts_the_unknown_in_the_middle() -> None:
    sentence, audio, taste, _ = world()
    reader = MoodReader.fit(sentence, audio, TASTE)
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
    assert columns.rank("sadness") is columns.rank("sad"), "computed once"
    with pytest.raises(ValueError, match="read-only"):
        columns.rank("sad")[0] = 1
    assert columns.learned_neighbours("melancholy") == {"sad": 0.75, "chill": 0.25}
    odds = np.log(chances.astype(np.float64) / (1 - chances.astype(np.float64)))[[0, 1, 3, 4]]
    mixed = ((odds - odds.mean(axis=0)) / odds.std(axis=0)) @ [0.75, 0.25]
    assert columns.rank("melancholic")[[0, 1, 3, 4]].tolist() == pytest.approx((mixed.argsort().argsort() / 3).tolist())
    assert columns.has("melancholic").sum() == 1  # 0.75 x 0.25 + 0.25 x 0.5 of four songs, and no more
    nothing = replace(columns, names=(), probabilities=chances[:, :0], neighbours=kin[:, :0])
    with pytest.raises(FilterError, match="no mood was learned here, so none stands for sad; import playlists or tags"):
        nothing.has("sad")

"""Moods of a song: what listeners would call it, how it feels, and the evidence for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from engine.index import OpenIndex
from engine.query.seeds import Seed
from engine.query.targets import audio_values
from indexer.errors import FilterError, RequestError
from indexer.models.moods.model import QUADRANTS, MoodModel
from indexer.models.moods.reader import BLOCKS
from indexer.models.moods.vocabulary import mood_named
from indexer.records import AUDIO_NAMES, AudioFeatures, Song
from indexer.text.clean import clean

FloatMatrix = npt.NDArray[np.float32]

WORDS, FEATURES = 3, 3  # shown as evidence of a mood
QUADRANT_WORDS = dict(
    zip(QUADRANTS, ("pleasant, excited", "unpleasant, excited", "unpleasant, calm", "pleasant, calm"), strict=True)
)
LEAST_LOGIT = 0.02  # log-odds below which a word or feature is no evidence


@dataclass(frozen=True, slots=True)
class MoodScore:
    """One mood of a song.

    probability       that listeners call the song so, as often as they call such songs so
    base_rate         share of all songs that are called so: what the probability compares with
    listeners_agree   True where this song's playlists or tags clearly call it so, False where they clearly do not,
                      None where nobody knows
    shares            how much of the evidence lies in "lyrics", in "sound" and in "listeners" (artist, genre, playlists
                      that such songs share); they sum to 1
    words, features   of its lyrics and its sound ("low energy"), those that raise the probability; the strongest first
    """

    name: str
    probability: float
    base_rate: float
    listeners_agree: bool | None
    shares: Mapping[str, float]
    words: tuple[str, ...]
    features: tuple[str, ...]

    @property
    def information_bits(self) -> float:
        """How much the mood tells this song from others: probability x log2(probability / base_rate), bits."""
        return self.probability * float(np.log2(max(self.probability, 1e-9) / self.base_rate))


@dataclass(frozen=True, slots=True)
class SongMoods:
    """The moods of a song. Where neither its lyrics nor its sound are known, nothing is: no moods, everything None.

    known      what was read: "lyrics", "sound"
    moods      every mood that was learned, by falling `information_bits`
    valence    standard deviations from the mean of songs, unpleasant to pleasant; arousal, calm to excited
    quadrant   the likeliest of Q1 (pleasant, excited), Q2 (unpleasant, excited), Q3 (unpleasant, calm), Q4 (pleasant,
               calm); quadrants has the probability of each
    happy      probability that a listener who must say happy or sad says happy
    notes      a sentence where several songs have the name, about which was taken
    """

    known: tuple[str, ...]
    moods: tuple[MoodScore, ...] = ()
    valence: float | None = None
    arousal: float | None = None
    quadrant: str | None = None
    quadrants: Mapping[str, float] | None = None
    happy: float | None = None
    notes: tuple[str, ...] = ()

    def __getitem__(self, mood: str) -> MoodScore:
        """One mood, by any of its forms; FilterError where it was not learned here."""
        name = mood_named(mood).name
        for each in self.moods:
            if each.name == name:
                return each
        learned = ", ".join(sorted(each.name for each in self.moods)) or "no mood"
        raise FilterError(f"{name} was not learned here; learned: {learned}")


def song_moods(
    index: OpenIndex,
    song: Song | str | None,
    lyrics: str | None = None,
    audio: AudioFeatures | Mapping[str, float] | None = None,
) -> SongMoods:
    """The moods of a song of the catalogue, of a `Song`, or of lyrics and audio features alone."""
    if (song is None) == (lyrics is None and audio is None):
        both = "both a song and its content" if song is not None else "neither a song nor its content"
        expected = "a song, or else lyrics or audio features of one that is in no catalogue"
        raise RequestError(field="song", found=both, expected=expected)
    if song is None:
        if audio is not None and not isinstance(audio, AudioFeatures):
            audio = AudioFeatures(**audio_values("audio", audio))
        song = Song("", "", lyrics=lyrics, audio=audio)
    if isinstance(song, Song) and index.songs.row_of(song.song_id) is None and not _known(song):
        return SongMoods(())
    return _read(index, Seed.of(index, song), index.mood_model)


def _known(song: Song) -> bool:
    return song.audio is not None or bool(clean(song.lyrics or "", title=song.title, artist=song.artist))


def _read(index: OpenIndex, seed: Seed, model: MoodModel) -> SongMoods:
    """The moods that the model reads from a song, and the evidence."""
    known = tuple(name for name, part in (("lyrics", seed.sentence), ("sound", seed.audio)) if part.any())
    if not known:
        return SongMoods(())
    taste = seed.parts["taste"] if "taste" in seed.parts else np.zeros(0, np.float32)
    row = model.reader.read(seed.sentence[None], seed.audio[None], taste[None])
    scores = model.score(seed.sentence[None], seed.audio[None], taste[None])
    labels = np.zeros((1, len(model.names)), np.int8)
    if seed.row is not None:
        labels = index.songs.moods.listener_labels[[seed.row]]
    chances = model.with_listener_labels(scores.moods, labels)[0]
    view = int(model.reader.view_of(row)[0])
    weights = model.heads["moods"].weights[view]
    shares = _shares(model, row[0], weights)
    weights = weights * model.heads["moods"].slope[view]
    words, spoken = _words(index, seed, model, weights)
    features, sounded = _features(index, seed, model, row[0], weights)
    base_rates = model.heads["moods"].base
    moods = [
        MoodScore(
            name,
            float(chances[i]),
            float(base_rates[i]),
            {1: True, -1: False}.get(int(labels[0, i])),
            {block: float(share) for block, share in zip(BLOCKS, shares[:, i], strict=True)},
            _strongest(words, spoken[:, i], WORDS),
            _strongest(features, sounded[:, i], FEATURES),
        )
        for i, name in enumerate(model.names)
    ]
    quadrants = dict(zip(QUADRANTS, scores.quadrants[0].tolist(), strict=True))
    valence, arousal = scores.affect[0].tolist()
    return SongMoods(
        known,
        tuple(sorted(moods, key=lambda mood: -mood.information_bits)),
        valence,
        arousal,
        max(quadrants, key=quadrants.__getitem__),
        quadrants,
        float(scores.happy[0]),
    )


def _shares(model: MoodModel, row: FloatMatrix, weights: FloatMatrix) -> FloatMatrix:
    """float32 (blocks, moods): each block's part of all that speaks for or against a mood."""
    parts = np.abs([row[columns] @ weights[columns] for columns in model.reader.columns.values()])
    return np.asarray(parts / np.maximum(parts.sum(axis=0), 1e-9), np.float32)


def _words(index: OpenIndex, seed: Seed, model: MoodModel, weights: FloatMatrix) -> tuple[Sequence[str], FloatMatrix]:
    """The song's keywords that the index has vectors of, and the log-odds (words, moods) that each adds, read alone."""
    words = [word for word in seed.keywords if word in index.word_codes]
    codes = np.array([index.word_codes[word] for word in words], np.int64)
    vectors = index.word_vectors[codes].astype(np.float32)
    spoken = (vectors - model.reader.lyrics) @ weights[model.reader.columns["lyrics"]]
    return words, np.asarray(spoken, np.float32)


def _features(
    index: OpenIndex, seed: Seed, model: MoodModel, row: FloatMatrix, weights: FloatMatrix
) -> tuple[Sequence[str], FloatMatrix]:
    """The song's audio features in words, and the log-odds (features, moods) that would be missing without each."""
    audio = seed.song.audio
    known = audio.known() if audio is not None else {}
    shown = [name for name in known if name != "key"]  # a pitch class means nothing to most people
    rests = ({other: value for other, value in known.items() if other != name} for name in shown)
    without = [replace(seed.song, audio=AudioFeatures(**rest)) for rest in rests]
    if not without:
        return (), np.zeros((0, len(model.names)), np.float32)
    scaled = index.scaler.transform(index.comparable_audio(without))
    columns = model.reader.columns["sound"]
    nothing = np.zeros((len(without), len(model.reader.lyrics))), np.zeros((len(without), model.reader.taste))
    rows = model.reader.read(nothing[0], scaled, nothing[1])
    added = (row[columns] - rows[:, columns]) @ weights[columns]
    compared = dict(zip(AUDIO_NAMES, index.comparable_audio([seed.song])[0], strict=True))
    named = []
    for name in shown:
        low, high = index.spread[name]
        above = compared[name] > (low + high) / 2
        named.append(
            ("major" if above else "minor")
            if name == "mode"
            else f"{'high' if above else 'low'} {name.removesuffix('_ms')}"
        )
    return named, np.asarray(added, np.float32)


def _strongest(names: Sequence[str], added: npt.NDArray[np.float32], most: int) -> tuple[str, ...]:
    """The names that add the most, of those that add something."""
    order = np.argsort(-added, kind="stable")[:most]
    return tuple(names[i] for i in order.tolist() if added[i] >= LEAST_LOGIT)

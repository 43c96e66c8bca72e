"""The labelled songs: lyrics as sung and as the paper preprocesses them, quadrants, and the three parts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from benchmarks.papers.preprocessing import preprocess
from benchmarks.papers.product import AUDIO_NAMES, place_of, quadrant_of
from benchmarks.papers.steps import Steps

Rows = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

TEST, VALIDATION = 0.2, 0.35  # places of song_id below the first are tested, between the two validated
LEAST_LABELLED = 200  # fewer with listeners' labels than this, and the signs of the audio features stand in
LEAST_PART = 10
QUICK_SONGS = 240


@dataclass(frozen=True, slots=True)
class QuadrantSongs:
    """The labelled songs whose preprocessed lyrics are long enough, in an order that says nothing of them.

    rows       in the index
    raw, prepared   lyrics as they are, and preprocessed
    classes    0..3: Q1 to Q4
    test, validation   bool (songs,); the others are learned from
    source     where the labels are from
    dropped    labelled songs with lyrics of which preprocessing leaves too little
    """

    rows: Rows
    raw: list[str]
    prepared: list[str]
    classes: Rows
    test: Mask
    validation: Mask
    source: str
    dropped: int

    @property
    def train(self) -> Mask:
        return ~(self.test | self.validation)


def labelled(steps: Steps) -> QuadrantSongs:
    """The songs with lyrics and labels, split by the hash of their ids."""
    index = steps.dataset.index.songs
    with_lyrics = np.flatnonzero(index.alive & index.has_lyrics)
    rows, classes = _by_listeners(steps, with_lyrics)
    source = "the valence and arousal that listeners gave (Deezer)"
    if len(rows) < LEAST_LABELLED:
        rows, classes = _by_sound(index.audio, with_lyrics)
        source = "the audio features valence and energy, above or below 0.5, for want of listeners' labels"
    ids = [index.song_ids[row] for row in rows.tolist()]
    order = np.argsort([place_of(f"order|{song_id}") for song_id in ids])
    order = order[:QUICK_SONGS] if steps.quick else order
    prepared = [preprocess(index.lyrics[row]) for row in rows[order].tolist()]
    kept = np.array([text is not None for text in prepared], bool)
    rows, classes = rows[order][kept], classes[order][kept]
    places = np.array([place_of(ids[i]) for i in order[kept].tolist()])
    songs = QuadrantSongs(
        rows,
        [index.lyrics[row] for row in rows.tolist()],
        [text for text in prepared if text is not None],
        classes,
        places < TEST,
        (places >= TEST) & (places < VALIDATION),
        source,
        int((~kept).sum()),
    )
    parts = [int(part.sum()) for part in (songs.train, songs.validation, songs.test)]
    if min(parts) < LEAST_PART or len(np.unique(classes[songs.train])) < 2:
        raise ValueError(
            f"there are {parts[0]}, {parts[1]} and {parts[2]} songs to train, validate and test on, expected "
            f"{LEAST_PART} or more each, of two quadrants or more; import a catalogue with lyrics and either labels "
            "deezer_valence and deezer_arousal or audio features"
        )
    return songs


def _by_listeners(steps: Steps, rows: Rows) -> tuple[Rows, Rows]:
    ids = steps.dataset.index.songs.song_ids
    valence, arousal = (dict(steps.catalogue.labels(f"deezer_{name}")) for name in ("valence", "arousal"))
    both = valence.keys() & arousal.keys()
    known = np.array([row for row in rows.tolist() if ids[row] in both], np.int64)
    return known, quadrant_of(*([side[ids[row]] for row in known.tolist()] for side in (valence, arousal)))


def _by_sound(audio: npt.NDArray[np.float32], rows: Rows) -> tuple[Rows, Rows]:
    sides = audio[rows][:, [AUDIO_NAMES.index("valence"), AUDIO_NAMES.index("energy")]] - 0.5
    known = ~np.isnan(sides).any(axis=1)
    return rows[known], quadrant_of(*sides[known].T)


def known_artists(steps: Steps, songs: QuadrantSongs) -> float:
    """Share of the test songs whose artist also has a song that is learned from."""
    artist = steps.dataset.index.songs.single("artist_key")[songs.rows]
    return float(np.isin(artist[songs.test], artist[songs.train]).mean())

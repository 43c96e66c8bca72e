"""Evidence: what a catalogue says of its songs' moods, in playlists' names, tags and labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from indexer.models.moods.association import clear_labels, count
from indexer.models.moods.model import quadrant_of
from indexer.models.moods.vocabulary import VOCABULARY, mood_of
from indexer.songs.splits import PlaylistRows
from indexer.songs.table import Songs
from indexer.sources.reader import MOOD_LABEL

if TYPE_CHECKING:
    from indexer.catalogue.read import Queries

FloatMatrix = npt.NDArray[np.float32]
Labels = npt.NDArray[np.int8]
Rows = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

AFFECT = ("deezer_valence", "deezer_arousal")


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of the moods of a catalogue's songs, by row.

    moods     names, sorted
    labels    int8 (rows, moods): 1 listeners call it so, -1 clearly not, 0 unknown
    known     bool (rows,): enough is known of the song to take 0 as "not called so"
    halves    labels from playlists 0, 2, 4 ... alone and from playlists 1, 3, 5 ... alone; of the same columns
    affect    float32 (rows, 2): valence and arousal as labelled, NaN where not
    named     int8 (rows,): the quadrant of an expert's mood label, -1 where there is none
    happy     int8 (rows,): 1 labelled happy, 0 sad, -1 neither
    artists   int64 (rows,): main artists numbered, -1 unknown; songs of one artist are never on both sides of a fold
    """

    moods: tuple[str, ...]
    labels: Labels
    known: Mask
    halves: tuple[Labels, Labels]
    affect: FloatMatrix
    named: Labels
    happy: Labels
    artists: Rows

    def of(self, names: Sequence[str]) -> Labels:
        """The labels of these moods; 0 for those that no playlist or tag names."""
        column = {mood: i for i, mood in enumerate(self.moods)}
        out = np.zeros((len(self.labels), len(names)), np.int8)
        for i, name in enumerate(names):
            if name in column:
                out[:, i] = self.labels[:, column[name]]
        return out


def gather(catalogue: Queries, songs: Songs, playlists: Sequence[PlaylistRows], *, least_playlists: int) -> Evidence:
    """The evidence of playlists (those that may be learned from), tags and labels, by row of the index."""
    rows = len(songs)
    counted = count(playlists, rows)
    tags = _tagged(songs)
    moods = tuple(sorted({*counted.moods, *(mood for mood, _ in tags)}))
    column = {mood: i for i, mood in enumerate(moods)}
    whole = _spread(clear_labels(counted), counted.moods, column)
    tagged = np.zeros(rows, bool)
    for mood, at in tags:
        whole[at, column[mood]] = 1
        tagged[at] = True
    halves = tuple(
        _spread(clear_labels(half), half.moods, column) for half in (count(playlists[i::2], rows) for i in (0, 1))
    )
    row_of = {songs.song_ids[row]: row for row in np.flatnonzero(songs.alive).tolist()}
    affect = np.full((rows, 2), np.nan, np.float32)
    for i, name in enumerate(AFFECT):
        for song_id, value in catalogue.labels(name):
            if song_id in row_of:
                affect[row_of[song_id], i] = value
    named, happy = np.full(rows, -1, np.int8), np.full(rows, -1, np.int8)
    for name in catalogue.label_names():
        expert = mood_of(name.removeprefix(MOOD_LABEL)) if name.startswith(MOOD_LABEL) else None
        if expert is not None:
            at = np.array([row_of[song_id] for song_id, _ in catalogue.labels(name) if song_id in row_of], np.int64)
            named[at] = quadrant_of(VOCABULARY[expert].valence, VOCABULARY[expert].arousal)
            if expert in ("happy", "sad"):
                happy[at] = expert == "happy"
    artists = songs.single("artist_key").astype(np.int64)
    artists[artists >= 0] = np.unique(artists[artists >= 0], return_inverse=True)[1]  # guests alone take no number
    known = (counted.of_songs >= least_playlists) | tagged
    return Evidence(moods, whole, known, (halves[0], halves[1]), affect, named, happy, artists)


def _spread(labelled: Labels, moods: Sequence[str], column: dict[str, int]) -> Labels:
    """The columns in the order that `column` says; moods that are not there are 0."""
    out = np.zeros((len(labelled), len(column)), np.int8)
    out[:, [column[mood] for mood in moods]] = labelled
    return out


def _tagged(songs: Songs) -> list[tuple[str, Rows]]:
    """(mood, living rows) for each tag of songs that is one."""
    tags = songs.column("tag")
    mood_of_code = {code: mood for code, tag in enumerate(tags.terms) if (mood := mood_of(tag)) is not None}
    living = np.flatnonzero(songs.alive)
    owners, codes = tags.of_rows(living)
    wanted = np.isin(codes, np.array([*mood_of_code], codes.dtype))
    owners, codes = owners[wanted], codes[wanted]
    order = np.argsort(codes, kind="stable")
    unique, starts = np.unique(codes[order], return_index=True)
    parts = np.split(living[owners[order]], starts[1:])
    return (
        [(mood_of_code[code], rows) for code, rows in zip(unique.tolist(), parts, strict=True)] if len(unique) else []
    )

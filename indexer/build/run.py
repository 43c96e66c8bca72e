"""The recipe: catalogue -> index folder, one function per stage, in order; no arithmetic.

A build is an update of nothing: it numbers the songs afresh, learns every model again and writes all rows.
An update keeps the models and the rows that did not change, and appends the others.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from indexer.build.changes import Changes
from indexer.build.context import Work
from indexer.build.listeners import write_moods, write_playlists, write_taste, write_tbert
from indexer.catalogue import Catalogue
from indexer.config import IndexConfig
from indexer.encoders.cache import encode_once, forget
from indexer.errors import CatalogueError, IndexFormatError, IndexMissingError
from indexer.models.audio_scaler import AudioScaler
from indexer.models.autoencoder import AutoencoderConfig, train_autoencoder
from indexer.models.keywords import choose_by_meaning, tfidf_keywords
from indexer.models.mlp import DenseStack, load_encoder
from indexer.models.topics import fit_topics, load_topics
from indexer.progress import Track, quiet
from indexer.records import Song
from indexer.search.lexical import LexicalIndex, SongText, build_lexical, update_lexical
from indexer.search.vectors.faiss_store import add_vectors, build_vectors
from indexer.songs.table import Songs, write_songs
from indexer.store.generations import new_generation, open_generation
from indexer.text.tokens import tokenise, unique_lines

FloatMatrix = npt.NDArray[np.float32]

LEAST_SONGS = 32  # fewer lyrics or feature rows than this teach an autoencoder nothing
LIBRARIES = (
    "numpy",
    "torch",
    "keras",
    "sentence-transformers",
    "faiss-cpu",
    "faiss-gpu-cu12",
    "tantivy",
    "scikit-learn",
)


@dataclass(frozen=True, slots=True)
class BuildReport:
    """What a build or update did.

    kind      "built", "updated" or "unchanged"
    songs     living songs in the index
    added     songs that were not in the index before; changed, removed likewise (0 for a build)
    """

    kind: Literal["built", "updated", "unchanged"]
    index: str
    generation: int
    songs: int
    added: int = 0
    changed: int = 0
    removed: int = 0


def build_index(
    catalogue: Catalogue, index: str | Path, config: IndexConfig | None = None, *, track: Track = quiet
) -> BuildReport:
    """Build the index of a catalogue; where catalogue and configuration are those of the index, nothing is done.

    The new generation is published whole at the end: until then, and after any failure, the old one is in use.
    Sentence vectors of lyrics that an earlier or unfinished build encoded are kept.
    """
    config = config or IndexConfig()
    if not len(catalogue):
        raise CatalogueError("the catalogue holds no songs; add some with `refrain import FILE...`")
    fingerprint = catalogue.fingerprint()
    unchanged = _unchanged(Path(index), fingerprint, config)
    if unchanged is not None:
        return unchanged
    return _publish(catalogue, Path(index), config, fingerprint, track, afresh=True)


def update_index(catalogue: Catalogue, index: str | Path, *, track: Track = quiet) -> BuildReport:
    """Bring an index up to the catalogue: new, changed and deleted songs only, without learning again."""
    generation = open_generation(index)
    try:
        config = IndexConfig.from_json(generation.manifest["config"])
    finally:
        generation.close()
    fingerprint = catalogue.fingerprint()
    unchanged = _unchanged(Path(index), fingerprint, config)
    if unchanged is not None:
        return unchanged
    return _publish(catalogue, Path(index), config, fingerprint, track, afresh=False)


def _unchanged(index: Path, fingerprint: str, config: IndexConfig) -> BuildReport | None:
    try:
        generation = open_generation(index)
    except (IndexMissingError, IndexFormatError):
        return None
    try:
        manifest = generation.manifest
        same = manifest["catalogue"] == fingerprint and manifest["config"] == config.to_json()
        return BuildReport("unchanged", str(index), generation.number, manifest["songs"]) if same else None
    finally:
        generation.close()


def _publish(
    catalogue: Catalogue, index: Path, config: IndexConfig, fingerprint: str, track: Track, *, afresh: bool
) -> BuildReport:
    cache = index / "encoded"
    facts: dict[str, Any] = {"catalogue": fingerprint, "config": config.to_json(), "libraries": _libraries()}
    with new_generation(index, facts) as draft:
        changes = Changes.between(catalogue, None if afresh else draft.base)
        first = 0 if changes.afresh or draft.base is None else len(Songs(draft.base))
        work = Work(catalogue, config, draft, cache, first, track)
        for stage in STAGES:
            stage(work, changes)
        facts |= _facts(work)
        report = BuildReport(
            "updated" if first else "built",
            str(index),
            int(draft.path.name.split(".")[1]),
            facts["songs"],
            *((len(changes.added), len(changes.changed), len(changes.dead) - len(changes.changed)) if first else ()),
        )
    forget(cache)
    return report


def _write_facets(work: Work, changes: Changes) -> None:
    digests = changes.digests or {}
    wanted = None if not work.first else sorted((*changes.added, *changes.changed))
    stream = work.catalogue.songs(wanted) if wanted is None or wanted else iter(())
    songs: Iterator[Song] = iter(work.track(stream, "read songs", len(digests) if wanted is None else len(wanted)))
    base = None if work.base is None else Songs(work.base)
    write_songs(work.draft, ((song, digests[song.song_id]) for song in songs), base=base, dead=changes.dead)


def _write_lexical(work: Work, changes: Changes) -> None:
    songs = work.songs
    folder = work.draft.folder("lexical")

    def texts(rows: Iterable[int]) -> Iterator[SongText]:
        return ((row, songs.titles[row], songs.artists[row], songs.lyrics[row] or None) for row in rows)

    if work.base is None:
        build_lexical(folder, texts(work.new), track=work.track, total=len(work.new))
    else:
        living = np.flatnonzero(songs.alive).tolist()
        update_lexical(
            work.base.path / "lexical", folder, remove=changes.dead, add=texts(work.new),
            everything=lambda: texts(living), track=work.track, total=len(living if changes.dead else work.new),
        )  # fmt: skip


def _write_sentences(work: Work, changes: Changes) -> None:
    texts = [unique_lines(text) for text in work.texts()]
    hashes = work.draft.array("songs/lyrics_hash")[work.first :]
    vectors = encode_once(texts, hashes, work.encoder, work.cache, work.draft, track=work.track)
    work.extend("sentence", vectors)


def _write_keywords(work: Work, changes: Changes) -> None:
    """Keywords by TF-IDF, and of them the salient ones: nearest in meaning to the song, unlike each other."""
    lexical = LexicalIndex(work.draft.path / "lexical")
    frequency: dict[str, int] = {}

    def document_frequency(word: str) -> int:
        if word not in frequency:
            frequency[word] = lexical.document_frequency(word)
        return frequency[word]

    sung = int(work.songs.has_lyrics.sum())
    keywords = [
        tfidf_keywords(tokenise(text), document_frequency, sung, work.config.keywords)
        for text in work.track(work.texts(), "choose keywords")
    ]
    base = work.base
    known = [] if base is None else list(base.strings("words"))
    place = {word: i for i, word in enumerate(known)}
    fresh = sorted({word for words in keywords for word in words} - place.keys())
    place.update((word, len(known) + i) for i, word in enumerate(fresh))
    work.draft.write_strings("words", fresh, after=None if base is None else base.strings("words"))
    vectors = work.extend("word_vectors", work.encoder.encode(fresh, track=work.track).astype(np.float16))
    sentences = work.draft.array("sentence")
    salient = []
    for row, words in zip(work.new, keywords, strict=True):
        candidates = vectors[[place[word] for word in words]].astype(np.float32)
        picked = choose_by_meaning(sentences[row].astype(np.float32), candidates, work.config.salient_keywords)
        salient.append([words[i] for i in picked])
    for name, rows in (("keywords", keywords), ("salient_keywords", salient)):
        after = None if base is None else base.strings(name)
        work.draft.write_strings(name, (" ".join(words) for words in rows), after=after)


def _write_topics(work: Work, changes: Changes) -> None:
    settings = work.config.topics
    texts = work.texts()
    if work.base is not None:
        if (work.base.path / "topic_model").is_dir():
            work.draft.adopt(work.base, "topic_model")
    else:
        sung = [text for text in texts if text]
        model = fit_topics(sung, topics=settings.topics, seed=settings.seed, track=work.track)
        if model is not None:
            model.save(work.draft.folder("topic_model"))
    folder = work.draft.path / "topic_model"
    topics = load_topics(folder).infer(texts, track=work.track) if folder.is_dir() else None
    work.extend("topics", np.zeros((len(texts), settings.topics), np.float32) if topics is None else topics)


def _write_audio(work: Work, changes: Changes) -> None:
    table = work.songs.audio
    if work.base is not None:
        work.draft.adopt(work.base, "audio_scaler.json")
    else:
        AudioScaler.fit(table).save(work.draft.path / "audio_scaler.json")
    scaler = AudioScaler.load(work.draft.path / "audio_scaler.json")
    work.extend("audio", scaler.transform(table[work.first :]))


def _write_autoencoders(work: Work, changes: Changes) -> None:
    work.latents["lyrics"] = _compress(work, "lyrics_autoencoder", "sentence", work.config.lyrics)
    work.latents["audio"] = _compress(work, "audio_autoencoder", "audio", work.config.audio)


def _write_parts(work: Work, changes: Changes) -> None:
    """The latents side by side, and the FAISS index over them."""
    parts = work.extend("parts", np.hstack(list(work.latents.values())))
    target = work.draft.path / "vectors.faiss"
    if work.base is None:
        build_vectors(parts, target, exact_below=work.config.exact_below)
    else:
        add_vectors(work.base.path / "vectors.faiss", target, parts[work.first :])


def _compress(work: Work, name: str, source: str, config: AutoencoderConfig) -> FloatMatrix:
    matrix = work.draft.array(source)
    if work.base is not None:
        if (work.base.path / name).is_dir():
            work.draft.adopt(work.base, name)
    else:
        known = matrix[np.flatnonzero(matrix.any(axis=1))].astype(np.float32)
        if len(known) >= LEAST_SONGS:
            train_autoencoder(known, config, track=work.track).save(work.draft.folder(name))
    folder = work.draft.path / name
    rows = matrix[work.first :].astype(np.float32)
    stack: DenseStack | None = load_encoder(folder) if folder.is_dir() else None
    return np.zeros((len(rows), config.latent), np.float32) if stack is None else stack.encode(rows)


STAGES: tuple[Callable[[Work, Changes], None], ...] = (
    _write_facets,
    _write_lexical,
    _write_sentences,
    _write_keywords,
    _write_topics,
    _write_audio,
    _write_autoencoders,
    write_playlists,
    write_taste,
    write_tbert,
    _write_parts,
    write_moods,
)


def _facts(work: Work) -> dict[str, Any]:
    songs = work.songs
    settings = {"config": work.config.to_json(), "encoder": work.encoder.name}
    return {
        "songs": int(songs.alive.sum()),
        "rows": len(songs),
        "with_lyrics": int((songs.alive & songs.has_lyrics).sum()),
        "playlists": len(work.playlists),
        "with_audio": int((songs.alive & songs.has_audio).sum()),
        "encoder": {"name": work.encoder.name, "sha256": work.encoder.sha256},
        "parts": [[name, latents.shape[1]] for name, latents in work.latents.items()],
        # Ties a weights file to what its signals were: the settings and the encoder, not the songs.
        "fingerprint": hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest(),
    }


def _libraries() -> dict[str, str]:
    found = {}
    for name in ("refrain", *LIBRARIES):
        try:
            found[name] = version(name)
        except PackageNotFoundError:  # not installed as a package, or the GPU build in its place
            continue
    return found

"""Stages that read the songs' content: the inverted index, vectors of words, topics and sound."""

from __future__ import annotations

import shutil
from collections.abc import Collection, Iterator
from itertools import islice

import numpy as np
import numpy.typing as npt

from indexer.build.context import Batch, Context
from indexer.build.stage import BATCH, Columns, Outcome, no_rows, sample, write_rows
from indexer.encoders.cache import VectorCache
from indexer.encoders.sentence import SentenceEncoder
from indexer.errors import CatalogueError, EncoderError
from indexer.models import audio_origins, audio_scaler
from indexer.models.audio_origins import LEAST_SONGS, OriginScales
from indexer.models.audio_scaler import COLUMNS, AudioScaler
from indexer.models.autoencoder import AutoencoderConfig, train_autoencoder
from indexer.models.keywords import choose_by_meaning, tfidf_keywords
from indexer.models.mlp import DenseStack, load_encoder
from indexer.models.timbre import TimbreModel
from indexer.models.topics import fit_topics, load_topics
from indexer.records import AUDIO_NAMES
from indexer.search.lexical import LexicalIndex, build_lexical, update_lexical
from indexer.store import artefacts
from indexer.store.artefacts import Artefact
from indexer.text.tokens import tokenise, unique_lines

FloatMatrix = npt.NDArray[np.float32]

LEAST_ROWS = 32  # fewer lyrics or feature rows than this teach an autoencoder nothing
ENCODED_AT_ONCE = 2_048  # lyrics that are encoded and saved at once: half a minute's work is what a crash can cost
WORDS_AT_ONCE = 1_000
MOST_TIMBRES = 50_000  # that a model is fitted to, drawn at random
CHOSEN_AT_ONCE = 512  # songs, each with the vectors of its keywords side by side: 20 MB


def lexical(context: Context) -> Outcome:
    """The inverted index; songs that were deleted leave no word in it."""
    folder = context.draft.folder(artefacts.LEXICAL)
    base = context.base
    if base is None:
        build_lexical(folder, _texts(context, range(len(context.songs))), track=context.track, total=len(context.songs))
    else:
        dead = [row for row in context.changes.dead if row < context.first]
        rows = range(len(context.songs))
        update_lexical(
            base.place(artefacts.LEXICAL), folder, remove=dead, add=_texts(context, context.new),
            everything=lambda: _texts(context, rows), track=context.track,
            total=len(rows) if dead else len(context.new),
        )  # fmt: skip
    return Outcome()


def _texts(context: Context, rows: range) -> Iterator[tuple[int, str, str, str | None]]:
    table = context.songs

    def artists(row: int) -> str:
        """All artists: as written, then those that the text does not name."""
        text = table.artists[row]
        return " ".join([text, *(name for name in table.column("artist_name").of(row) if name not in text)])

    return ((r, table.titles[r], artists(r), table.lyrics[r] or None) for r in rows if table.alive[r])


def sentences(context: Context) -> Outcome:
    """Sentence vectors of the lyrics, each line once; what was encoded before is taken from there."""
    cache = VectorCache(context.cache, context.encoder, context.encoded_before("sentences"), context.version)

    def apply(batch: Batch) -> Columns:
        texts = [unique_lines(text) for text in batch.lyrics]
        return {artefacts.SENTENCE: cache.encode(texts, batch.array(artefacts.LYRICS_HASH))}

    # The encoder takes seconds to load, and says no more of its width than the vectors that are there.
    width = context.encoder.dim if context.base is None else context.base.array(artefacts.SENTENCE).shape[1]
    like = {artefacts.SENTENCE: no_rows(width, np.float16)}
    write_rows(context, like, apply, label="encode lyrics", batch=ENCODED_AT_ONCE)
    return Outcome()


def query_encoder(context: Context) -> Outcome:
    """The encoder in a form that is loaded at once, for words that are asked for; torch does it where there is none."""
    from indexer.encoders.exported import export

    encoder = context.encoder
    if isinstance(encoder, SentenceEncoder):
        folder = context.draft.folder(artefacts.QUERY_ENCODER)
        try:
            export(encoder, folder)
        except EncoderError as error:
            shutil.rmtree(folder)
            context.notes.append(str(error))
    return Outcome()


def keywords(context: Context) -> Outcome:
    """Keywords by TF-IDF, and of them the salient ones: nearest in meaning to the song, unlike each other."""
    draft, base, config = context.draft, context.base, context.config
    index = LexicalIndex(draft.place(artefacts.LEXICAL))
    frequency: dict[str, int] = {}

    def document_frequency(word: str) -> int:
        if word not in frequency:
            frequency[word] = index.document_frequency(word)
        return frequency[word]

    with_lyrics = int(context.songs.has_lyrics.sum())
    blank = _newly_dead(context)
    before = {a: None if base is None else base.strings(a) for a in (artefacts.KEYWORDS, artefacts.SALIENT_KEYWORDS)}
    with draft.strings_writer(artefacts.KEYWORDS, after=before[artefacts.KEYWORDS], blank=blank) as write:
        for batch in context.track(context.batches(BATCH), "choose keywords"):
            write(
                " ".join(tfidf_keywords(tokenise(text), document_frequency, with_lyrics, config.keywords, language=own))
                for text, own in zip(batch.lyrics, batch.languages, strict=True)
            )
    place, vectors = _word_vectors(context)
    chosen = draft.strings(artefacts.KEYWORDS)
    after = before[artefacts.SALIENT_KEYWORDS]
    with draft.strings_writer(artefacts.SALIENT_KEYWORDS, after=after, blank=blank) as write:
        for batch in context.track(context.batches(CHOSEN_AT_ONCE), "choose salient keywords"):
            words = [chosen[row].split() for row in batch.rows]
            candidates = [np.array([place[word] for word in each], np.int64) for each in words]
            songs_ = batch.array(artefacts.SENTENCE).astype(np.float32)
            picked = choose_by_meaning(songs_, vectors, candidates, config.salient_keywords)
            write(" ".join(each[i] for i in some) for each, some in zip(words, picked, strict=True))
    return Outcome()


def _word_vectors(context: Context) -> tuple[dict[str, int], npt.NDArray[np.float16]]:
    """The keywords of living songs, each with a place, and the vectors at these places; written on the way."""
    draft, before = context.draft, context.encoded_before("keywords")  # what is made anew, too, encodes no word again
    known: dict[str, int] = {}
    if before is not None and before.has(artefacts.WORDS):
        known = {word: code for code, word in enumerate(before.strings(artefacts.WORDS))}
    grows = context.base is not None and _newly_dead(context) is None
    chosen = draft.strings(artefacts.KEYWORDS)
    rows = context.batches(BATCH) if grows else context.everything(BATCH)
    used = {word for batch in rows for row in batch.rows for word in chosen[row].split()}
    words = sorted(used | known.keys()) if grows else sorted(used)
    draft.write_strings(artefacts.WORDS, words)
    vectors = draft.new_array(
        artefacts.WORD_VECTORS, (len(words), draft.array(artefacts.SENTENCE).shape[1]), np.float16
    )
    old = [place for place, word in enumerate(words) if word in known]
    if old and before is not None:
        vectors[old] = before.array(artefacts.WORD_VECTORS)[[known[words[place]] for place in old]]
    new = [place for place, word in enumerate(words) if word not in known]
    for start in context.track(range(0, len(new), WORDS_AT_ONCE), "encode keywords"):
        some = new[start : start + WORDS_AT_ONCE]
        vectors[some] = context.encoder.encode([words[place] for place in some])
    return {word: place for place, word in enumerate(words)}, vectors


def _newly_dead(context: Context) -> npt.NDArray[np.bool_] | None:
    """bool (rows of the base,): its dead rows, where this update makes some; else None."""
    if context.base is None or not context.changes.dead:
        return None
    return ~context.songs.alive[: context.first]


def topics(context: Context) -> Outcome:
    settings = context.config.topics
    outcome = Outcome(learned=True)
    if context.action == "learn":
        many, model, why = int(context.songs.has_lyrics.sum()), None, ""
        if many >= LEAST_ROWS:
            (whole,) = context.everything(len(context.songs))
            model = fit_topics(
                context.songs.lyrics, languages=whole.languages, topics=settings.topics, seed=settings.seed,
                track=context.track,
            )  # fmt: skip
            why = "the lyrics share too few words"
        outcome = Outcome(model is not None, many, why="" if model else why or _few(many, "lyrics"))
        if model is not None:
            model.save(context.draft.folder(artefacts.TOPIC_MODEL))
    found = (
        load_topics(context.draft.place(artefacts.TOPIC_MODEL)) if context.draft.has(artefacts.TOPIC_MODEL) else None
    )
    if found is not None and context.base is not None and context.changes.dead:
        in_use = _words_in_use(context, found.vocabulary)
        if len(in_use) < len(found.vocabulary):
            found = found.of_words(in_use)
            found.save(context.draft.folder_anew(artefacts.TOPIC_MODEL))

    def apply(batch: Batch) -> Columns:
        return {} if found is None else {artefacts.TOPICS: found.infer(batch.lyrics, languages=batch.languages)}

    write_rows(context, {artefacts.TOPICS: no_rows(settings.topics)}, apply, label="infer topics")
    return outcome


def _words_in_use(context: Context, words: Collection[str]) -> set[str]:
    """Those of the words that a living song has."""
    sought, in_use = set(words), set[str]()
    for batch in context.everything(BATCH):
        for text in batch.lyrics:
            in_use |= sought.intersection(tokenise(text))
        if len(in_use) == len(sought):
            break
    return in_use


def audio(context: Context) -> Outcome:
    """Audio features on one scale."""
    outcome = Outcome(learned=True)
    if context.action == "learn":
        folder, alive = context.draft.folder(artefacts.AUDIO_SCALER), np.flatnonzero(context.songs.alive)
        rows = sample(alive)
        table, measured = context.songs.audio_as_imported[rows], context.songs.audio_measured[rows]
        scales = OriginScales.fit(*_of_both_origins(context, alive))
        scales.save(folder / audio_origins.FILE)
        AudioScaler.fit(scales.transform(table, measured)).save(folder / audio_scaler.FILE)
        many = int((context.songs.alive & context.songs.has_audio).sum())
        # A scale of a few songs serves until there are more: not learned, so that an update learns it.
        outcome = Outcome(many >= LEAST_ROWS, many, why="" if many >= LEAST_ROWS else _few(many, "audio features"))
    folder = context.draft.place(artefacts.AUDIO_SCALER)
    scaler, scales = AudioScaler.load(folder / audio_scaler.FILE), OriginScales.load(folder / audio_origins.FILE)
    if not scales:
        context.notes += _mixed(context)

    def apply(batch: Batch) -> Columns:
        features = batch.array(artefacts.AUDIO_FEATURES)
        if not scales:
            return {artefacts.AUDIO: scaler.transform(features)}
        comparable = scales.transform(features, batch.array(artefacts.AUDIO_MEASURED))
        return {artefacts.AUDIO: scaler.transform(comparable), artefacts.COMPARABLE_AUDIO: comparable}

    like = {artefacts.AUDIO: no_rows(len(COLUMNS))}
    if scales:
        like[artefacts.COMPARABLE_AUDIO] = no_rows(len(AUDIO_NAMES))
    write_rows(context, like, apply, label="")
    return outcome


def _mixed(context: Context) -> list[str]:
    """What the user should know where features of two origins are compared as they are."""
    known = context.songs.alive & context.songs.has_audio
    of_files = int((known & context.songs.audio_measured).sum())
    others = int(known.sum()) - of_files
    if not of_files or not others:
        return []
    if min(of_files, others) >= LEAST_SONGS and context.action != "learn":
        return ["features measured from files stand beside Spotify's: run `refrain build` to bring both to one scale"]
    return [
        f"{of_files:,} songs have features measured from files, {others:,} have Spotify's: they are compared as they "
        f"are until there are {LEAST_SONGS} of each"
    ]


def _of_both_origins(context: Context, alive: npt.NDArray[np.int64]) -> tuple[FloatMatrix, npt.NDArray[np.bool_]]:
    """Audio features of living songs, measured ones and others, each from a sample of its own; which are measured."""
    measured = context.songs.audio_measured[alive]
    rows = np.concatenate([sample(alive[measured]), sample(alive[~measured])])
    return context.songs.audio_as_imported[rows], context.songs.audio_measured[rows]


def lyrics_latents(context: Context) -> Outcome:
    names = artefacts.SENTENCE, artefacts.LYRICS_AUTOENCODER, artefacts.LYRICS_PART
    return _compress(context, *names, context.config.lyrics, "lyrics")


def audio_latents(context: Context) -> Outcome:
    names = artefacts.AUDIO, artefacts.AUDIO_AUTOENCODER, artefacts.AUDIO_PART
    return _compress(context, *names, context.config.audio, "audio features")


def timbre(context: Context) -> Outcome:
    """What files sound like; where no two songs have a file that was measured, there is no such part of the vector."""
    draft, base, songs_ = context.draft, context.base, context.songs
    outcome = Outcome()
    if context.action == "learn":
        some, many = _some_timbres(context)
        outcome = Outcome(None, many, why=_few(many, "files that were measured", 2))
        if many > 1:
            outcome = Outcome(True, many)
            fitted = TimbreModel.fit(some, context.config.timbre, track=context.track)
            fitted.save(draft.folder(artefacts.TIMBRE_MODEL))
    if not draft.has(artefacts.TIMBRE_MODEL):
        return outcome
    model = TimbreModel.load(draft.place(artefacts.TIMBRE_MODEL))
    part = draft.new_array(artefacts.TIMBRE_PART, (len(songs_), context.config.timbre.latent), np.float32)
    if base is not None and context.first:
        part[: context.first] = base.array(artefacts.TIMBRE_PART)[: context.first]
    stream = context.snapshot.timbres() if len(context.new) else iter(())
    while some_ := list(islice(stream, BATCH)):
        rows = np.array([-1 if (row := songs_.row_of(song_id)) is None else row for song_id, _ in some_], np.int64)
        new = rows >= context.first
        vectors = [vector for (_, vector), here in zip(some_, new, strict=True) if here]
        if vectors:
            part[rows[new]] = model.encode(np.stack(vectors))
    return outcome


def _some_timbres(context: Context) -> tuple[FloatMatrix, int]:
    """The timbres of all songs or, drawn as they stream by, of MOST_TIMBRES of them; and how many there are.

    Algorithm R (Vitter 1985): they are in the order of the songs' ids, so a build and an update draw the same.
    """
    drawn, many, rng = list[npt.NDArray[np.float32]](), 0, np.random.default_rng(0)
    for song_id, vector in context.snapshot.timbres():
        if drawn and vector.shape != drawn[0].shape:
            raise CatalogueError(
                f"the timbre of the song {song_id} has {len(vector)} numbers, expected {len(drawn[0])} as others have; "
                "measure its file again with `refrain import FOLDER`"
            )
        many += 1
        place = len(drawn) if len(drawn) < MOST_TIMBRES else int(rng.integers(many))
        drawn[place : place + 1] = [vector] if place < MOST_TIMBRES else []
    return np.array(drawn, np.float32), many


def _compress(
    context: Context, source: Artefact, model: Artefact, part: Artefact, config: AutoencoderConfig, what: str
) -> Outcome:
    draft, outcome = context.draft, Outcome(learned=True)
    if context.action == "learn":
        matrix = draft.array(source)
        known = sample(np.flatnonzero(matrix.any(axis=1)))
        enough = len(known) >= LEAST_ROWS
        outcome = Outcome(enough, len(known), why="" if enough else _few(len(known), what))
        if enough:
            train_autoencoder(matrix[known].astype(np.float32), config, track=context.track).save(draft.folder(model))
    stack: DenseStack | None = load_encoder(draft.place(model)) if draft.has(model) else None

    def apply(batch: Batch) -> Columns:
        return {} if stack is None else {part: stack.encode(batch.array(source).astype(np.float32))}

    write_rows(context, {part: no_rows(config.latent)}, apply, label="")
    return outcome


def _few(many: int, what: str, least: int = LEAST_ROWS) -> str:
    return f"{many} songs have {what}, needs {least}"

"""Stages that read what listeners say: their playlists, tags and labels, and the vectors that follow from them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from indexer.build.context import Batch, Context
from indexer.build.stage import BATCH, Columns, Outcome, no_rows, sample, write_rows
from indexer.encoders.sentence import SentenceEncoder
from indexer.errors import ConfigError, IndexFormatError
from indexer.models.cooccurrence import CoOccurrence
from indexer.models.factors import gram_of, learn_factors
from indexer.models.moods.columns import thresholds
from indexer.models.moods.evidence import Evidence, gather
from indexer.models.moods.model import MoodModel
from indexer.models.moods.reader import Known, MoodReader
from indexer.models.moods.training import train_moods
from indexer.models.moods.vocabulary import VOCABULARY
from indexer.models.taste import Reader, Taste, train_taste
from indexer.models.taste.content import song_terms
from indexer.models.taste.halves import half_places
from indexer.models.taste.training import LEAST_PLAYLISTS
from indexer.models.tbert import LEAST_LABELLED, load_tbert, train_tbert
from indexer.models.tbert.labels import song_labels
from indexer.songs.artist_tags import write_artist_tags
from indexer.songs.popularity import play_popularity, playlist_popularity
from indexer.songs.table import Songs
from indexer.sources.reader import PLAYS_LABEL
from indexer.store import artefacts
from indexer.text.tokens import unique_lines

FloatMatrix = npt.NDArray[np.float32]


def popularity(context: Context) -> Outcome:
    """How often playlists hold each song and how often it was played; read anew by every update."""
    rows = [playlist.rows for playlist in context.playlists]
    counting = [name for name in context.snapshot.label_names() if name.startswith(PLAYS_LABEL)]
    played = play_popularity(context.songs, {name: context.snapshot.labels(name) for name in counting})
    context.draft.write_array(artefacts.POPULARITY, playlist_popularity(context.songs, rows, played))
    return Outcome(playlists=len(rows))


def cooccurrence(context: Context) -> Outcome:
    """The playlists themselves, to be compared when songs are asked for."""
    rows = [playlist.rows for playlist in context.playlists]
    CoOccurrence.of_playlists(rows, len(context.songs), context.config.cooccurrence).save(context.draft)
    return Outcome(playlists=len(rows))


def factors(context: Context) -> Outcome:
    """What playlists have in common; an update goes on from the factors that it finds."""
    rows = [playlist.rows for playlist in context.playlists]
    start = context.carried(artefacts.FACTORS) if context.action == "apply" else None
    if start is not None and (not start.any() or start.shape[1] != context.config.factors.size):
        start = None
    learned = learn_factors(rows, len(context.songs), context.config.factors, start=start, track=context.track)
    context.draft.write_array(artefacts.FACTORS, learned.astype(np.float16))
    context.draft.write_array(artefacts.FACTORS_GRAM, gram_of(learned))
    return Outcome(bool(rows), len(context.songs), len(rows), "" if rows else "there are no playlists to learn from")


def artist_tags(context: Context) -> Outcome:
    write_artist_tags(context.draft, context.songs.column("artist_key").terms, context.snapshot.artist_tags())
    return Outcome()


def taste(context: Context) -> Outcome:
    """The taste model, the songs' residuals and their places; a song that is there already keeps its residual."""
    draft, config = context.draft, context.config
    outcome = Outcome(learned=True)
    # Lyrics as latents: with the first 96 principal components taste was as good as with all 384 columns, in half the
    # time; these 48 were not compared with them directly.
    known = {"lyrics": artefacts.LYRICS_PART, "audio": artefacts.AUDIO, "topics": artefacts.TOPICS}
    if context.action == "learn":
        parts = {name: draft.array(artefact) for name, artefact in known.items()}
        (whole,) = context.everything(max(1, len(context.songs)))
        reader, content = Reader.learn(whole.outlined(), parts)
        learned = train_taste(content, reader, whole.artists, context.playlists, config.taste, track=context.track)
        many = len(context.playlists)
        why = "" if learned else f"{many} playlists, needs {LEAST_PLAYLISTS} of two songs or more"
        outcome = Outcome(learned is not None, len(context.songs), many, why)
        if learned is None:
            return outcome
        model, residuals = learned
        model.save(draft.folder(artefacts.TASTE_MODEL))
        draft.write_array(artefacts.TASTE_RESIDUALS, residuals.astype(np.float16))
        draft.write_array(artefacts.TASTE_PART, model.place(content, whole.artists, residuals))
        return outcome
    if not draft.has(artefacts.TASTE_MODEL):
        return Outcome(learned=False)
    carried = context.carried(artefacts.TASTE_RESIDUALS)
    if carried is None:
        raise IndexFormatError("the index has a taste model without residuals; run `refrain build --force`")
    trained = Taste.load(draft.place(artefacts.TASTE_MODEL))
    if context.changes.dead or not context.rows_grow:
        trained = _of_today(context, trained)
        trained.save(draft.folder_anew(artefacts.TASTE_MODEL))
    draft.write_array(artefacts.TASTE_RESIDUALS, carried)

    def apply(batch: Batch) -> Columns:
        content = trained.reader.read(batch.outlined(), {name: batch.array(each) for name, each in known.items()})
        own = carried[batch.rows.start : batch.rows.stop].astype(np.float32)
        return {artefacts.TASTE_PART: trained.place(content, batch.artists, own)}

    write_rows(context, {artefacts.TASTE_PART: no_rows(trained.size)}, apply, label="place songs in taste")
    return outcome


def _of_today(context: Context, taste: Taste) -> Taste:
    """The model with today's codes of artists, and without terms that only deleted songs had."""
    if not context.rows_grow and context.draft.base is not None:
        before = {key: code for code, key in enumerate(Songs(context.draft.base).column("artist_key").terms)}
        keys = context.songs.column("artist_key").terms
        taste = taste.of_artists(np.array([before.get(key, -1) for key in keys], np.int64))
    sought, in_use = set(taste.reader.terms), set[str]()
    for batch in context.everything(BATCH):
        for song, tags in batch.outlined():
            in_use |= sought.intersection(name for name, _ in song_terms(song, tags))
        if len(in_use) == len(sought):
            break
    return taste.of_terms(in_use)


def tbert(context: Context) -> Outcome:
    draft, settings = context.draft, context.config.tbert
    tuned = settings.transformer == "fine-tuned"
    outcome = Outcome(learned=True)
    names = artefacts.SENTENCE, artefacts.TOPICS, artefacts.AUDIO
    if context.action == "learn":
        labels = song_labels(context.songs, context.playlists)
        labelled = np.flatnonzero(labels.known)
        sentence, topics, audio = (draft.array(name)[labelled].astype(np.float32) for name in names)
        learned = train_tbert(
            sentence, topics, audio, labels.distributions[labelled], labels.names, settings,
            artists=context.songs.single("artist_key")[labelled],
            texts=[unique_lines(context.songs.lyrics[row]) for row in labelled.tolist()] if tuned else None,
            encoder=_tunable(context) if tuned else None, track=context.track,
        )  # fmt: skip
        why = (
            "" if learned else f"{len(labelled)} songs are called something, needs {LEAST_LABELLED} with words or sound"
        )
        outcome = Outcome(learned is not None, len(labelled), len(context.playlists), why)
        if learned is not None:
            learned.save(draft.folder(artefacts.TBERT_MODEL))
    model = load_tbert(draft.place(artefacts.TBERT_MODEL)) if draft.has(artefacts.TBERT_MODEL) else None
    if model is not None and context.base is not None and context.changes.dead:
        model = model.of_names(song_labels(context.songs, context.playlists).names)  # no word that deleted songs had
        model.save(draft.folder_anew(artefacts.TBERT_MODEL))

    def apply(batch: Batch) -> Columns:
        if model is None:
            return {}
        sentence, topics, audio = (batch.array(name).astype(np.float32) for name in names)
        if tuned:
            rows = model.embed_texts([unique_lines(text) for text in batch.lyrics], topics, audio)
        else:
            rows = model.embed(sentence, topics, audio)
        return {artefacts.TBERT: rows.astype(np.float16)}

    write_rows(context, {artefacts.TBERT: no_rows(settings.hidden, np.float16)}, apply, label="embed by tBERT")
    return outcome


def _tunable(context: Context) -> SentenceEncoder:
    if not isinstance(context.encoder, SentenceEncoder):
        raise ConfigError("tbert.transformer is 'fine-tuned', which only a sentence-transformers encoder can be")
    return context.encoder


def evidence_of(context: Context) -> Evidence:
    least = context.config.moods.least_playlists
    return gather(context.snapshot, context.songs, context.playlists, least_playlists=least)


def moods(context: Context) -> Outcome:
    """The mood model, and what it makes of each song by itself."""
    draft, config = context.draft, context.config
    names = artefacts.SENTENCE, artefacts.AUDIO
    placed = draft.has(artefacts.TASTE_PART)
    outcome = Outcome(learned=True)
    if context.action == "learn":
        sentence, audio = (draft.array(name) for name in names)
        taste = draft.array(artefacts.TASTE_PART) if placed else np.zeros((len(context.songs), 0), np.float32)
        some = sample(np.arange(len(context.songs)))
        reader = MoodReader.fit(sentence[some].astype(np.float32), audio[some], taste.shape[1], config.moods.seed)
        words = context.encoder.encode([mood.sentence for mood in VOCABULARY.values()])
        halves = half_places(context.playlists, taste, config.moods.seed) if placed else None
        known, evidence = Known(sentence, audio, taste), evidence_of(context)
        model = train_moods(reader, known, evidence, words, config.moods, half_tastes=halves, track=context.track)
        model.save(draft.folder(artefacts.MOOD_MODEL))
        why = "" if model.names else "too few songs are called by any mood in playlists' names or tags"
        outcome = Outcome(bool(model.names), int(context.songs.alive.sum()), len(context.playlists), why)
        del model
    trained = MoodModel.load(draft.place(artefacts.MOOD_MODEL))

    def apply(batch: Batch) -> Columns:
        sentence, audio = (batch.array(name) for name in names)
        taste = batch.array(artefacts.TASTE_PART) if placed else np.zeros((len(batch), 0), np.float32)
        return {artefacts.MOOD_SCORES: trained.score(sentence, audio, taste).moods.astype(np.float16)}

    write_rows(context, {artefacts.MOOD_SCORES: no_rows(len(trained.names), np.float16)}, apply, label="score moods")
    return outcome


def mood_labels(context: Context) -> Outcome:
    """The moods as they are searched: with what listeners clearly say of songs, which changes with each playlist."""
    draft = context.draft
    model = MoodModel.load(draft.place(artefacts.MOOD_MODEL))
    labels = evidence_of(context).of(model.names)
    scores = draft.array(artefacts.MOOD_SCORES)
    probabilities = draft.new_array(artefacts.MOOD_PROBABILITIES, scores.shape, np.float16)
    for start in range(0, len(scores), 65_536):
        rows = slice(start, start + 65_536)
        probabilities[rows] = model.with_listener_labels(scores[rows].astype(np.float32), labels[rows])
    base_rates = model.heads["moods"].base
    draft.write_strings(artefacts.MOOD_NAMES, model.names)
    draft.write_strings(artefacts.MOOD_WORDS, model.words)
    draft.write_array(artefacts.MOOD_NEIGHBOURS, model.neighbours)
    draft.write_array(artefacts.MOOD_LISTENER_LABELS, labels)
    draft.write_array(artefacts.MOOD_BASE_RATES, base_rates)
    draft.write_array(artefacts.MOOD_THRESHOLDS, thresholds(probabilities[context.songs.alive], base_rates))
    return Outcome(playlists=len(context.playlists))

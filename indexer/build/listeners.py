"""The stages of a build that learn from listeners: what their playlists hold and how they call them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from indexer.build.changes import Changes
from indexer.build.context import Work
from indexer.models.cooccurrence import CoOccurrence
from indexer.models.factors import carried_over, gram_of, learn_factors
from indexer.models.moods.columns import thresholds
from indexer.models.moods.evidence import gather
from indexer.models.moods.model import MoodModel
from indexer.models.moods.reader import Known
from indexer.models.moods.reader import Reader as MoodReader
from indexer.models.moods.training import train_moods
from indexer.models.moods.vocabulary import VOCABULARY
from indexer.models.taste import Reader, Taste, train_taste
from indexer.models.taste.halves import half_places
from indexer.models.tbert import load_tbert, train_tbert
from indexer.models.tbert.labels import song_labels
from indexer.songs.artist_tags import write_artist_tags
from indexer.songs.popularity import playlist_popularity
from indexer.songs.table import Songs
from indexer.text.tokens import unique_lines

FloatMatrix = npt.NDArray[np.float32]


def write_playlists(work: Work, changes: Changes) -> None:
    """What the playlists say of their songs; read anew by every update, for a song's neighbours change with each."""
    held = [playlist.rows for playlist in work.playlists]
    work.draft.write_array("popularity", playlist_popularity(work.songs, held))
    CoOccurrence.of_playlists(held, len(work.songs), work.config.cooccurrence).save(work.draft)
    factors = learn_factors(held, len(work.songs), work.config.factors, start=_factors_before(work), track=work.track)
    work.draft.write_array("factors", factors.astype(np.float16))
    work.draft.write_array("factors_gram", gram_of(factors))


def _factors_before(work: Work) -> FloatMatrix | None:
    """The base's factors of each song, those of its old row for a changed one; None where none were learned."""
    if work.base is None:
        return None
    before = work.base.array("factors")
    if not before.any():
        return None
    earlier = Songs(work.base)
    old_rows = np.arange(len(work.songs), dtype=np.int64)
    for row in work.new:
        old = earlier.row_of(work.songs.song_ids[row])
        old_rows[row] = -1 if old is None else old
    return carried_over(before, old_rows)


def write_taste(work: Work, changes: Changes) -> None:
    """The taste model, the songs' residuals and their places."""
    write_artist_tags(work.draft, work.songs.column("artist_key").terms, work.catalogue.artist_tags())
    # Lyrics as latents: with the first 96 principal components taste was as good as with all 384 columns, in half the
    # time; these 48 were not compared with them directly.
    known = {"lyrics": work.latents["lyrics"]}
    known |= {name: work.draft.array(name)[work.first :] for name in ("audio", "topics")}
    artists = work.songs.single("artist_key").astype(np.int64)
    if work.base is not None:
        if not (work.base.path / "taste_model").is_dir():
            return
        work.draft.adopt(work.base, "taste_model")
        model = Taste.load(work.draft.path / "taste_model")
        content = model.reader.read(work.described(work.new), known)
        residuals = _kept_residuals(work, model.size)
    else:
        reader = Reader.fit(work.described(work.new), known)
        content = reader.read(work.described(work.new), known)
        learned = train_taste(content, reader, artists, work.playlists, work.config.taste, track=work.track)
        if learned is None:
            return
        model, residuals = learned
        model.save(work.draft.folder("taste_model"))
    work.extend("taste_residuals", residuals.astype(np.float16))
    work.latents["taste"] = model.place(content, artists[work.first :], residuals)


def _kept_residuals(work: Work, size: int) -> FloatMatrix:
    """The residuals of the new rows: a changed song keeps the one that its old row had."""
    residuals = np.zeros((len(work.new), size), np.float32)
    if work.base is not None:
        before, learned = Songs(work.base), work.base.array("taste_residuals")
        for i, row in enumerate(work.new):
            old = before.row_of(work.songs.song_ids[row])
            if old is not None:
                residuals[i] = learned[old]
    return residuals


def write_tbert(work: Work, changes: Changes) -> None:
    """The tBERT model, and the songs' embeddings."""
    settings = work.config.tbert
    tuned = settings.transformer == "fine-tuned"
    sentence, topics, audio = (
        work.draft.array(name)[work.first :].astype(np.float32) for name in ("sentence", "topics", "audio")
    )
    texts = [unique_lines(text) for text in work.texts()] if tuned else None
    if work.base is not None:
        if (work.base.path / "tbert_model").is_dir():
            work.draft.adopt(work.base, "tbert_model")
    else:
        labels = song_labels(work.songs, work.playlists)
        learned = train_tbert(
            sentence, topics, audio, labels.distributions, labels.names, settings,
            artists=work.songs.single("artist_key"), texts=texts, encoder=work.encoder, track=work.track,
        )  # fmt: skip
        if learned is not None:
            learned.save(work.draft.folder("tbert_model"))
    folder = work.draft.path / "tbert_model"
    model = load_tbert(folder) if folder.is_dir() else None
    if model is None:
        rows = np.zeros((len(work.new), settings.hidden), np.float32)
    else:
        rows = model.embed(sentence, topics, audio) if texts is None else model.embed_texts(texts, topics, audio)
    work.extend("tbert", rows.astype(np.float16))


def write_moods(work: Work, changes: Changes) -> None:
    """The mood model, every song's moods, and what listeners clearly say of them, which changes with each playlist."""
    sentence, audio, taste = (work.draft.array("sentence"), work.draft.array("audio"), _taste_places(work))
    evidence = gather(work.catalogue, work.songs, work.playlists, least_playlists=work.config.moods.least_playlists)
    if work.base is not None:
        work.draft.adopt(work.base, "mood_model")
    else:
        reader = MoodReader.fit(sentence.astype(np.float32), audio, taste.shape[1], work.config.moods.seed)
        sentences = work.encoder.encode([mood.sentence for mood in VOCABULARY.values()])
        halves = half_places(work.playlists, taste, work.config.moods.seed) if taste.shape[1] else None
        known = Known(sentence, audio, taste)
        trained = train_moods(reader, known, evidence, sentences, work.config.moods, half_tastes=halves)
        trained.save(work.draft.folder("mood_model"))
    model = MoodModel.load(work.draft.path / "mood_model")
    said = evidence.of(model.names)
    chances = model.with_listener_labels(model.score(sentence, audio, taste).moods, said).astype(np.float16)
    usual = model.heads["moods"].base
    work.draft.write_strings("mood_names", model.names)
    work.draft.write_strings("mood_words", model.words)
    work.draft.write_array("mood_neighbours", model.neighbours)
    work.draft.write_array("mood_probabilities", chances)
    work.draft.write_array("mood_listener_labels", said)
    work.draft.write_array("mood_base_rates", usual)
    work.draft.write_array("mood_thresholds", thresholds(chances[work.songs.alive], usual))


def _taste_places(work: Work) -> FloatMatrix:
    """float32 (rows, columns) of the songs' places in taste; no columns where there is none."""
    parts: FloatMatrix = work.draft.array("parts")
    before = sum(work.latents[name].shape[1] for name in ("lyrics", "audio"))
    return parts[:, before:]

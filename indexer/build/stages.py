"""The recipe: every stage between a catalogue and an index folder, in order."""

from __future__ import annotations

from indexer.build import content_stages as content
from indexer.build import listener_stages as listeners
from indexer.build import song_stages as table
from indexer.build import vector_stages as searching
from indexer.build.stage import Stage

STAGES: tuple[Stage, ...] = (
    Stage("songs", table.songs, lambda c: None, tables=("songs",), version=3),
    Stage("title_stems", table.title_stems, lambda c: None, reads=("songs",)),
    Stage("lexical", content.lexical, lambda c: None, reads=("songs",), version=2),
    Stage("sentences", content.sentences, lambda c: None, reads=("songs",), encoder=True),
    Stage("query_encoder", content.query_encoder, lambda c: None, encoder=True),
    Stage(
        "keywords", content.keywords, lambda c: {"keywords": c.keywords, "salient_keywords": c.salient_keywords},
        reads=("songs", "sentences"), looks_at=("lexical",), encoder=True, version=2,
    ),
    Stage("topics", content.topics, lambda c: c.topics, reads=("songs",), learns=True, version=2),
    Stage("audio", content.audio, lambda c: None, reads=("songs",), learns=True, version=3),
    Stage("lyrics_latents", content.lyrics_latents, lambda c: c.lyrics, reads=("sentences",), learns=True),
    Stage("audio_latents", content.audio_latents, lambda c: c.audio, reads=("audio",), learns=True),
    Stage("timbre", content.timbre, lambda c: c.timbre, tables=("timbres",), reads=("songs",), learns=True),
    Stage(
        "popularity", listeners.popularity, lambda c: c.held_out, tables=("playlists", "labels"), reads=("songs",),
        version=2,
    ),
    Stage(
        "cooccurrence", listeners.cooccurrence, lambda c: {"cooccurrence": c.cooccurrence, "held_out": c.held_out},
        tables=("playlists",), reads=("songs",),
    ),
    Stage(
        "factors", listeners.factors, lambda c: {"factors": c.factors, "held_out": c.held_out},
        tables=("playlists",), reads=("songs",), learns=True,
    ),
    Stage("artist_tags", listeners.artist_tags, lambda c: None, tables=("artist_tags",), reads=("songs",)),
    Stage(
        "taste", listeners.taste, lambda c: {"taste": c.taste, "held_out": c.held_out},
        tables=("playlists",), reads=("songs", "lyrics_latents", "audio", "topics"), looks_at=("artist_tags",),
        learns=True, version=2,
    ),
    Stage(
        "tbert", listeners.tbert, lambda c: {"tbert": c.tbert, "held_out": c.held_out},
        tables=("playlists",), reads=("songs", "sentences", "topics", "audio"), encoder=True, learns=True,
    ),
    Stage(
        "moments", searching.moments, lambda c: None,
        reads=("songs", "sentences", "audio", "timbre", "popularity", "factors", "taste", "tbert"),
    ),
    Stage(
        "vectors", searching.vectors, lambda c: c.exact_below,
        reads=("lyrics_latents", "audio_latents", "taste", "timbre"), looks_at=("factors", "popularity"),
        version=3,
    ),
    Stage(
        "moods", listeners.moods, lambda c: {"moods": c.moods, "held_out": c.held_out},
        tables=("playlists", "labels"), reads=("songs", "sentences", "audio", "taste"), encoder=True, learns=True,
    ),
    Stage(
        "mood_labels", listeners.mood_labels, lambda c: c.held_out, tables=("playlists", "labels"),
        reads=("songs", "moods"),
    ),
)  # fmt: skip
STAGE_NAMES = tuple(stage.name for stage in STAGES)

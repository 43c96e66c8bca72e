"""Artefacts: every array, table and model of an index folder, declared once.

Whoever writes or reads a file of an index names it by one of these values, so that this list is the documentation of
the format. `rows` in a shape is the number of songs of a generation, dead ones included.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["array", "strings", "folder", "file"]


@dataclass(frozen=True, slots=True)
class Artefact:
    """One array, list of texts, folder or file of a generation.

    name    path inside the generation, without what the kind adds: NAME.npy; NAME.offsets.npy and NAME.utf8
    stage   the stage that writes it
    kind    array, strings (texts by position), folder (a model or an inverted index) or file
    dtype, shape   of an array; a letter or word in the shape stands for a number that the index decides
    words   it holds words or names of songs: what a deleted song left in it goes with the next generation
    """

    name: str
    stage: str
    kind: Kind
    about: str
    dtype: str = ""
    shape: tuple[str | int, ...] = ()
    words: bool = False

    @property
    def by_row(self) -> bool:
        """Whether it has one entry for each row, so that an update adds the new rows to it."""
        return self.shape[:1] == ("rows",)

    def files(self) -> tuple[str, ...]:
        """The files of an array or of strings; a folder's are its own."""
        if self.kind == "array":
            return (f"{self.name}.npy",)
        return (f"{self.name}.offsets.npy", f"{self.name}.utf8") if self.kind == "strings" else (self.name,)

    def owns(self, file: str) -> bool:
        """Whether a path inside the generation belongs to it.

        >>> LEXICAL.owns("lexical/with_lyrics/meta.json"), LEXICAL.owns("lexical.npy"), TITLE.owns("songs/title.utf8")
        (True, False, True)
        """
        return file.startswith(f"{self.name}/") if self.kind == "folder" else file in self.files()


@dataclass(frozen=True, slots=True)
class CodedArtefact:
    """A column of terms: texts, and for each row the codes of its own.

    Row r has codes[starts[r] : starts[r + 1]], each a position in `terms`.
    """

    terms: Artefact
    starts: Artefact
    codes: Artefact

    @property
    def all(self) -> tuple[Artefact, Artefact, Artefact]:
        return self.terms, self.starts, self.codes


def _array(name: str, stage: str, dtype: str, shape: tuple[str | int, ...], about: str) -> Artefact:
    return Artefact(name, stage, "array", about, dtype, shape)


def _texts(name: str, stage: str, about: str, *, by_row: bool = True) -> Artefact:
    return Artefact(name, stage, "strings", about, "utf-8", ("rows",) if by_row else ("n",), words=True)


def _coded(name: str, stage: str, about: str) -> CodedArtefact:
    return CodedArtefact(
        Artefact(f"{name}.terms", stage, "strings", f"{about}: each term once", "utf-8", ("terms",), words=True),
        _array(f"{name}.starts", stage, "int64", ("rows + 1",), f"{about}: where each row's codes begin"),
        _array(f"{name}.codes", stage, "int32", ("n",), f"{about}: positions in the terms"),
    )


def _folder(name: str, stage: str, about: str) -> Artefact:
    return Artefact(name, stage, "folder", about)


# The song table.
SONG_ID = _texts("songs/song_id", "songs", "the catalogue's key; empty for a dead row")
TITLE = _texts("songs/title", "songs", "title")
ARTIST = _texts("songs/artist", "songs", "artist")
ALBUM = _texts("songs/album", "songs", "album, empty where unknown")
LANGUAGE = _texts("songs/language", "songs", "ISO 639-1 code, empty where unknown")
SPOTIFY_ID = _texts("songs/spotify_id", "songs", "the 22 characters of a Spotify track, empty where unknown")
LYRICS = _texts("songs/lyrics", "songs", "cleaned lyrics, empty where there are none")
DIGEST = _texts("songs/digest", "songs", "the catalogue's digest of the song as it was read")
ARTIST_KEY = _coded("songs/artist_key", "songs", "what artists are told apart by, guests last")
ARTIST_NAME = _coded("songs/artist_name", "songs", "the artists as written, in the order of their keys")
MAIN_ARTISTS = _array("songs/main_artists", "songs", "int16", ("rows",), "how many of its artists are no guests")
ALBUM_KEY = _coded("songs/album_key", "songs", "artist and album, folded")
LANGUAGE_KEY = _coded("songs/language_key", "songs", "language")
GENRE = _coded("songs/genre", "songs", "genres, broad ones first")
TAG = _coded("songs/tag", "songs", "tags, most frequent first")
YEAR = _array("songs/year", "songs", "int16", ("rows",), "year, -1 unknown")
DECADE = _array("songs/decade", "songs", "int16", ("rows",), "first year of the decade, -1 unknown")
EXPLICIT = _array("songs/explicit", "songs", "int8", ("rows",), "1 explicit, 0 not, -1 unknown")
SOURCE_POPULARITY = _array(
    "songs/popularity", "songs", "float32", ("rows",), "popularity at its source, 0..100, or NaN"
)
AUDIO_FEATURES = _array("songs/audio", "songs", "float32", ("rows", 12), "audio features as they came, NaN unknown")
AUDIO_MEASURED = _array("songs/audio_measured", "songs", "bool", ("rows",), "whether they were measured from a file")
VERSIONS = _array("songs/versions", "songs", "uint32", ("rows",), "what a title is marked as: bit i is KINDS[i]")
LYRICS_HASH = _array("songs/lyrics_hash", "songs", "uint8", ("rows", 16), "which text was encoded, 0 without lyrics")
TITLE_STEMS = _array(
    "title_stems", "title_stems", "int64", ("rows",), "a hash of the title without version marks, 0 where none is left"
)
ALIVE = _array(
    "songs/alive", "songs", "bool", ("rows",), "False for a deleted song and an old version of a changed one"
)
BY_ID = _array("songs/by_id", "songs", "int64", ("living rows",), "living rows by rising song_id")

# What finds songs, and what is computed from their words and sound.
LEXICAL = _folder("lexical", "lexical", "the inverted index (tantivy)")
SENTENCE = _array("sentence", "sentences", "float16", ("rows", "d"), "sentence vector of the lyrics, unit or zero")
QUERY_ENCODER = _folder("query_encoder", "query_encoder", "the encoder of words that are asked for (ONNX)")
KEYWORDS = _texts("keywords", "keywords", "TF-IDF keywords separated by spaces, best first")
SALIENT_KEYWORDS = _texts("salient_keywords", "keywords", "the keywords that mean what the song means")
WORDS = _texts("words", "keywords", "every keyword once", by_row=False)
WORD_VECTORS = _array("word_vectors", "keywords", "float16", ("n", "d"), "sentence vectors of these words")
TOPIC_MODEL = _folder("topic_model", "topics", "LDA")
TOPICS = _array("topics", "topics", "float32", ("rows", "topics"), "mixture of topics, rows sum to 1 or 0")
AUDIO_SCALER = _folder("audio_scaler", "audio", "means and spreads of the audio features, scales of origins")
COMPARABLE_AUDIO = _array(
    "comparable_audio", "audio", "float32", ("rows", 12), "audio features on one scale, where some were measured"
)
AUDIO = _array("audio", "audio", "float32", ("rows", 14), "scaled audio features, zero row unknown")
LYRICS_AUTOENCODER = _folder("lyrics_autoencoder", "lyrics_latents", "sentence vector -> latent")
LYRICS_PART = _array("parts/lyrics", "lyrics_latents", "float32", ("rows", "latent"), "lyrics' latent, unit or zero")
AUDIO_AUTOENCODER = _folder("audio_autoencoder", "audio_latents", "scaled features -> latent")
AUDIO_PART = _array("parts/audio", "audio_latents", "float32", ("rows", "latent"), "sound's latent, unit or zero")
TIMBRE_MODEL = _folder("timbre_model", "timbre", "timbre of a file of sound -> latent")
TIMBRE_PART = _array("parts/timbre", "timbre", "float32", ("rows", "latent"), "timbre's latent, unit or zero")

# What listeners' playlists and tags say.
POPULARITY = _array("popularity", "popularity", "float32", ("rows",), "0..1, NaN where nothing is known")
SONG_STARTS = _array("cooccurrence/song_starts", "cooccurrence", "int64", ("playlists + 1",), "where its songs begin")
PLAYLIST_SONGS = _array("cooccurrence/songs", "cooccurrence", "int32", ("entries",), "rows of the playlists' songs")
HOLDER_STARTS = _array(
    "cooccurrence/holder_starts", "cooccurrence", "int64", ("rows + 1",), "where its playlists begin"
)
HOLDERS = _array(
    "cooccurrence/holders", "cooccurrence", "int32", ("entries",), "playlists of each song, short ones first"
)
PLAYLIST_WEIGHTS = _array("cooccurrence/weights", "cooccurrence", "float32", ("playlists",), "what a playlist counts")
SONG_TOTALS = _array("cooccurrence/totals", "cooccurrence", "float32", ("rows",), "root of its playlists' weights")
DAMPING = _array("cooccurrence/damping", "cooccurrence", "float64", (1,), "added to the denominator of the cosine")
FACTORS = _array(
    "factors", "factors", "float16", ("rows", "size"), "least-squares factors, 0 for a song of no playlist"
)
FACTORS_GRAM = _array("factors_gram", "factors", "float32", ("size", "size"), "products of the factors' columns")
ARTIST_TAG_TERMS = _texts("artists/tag.terms", "artist_tags", "tags of artists, each once", by_row=False)
ARTIST_TAG_STARTS = _array(
    "artists/tag.starts", "artist_tags", "int64", ("artists + 1",), "where an artist's tags begin"
)
ARTIST_TAG_CODES = _array("artists/tag.codes", "artist_tags", "int32", ("n",), "positions in the terms")
ARTIST_TAG_WEIGHTS = _array("artists/tag.weights", "artist_tags", "float32", ("n",), "TF-IDF, length 1 for each artist")
TASTE_MODEL = _folder("taste_model", "taste", "content -> the space of songs that share playlists")
TASTE_RESIDUALS = _array("taste_residuals", "taste", "float16", ("rows", "size"), "what playlists add to the content")
TASTE_PART = _array("parts/taste", "taste", "float32", ("rows", "size"), "place in taste, unit or zero")
TBERT_MODEL = _folder("tbert_model", "tbert", "sentence, topics and audio -> what playlists are called")
TBERT = _array("tbert", "tbert", "float16", ("rows", "hidden"), "embedding that reranks, unit or zero")
VECTORS = Artefact(
    "vectors.faiss", "vectors", "file", "the FAISS index over the parts, the factors and the popularity, side by side"
)
LYRICS_VECTORS = Artefact("lyrics.faiss", "vectors", "file", "the FAISS index over the lyrics' latents alone")
MOOD_MODEL = _folder("mood_model", "moods", "what is known of a song -> moods, valence, arousal, quadrant")
MOOD_SCORES = _array("mood_scores", "moods", "float16", ("rows", "moods"), "probability of each mood without listeners")
MOOD_NAMES = _texts("mood_names", "mood_labels", "moods that were learned, by column", by_row=False)
MOOD_WORDS = _texts("mood_words", "mood_labels", "the other words of the vocabulary", by_row=False)
MOOD_NEIGHBOURS = _array(
    "mood_neighbours", "mood_labels", "float32", ("words", "moods"), "what a mood counts for a word"
)
MOOD_PROBABILITIES = _array(
    "mood_probabilities", "mood_labels", "float16", ("rows", "moods"), "with listeners; NaN unknown"
)
MOOD_LISTENER_LABELS = _array(
    "mood_listener_labels", "mood_labels", "int8", ("rows", "moods"), "1 so, -1 not so, 0 unknown"
)
MOOD_BASE_RATES = _array("mood_base_rates", "mood_labels", "float32", ("moods",), "share of songs called so")
MOOD_THRESHOLDS = _array(
    "mood_thresholds", "mood_labels", "float32", ("moods",), "probability that as large a share reaches"
)

PARTS: dict[str, Artefact] = {"lyrics": LYRICS_PART, "audio": AUDIO_PART, "taste": TASTE_PART, "timbre": TIMBRE_PART}
MOMENTS: dict[str, Artefact] = {
    name: _array(f"moments/{name}", "moments", "float32", ("size + 1", "size"), f"mean and covariance of {of}")
    for name, of in {
        "lyrics": "sentence vectors", "audio": "scaled audio features of length 1", "timbre": "timbre's latents",
        "tbert": "tBERT embeddings", "taste": "places in taste", "factors": "factors", "popularity": "popularity",
    }.items()
}  # fmt: skip
COOCCURRENCE: dict[str, Artefact] = {
    "song_starts": SONG_STARTS, "songs": PLAYLIST_SONGS, "holder_starts": HOLDER_STARTS, "holders": HOLDERS,
    "weights": PLAYLIST_WEIGHTS, "totals": SONG_TOTALS,
}  # fmt: skip


def _declared() -> tuple[Artefact, ...]:
    declared: list[Artefact] = []
    for value in list(globals().values()):
        if isinstance(value, Artefact):
            declared.append(value)
        elif isinstance(value, CodedArtefact):
            declared.extend(value.all)
    declared.extend(MOMENTS.values())
    return tuple(declared)


ARTEFACTS: tuple[Artefact, ...] = _declared()


def of_stage(stage: str) -> tuple[Artefact, ...]:
    """What a stage writes, in the order of the declarations."""
    return tuple(artefact for artefact in ARTEFACTS if artefact.stage == stage)


def owner_of(file: str) -> Artefact | None:
    """The artefact that a path inside a generation belongs to; None for a file that no artefact has."""
    return next((artefact for artefact in ARTEFACTS if artefact.owns(file)), None)


def table() -> str:
    """The declarations as a table in Markdown: the documentation of the format."""
    lines = ["| artefact | kind | stage | what it is |", "| --- | --- | --- | --- |"]
    for artefact in ARTEFACTS:
        shape = ", ".join(map(str, artefact.shape))
        kind = f"{artefact.dtype} ({shape})" if artefact.kind == "array" else artefact.kind
        lines.append(f"| `{artefact.name}` | {kind} | {artefact.stage} | {artefact.about} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(table(), end="")

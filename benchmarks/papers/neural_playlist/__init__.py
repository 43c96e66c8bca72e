"""neural-playlist: both architecture searches of Pinheiro, Floody, Sharma 2020, and playlists by nearest neighbours."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from benchmarks.papers import Findings
from benchmarks.papers.neural_playlist.playlists import continued
from benchmarks.papers.neural_playlist.search import SEARCHES, Losses, losses_table, minmax, search
from benchmarks.papers.product import AUDIO_NAMES
from benchmarks.papers.steps import Steps

HAPPY = ("This is a happy song.", "This song is joyful.", "This song makes you feel good.")
SAD = ("This is a sad song.", "This song is miserable.", "This song makes you feel bad.")
LEAST_SONGS = 50  # a fifth of fewer validates nothing

DIFFERS = (
    "Songs: the paper took about 700 from hand-picked Spotify playlists; here every song with lyrics and features.",
    "Columns: the paper's 26 are 12 audio features, 10 of Spotify's audio analysis and sentiment scores; the analysis "
    "can no longer be had, so table 1 here has Spotify's 12 features (duration in the place of time signature) and one "
    "sentiment column, min-max scaled as theirs. Its losses can be compared in size, not to the last digit.",
    "Sentiment: the paper trained BERT on labelled tweets, which are not at hand; here it is the mean cosine of the "
    "lyrics' sentence vector with three happy sentences less that with three sad ones, untrained.",
    "Lyrics: 768 numbers from an uncased BERT there, the index's sentence vectors here, scaled to mean square 1, so "
    "that a loss of 1 is what answering all zeros costs. Losses from 0.06 to 1,889 in its table 2 show that its "
    "columns were not scaled; no outputs of a BERT vary that much, so what went in is not known. The size of its "
    "losses says nothing beside ours, only the order of the rows does; and two of its training losses are two and "
    "seven times the validation losses, which ours are not.",
    "Training: the paper gives neither epochs nor optimiser; here Adam, the same number of epochs for every row of a "
    "table, nothing stopped early, a linear latent and mirrored decoders as in the paper. Latents for playlists are "
    "those of the epoch with the best validation loss.",
    "`of the variance` is the validation loss as a share of what predicting the mean costs; `PCA of this size` the "
    "loss of as many principal components. The paper dismissed PCA without measuring it.",
    "Pairs: the best, second and third rows of both tables by published validation loss. By training loss the third of "
    "table 1 would be experiment 2 instead of 1; the paper does not say which it took.",
    "Playlists: the paper does not say how the two latents are weighed; here both are centred and scaled to the same "
    "variance. Its survey of an unknown number of people is replaced by continuing test playlists: a song is right if "
    "the listener's own playlist held it. Ratings and these metrics share no scale.",
)


def reproduce(steps: Steps) -> Findings:
    """Twelve autoencoders, then the songs nearest to test playlists' songs by the latents of the three best pairs."""
    rows = steps.dataset.whole
    if len(rows) < LEAST_SONGS:
        raise ValueError(
            f"{len(rows)} songs have lyrics and audio features, expected {LEAST_SONGS} or more to train and validate on"
        )
    feeling = np.array(steps.done("sentiment", lambda: sentiment(steps).tolist()), np.float32)
    raw = steps.dataset.index.songs.audio[rows]
    sentence = np.asarray(steps.dataset.index.sentence[rows], np.float32)
    inputs = {
        "tabular": minmax(np.column_stack([raw, feeling])),
        "lyrics": np.asarray(sentence * np.sqrt(sentence.shape[1]), np.float32),
    }
    searches = {name: search(steps, name, matrix) for name, matrix in inputs.items()}
    tables = [losses_table(steps, name, inputs[name], found) for name, found in searches.items()]
    linear = sum(
        line.ours["PCA of this size"] < line.ours["validation loss"] for table in tables for line in table.lines
    )
    compared, said = continued(steps, inputs)
    valence = raw[:, AUDIO_NAMES.index("valence")]
    known = ~np.isnan(valence)
    correlation = float(np.corrcoef(feeling[known], valence[known])[0, 1])
    return Findings(
        [*tables, *compared],
        [
            *DIFFERS,
            f"The sentiment column's correlation with Spotify's valence is {correlation:.2f} over {known.sum():,} "
            "songs; the paper measured nothing of the kind.",
            _sentence_on_orders(searches),
            f"In {linear} of the 12 rows as many principal components lose less than the autoencoder does.",
            *said,
        ],
        curves={
            f"{name}, experiment {number}, {part}": list(enumerate(each, 1))
            for name, found in searches.items()
            for number, losses in found.items()
            for part, each in losses.items()
        },
        data={"songs_compressed": len(rows), "sentiment_valence_correlation": round(correlation, 4)},
    )


def sentiment(steps: Steps) -> npt.NDArray[np.float64]:
    """How much nearer each song's lyrics are to happy sentences than to sad ones, float (songs,), -2..2."""
    dataset = steps.dataset
    poles = [dataset.index.encoder.encode(list(sentences)).mean(axis=0) for sentences in (HAPPY, SAD)]
    vectors = np.asarray(dataset.index.sentence[dataset.whole], np.float64)
    return np.asarray(vectors @ (poles[0] - poles[1]).astype(np.float64)).round(6)


def _sentence_on_orders(searches: Mapping[str, Mapping[int, Losses]]) -> str:
    from scipy.stats import spearmanr

    said = []
    for number, (name, found) in enumerate(searches.items(), 1):
        ours = {each.number: found[each.number]["validation"][-1] for each in SEARCHES[name]}
        published = {each.number: each.validation for each in SEARCHES[name]}
        order = ", ".join(str(n) for n in sorted(ours, key=ours.__getitem__))
        theirs = ", ".join(str(n) for n in sorted(published, key=published.__getitem__))
        correlation = float(spearmanr([*published.values()], [*ours.values()]).statistic)
        said.append(
            f"in table {number} by {order} here, {theirs} in the paper (Spearman {correlation:.2f} over six rows)"
        )
    return f"Order of the experiments from the lowest validation loss: {'; '.join(said)}."

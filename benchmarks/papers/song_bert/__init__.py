"""song-bert: happy or sad by three BERT models, topics, optimisers, clusters and retrieval (Kelly et al. 2021)."""

from __future__ import annotations

from benchmarks.papers import Findings
from benchmarks.papers.product import LEAST_LABELLED
from benchmarks.papers.song_bert.four_moods import base_classifier
from benchmarks.papers.song_bert.labelled import RULE, TEST, Labelled, four_moods, happy_sad
from benchmarks.papers.song_bert.models import TUNED, Inputs, table_1
from benchmarks.papers.song_bert.optimisers import figure_1
from benchmarks.papers.song_bert.recommending import clustered, hidden, retrieved
from benchmarks.papers.song_bert.topic_number import topic_numbers
from benchmarks.papers.steps import Steps
from benchmarks.papers.tag_rule import PAPER

LEAST_TEST = 10  # labelled songs

DIFFERS = (
    "Encoder: all-MiniLM-L6-v2 (6 layers, 384 numbers), made for sentences, in the place of BERT: no other pretrained "
    f"transformer was at hand. It reads the first {TUNED.max_length} tokens of the lyrics, each line once; the paper "
    "does not say how much it read. `Whole lyrics` are the index's vectors, of all windows.",
    f"Fine-tuning: all {TUNED.layers} layers and a linear head, {TUNED.epochs} epochs at {TUNED.learning_rate:g}, the "
    "epoch with the lowest loss on a tenth of the songs. Its vectors go into the modified tBERT, as in the paper, with "
    "the index's topics (7 unless configured otherwise) and 12 audio features (duration in the place of time "
    "signature). The layers above the vectors are the same for every row with a network; their sizes, which the paper "
    "does not print, were chosen by cross-validation over training songs.",
    "Times: the paper's are minutes and seconds, of a machine it does not name. Ours are of encoding, training and "
    "answering, of this run; modified tBERT counts the fine-tuning that it builds on.",
    "Precision and recall: the paper's recall is above its precision in each row, as it is for a common class; it does "
    "not say which. Here they are of the commoner class of the training songs.",
    "Clusters and retrieval read the hidden layer of a tBERT on the index's sentence vectors, trained on the same "
    "songs: to encode every song with the fine-tuned encoder would take longer than all the rest.",
)


def reproduce(steps: Steps) -> Findings:
    """The paper's sections 4 to 6 in their order, and the base classifier of its appendix."""
    songs = happy_sad(steps)
    learned, tested = int((~songs.test).sum()), int(songs.test.sum())
    parts = [topic_numbers(steps)]
    enough = learned >= LEAST_LABELLED and tested >= LEAST_TEST and songs.validation.any()
    if enough and min(songs.counts.values()) > 1:
        layer = hidden(Inputs(steps, songs))
        parts += [table_1(steps, songs), figure_1(steps, songs), clustered(steps, layer), retrieved(steps, layer)]
    else:
        said = (
            f"The models, and what is built on them, are left out: {learned} labelled songs to learn from and {tested} "
            f"to test, expected {LEAST_LABELLED} and {LEAST_TEST} or more, of both classes."
        )
        parts.append(Findings([], [said]))
    parts.append(base_classifier(steps, four_moods(steps)))
    return Findings(
        [comparison for part in parts for comparison in part.comparisons],
        [*DIFFERS, _labels(songs), *(sentence for part in parts for sentence in part.differs)],
        curves={name: points for part in parts for name, points in part.curves.items()},
        data={
            "songs_labelled": len(songs.rows),
            "songs_labelled_by_tags": int(songs.tagged.sum()),
            "songs_labelled_with_audio": int(songs.has_audio.sum()),
            "songs_tested": tested,
            **{f"songs_{name}": count for name, count in songs.counts.items()},
        },
    )


def _labels(songs: Labelled) -> str:
    counts = ", ".join(f"{count:,} {name}" for name, count in songs.counts.items())
    rule = (
        f"by wider classes ({' and '.join(songs.names)} with their neighbours) from tags that one listener gave, for "
        "want of the paper's"
        if songs.wider
        else f"by the paper's rule from tags of {RULE.least_users} listeners or more, but with {RULE.least_tags} such "
        f"tag a song or more instead of {PAPER.least_tags}, for emotion tags are few a song here"
    )
    return (
        f"Labels: {counts} songs with lyrics, {songs.tagged.sum():,} of them {rule}, the others by the catalogue's "
        f"labels of happy and sad lyrics. Both sources know {songs.agreed + songs.disagreed} songs and agree on "
        f"{songs.agreed}; the others are left out. The paper had 11,183 songs before the rule and does not say how "
        f"many after it; all had audio features, which here {songs.has_audio.sum():,} have. {100 * TEST:.0f} % of the "
        "songs, by hash of their ids, are tested; artists may be on both sides, and the paper does not say that it "
        "kept them apart."
    )

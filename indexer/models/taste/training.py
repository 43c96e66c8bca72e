"""Training of taste: a few songs of a playlist predict another of its songs (InfoNCE), with torch."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from indexer.models.taste.content import KINDS, Content, Reader
from indexer.models.taste.model import Taste, TasteConfig, Tower, name_words
from indexer.models.taste.products import mean_surprise, times
from indexer.models.training import EarlyStopping
from indexer.progress import Track, quiet
from indexer.songs.splits import PlaylistRows

if TYPE_CHECKING:
    import torch
    from scipy.sparse import csr_array

Rows = npt.NDArray[np.int64]
FloatMatrix = npt.NDArray[np.float32]

LEAST_PLAYLISTS = 20  # with two songs or more; fewer teach nothing that is true of other playlists
WARM_UP, START = 0.1, 0.04  # share of the steps in which the learning rate rises, and from what share of it
_SHORT = 1e-2  # a vector that is shorter is not scaled to length 1: the gradient of a zero one would be infinite
_NEVER = np.float32(-1e9)  # a logit that takes no part in the softmax


def train_taste(
    content: Content,
    reader: Reader,
    artists: Rows,
    playlists: Sequence[PlaylistRows],
    config: TasteConfig,
    *,
    track: Track = quiet,
) -> tuple[Taste, FloatMatrix] | None:
    """The model and every song's residual, float32 (songs, size), zero without a history; None without playlists.

    content, artists   of every song, by row
    playlists          those that may be learned from

    In each step some songs of a playlist, averaged, are the query, and another of its songs is the answer: a softmax
    over the answers of the batch and over songs drawn by popularity is to find it. Logits are corrected by the log of
    how often a song is drawn (Yi et al. 2019), so that the space holds likeness and not popularity; other songs of the
    query's own playlist take no part. The words of the playlist's name are a second query. Whole parts of the content,
    the artist's place and the residual are hidden at random, so that each learns to do without the others. The
    source's popularity is one of the inputs.
    """
    import torch

    rng = np.random.default_rng(config.seed)
    lists = [PlaylistRows(name, unique) for name, rows, _ in playlists if len(unique := np.unique(rows)) > 1]
    if len(lists) < LEAST_PLAYLISTS:
        return None
    order = rng.permutation(len(lists))
    held_out = math.ceil(config.held_out * len(lists))
    frequency = Counter(word for name, *_ in lists for word in name_words(name))
    words = sorted(word for word, count in frequency.items() if count >= config.least_named)
    validation = _Batches([lists[i] for i in order[:held_out]], words, len(content), config)
    batches = _Batches([lists[i] for i in order[held_out:]], words, len(content), config)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        network = _Network(content, artists, batches.counts, reader, words, config)
        optimisers = network.optimisers()
        each_epoch = min(len(batches), math.ceil(config.max_steps / config.epochs))
        steps = config.epochs * each_epoch
        rates = [
            torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: _rate(step / steps)) for optimiser in optimisers
        ]
        best, stopping = network.state(), EarlyStopping(config.patience)
        for _ in track(range(config.epochs), "learn taste"):
            for batch in batches.draw(rng, each_epoch):
                torch.autograd.backward(network.loss(batch, rng))
                for optimiser, rate in zip(optimisers, rates, strict=True):
                    optimiser.step()
                    optimiser.zero_grad()
                    rate.step()
            if stopping.improves(network.mean_loss(validation)):
                best = network.state()
            if stopping.stop:
                break
        network.restore(best)
    return network.taste(), network.residuals()


def _rate(done: float) -> float:
    """The share of the learning rate when a share of the steps is done: up in a straight line, down along a cosine."""
    if done < WARM_UP:
        return START + (1 - START) * done / WARM_UP
    return 0.5 * (1 + math.cos(math.pi * min(1.0, (done - WARM_UP) / (1 - WARM_UP))))


@dataclass(frozen=True, slots=True)
class _Batch:
    """Queries and answers.

    queries      int64 (batch, seeds): rows of songs, averaged where `shown` is True
    answers      int64 (batch + negatives,): the answer to each query, then songs drawn by popularity
    in_softmax   bool (batch, batch + negatives): the query's answer, and the others that its playlist does not hold
    words        sparse (batch, words): the names of the queries' playlists
    """

    queries: Rows
    shown: npt.NDArray[np.bool_]
    answers: Rows
    in_softmax: npt.NDArray[np.bool_]
    words: csr_array


class _Batches:
    """Draws queries and answers from playlists."""

    def __init__(self, lists: Sequence[PlaylistRows], words: Sequence[str], songs: int, config: TasteConfig):
        from scipy.sparse import csr_array

        self._config = config
        self._songs = np.concatenate([playlist.rows for playlist in lists])
        self._lengths = np.array([len(playlist.rows) for playlist in lists], np.int64)
        self._starts = np.concatenate([[0], np.cumsum(self._lengths)])
        self._owner = np.repeat(np.arange(len(lists)), self._lengths)
        code_of = {word: code for code, word in enumerate(words)}
        named = [[code_of[word] for word in name_words(name) if word in code_of] for name, *_ in lists]
        ends = np.cumsum([0, *map(len, named)])
        codes = np.array([code for of_one in named for code in of_one], np.int64)
        self._names = csr_array((np.ones(len(codes), np.float32), codes, ends), (len(lists), len(words)))
        self.counts = np.bincount(self._songs, minlength=songs)
        self._drawing = np.cumsum(self.counts / self.counts.sum())
        self._column = np.full(songs, -1, np.int32)  # of the songs that a batch looks for; -1 again after each

    def __len__(self) -> int:
        """Batches in one epoch."""
        return max(1, len(self._songs) // self._config.batch)

    def draw(self, rng: np.random.Generator, most: int | None = None) -> Iterator[_Batch]:
        """One epoch: every song of every playlist is the answer once, but for the rest that fills no batch.

        most   batches, where these are fewer
        """
        seeds = self._config.seeds
        batches = len(self) if most is None else min(most, len(self))
        order = rng.permutation(len(self._songs))
        for part in np.array_split(order[: batches * self._config.batch], batches):
            playlists, answers = self._owner[part], self._songs[part]
            place = (rng.random((len(part), seeds)) * self._lengths[playlists, None]).astype(np.int64)
            queries = self._songs[self._starts[playlists, None] + place]
            many = rng.integers(1, seeds + 1, len(part))
            shown = (queries != answers[:, None]) & (np.arange(seeds) < many[:, None])
            usable = shown.any(axis=1)  # a draw that hit only the answer itself is no query
            if not usable.any():
                continue
            playlists, answers, queries, shown = playlists[usable], answers[usable], queries[usable], shown[usable]
            negatives = np.searchsorted(self._drawing, rng.random(self._config.negatives))
            drawn = np.concatenate([answers, np.minimum(negatives, len(self.counts) - 1)])
            in_softmax = ~self._holds(playlists, drawn)
            in_softmax[np.arange(len(answers)), np.arange(len(answers))] = True
            yield _Batch(queries, shown, drawn, in_softmax, self._names[playlists])

    def _holds(self, playlists: Rows, songs: Rows) -> npt.NDArray[np.bool_]:
        """bool (playlists, songs): whether each playlist holds each song; in time of these playlists' songs."""
        unique, place = np.unique(songs, return_inverse=True)
        self._column[unique] = np.arange(len(unique))
        counts = self._lengths[playlists]
        owner = np.repeat(np.arange(len(playlists)), counts)
        within = np.arange(len(owner)) - np.repeat(np.cumsum(counts) - counts, counts)
        at = self._column[self._songs[self._starts[playlists][owner] + within]]
        self._column[unique] = -1
        match = at >= 0
        holds = np.zeros((len(playlists), len(unique)), bool)
        holds[owner[match], at[match]] = True
        return holds[:, place]


class _Network:
    """The tower, the artists' places and the residuals as torch parameters, and the loss over them."""

    def __init__(
        self,
        content: Content,
        artists: Rows,
        counts: Rows,
        reader: Reader,
        words: Sequence[str],
        config: TasteConfig,
    ):
        import torch

        self._config, self._reader, self._content, self._words = config, reader, content, words
        # Guests without songs of their own have no place to learn; all unknown artists have one, the last.
        self._codes, numbers = np.unique(
            np.where(artists < 0, artists.max(initial=-1) + 1, artists), return_inverse=True
        )
        self._artists = numbers.astype(np.int64)
        self._history = counts > 0
        self._kinds = reader.kinds
        many = len(self._codes)
        self._artist_history = np.bincount(self._artists, weights=counts, minlength=many) > 0
        self._artist_history[self._artists[artists < 0]] = False
        self._log_q = np.log(np.maximum(counts, 1) / counts.sum()).astype(np.float32)
        columns, terms, hidden, size = content.numbers.shape[1], len(reader.terms), config.hidden, config.size

        def drawn(rows: int, width: int, spread: float) -> torch.Tensor:
            return torch.nn.Parameter(torch.randn(rows, width) * spread)

        self._tower = {
            "into": drawn(columns, hidden + size, 1 / math.sqrt(3 * columns)),
            "terms_into": drawn(terms, hidden + size, 0.05),
            "bias": torch.nn.Parameter(torch.zeros(hidden + size)),
            "out": drawn(hidden, size, 1 / math.sqrt(3 * hidden)),
        }
        self._word_places = drawn(len(words) + 1, size, 0.02)
        self._places = drawn(many, size, 0.02)
        self._residuals = torch.nn.Parameter(torch.zeros(len(content), size))

    def optimisers(self) -> list[torch.optim.Optimizer]:
        """One for the tower and the words; one for places and residuals, which changes only the rows of the batch."""
        import torch

        rate, decay = self._config.learning_rate, self._config.weight_decay
        return [
            torch.optim.AdamW([*self._tower.values(), self._word_places], lr=rate, weight_decay=decay, fused=True),
            torch.optim.SparseAdam([self._places, self._residuals], lr=rate),
        ]

    def loss(self, batch: _Batch, rng: np.random.Generator | None) -> torch.Tensor:
        """InfoNCE over the batch; without `rng` nothing is dropped."""
        import torch
        from scipy.sparse import csr_array
        from torch.nn import functional

        many, shown = len(batch.queries), batch.shown.ravel()
        # Seeds that are not shown are embedded too: their residuals go on as the optimiser was moving them.
        songs, where = np.unique(np.concatenate([batch.queries.ravel(), batch.answers]), return_inverse=True)
        where = where[np.concatenate([shown, np.ones(len(batch.answers), bool)])]
        ends = np.cumsum(np.concatenate([[0], batch.shown.sum(axis=1), np.ones(len(batch.answers), np.int64)]))
        sums = csr_array((np.ones(len(where), np.float32), where, ends), (len(ends) - 1, len(songs)))
        places = times(sums, self._embed(songs, rng))
        query, answers = functional.normalize(places[:many], dim=1, eps=_SHORT), places[many:]
        cold = 1 / self._config.temperature
        bias = torch.from_numpy(np.where(batch.in_softmax, -self._log_q[batch.answers], _NEVER))
        target = torch.arange(many)
        loss = mean_surprise(query * cold, answers, bias, target)
        named = torch.from_numpy(np.flatnonzero(np.diff(batch.words.indptr)))
        if self._config.names and len(named):
            called = times(batch.words[named.numpy()], self._word_places[:-1]) + self._word_places[-1]
            called = functional.normalize(called, dim=1, eps=_SHORT)
            loss = loss + self._config.names * mean_surprise(called * cold, answers, bias[named], target[named])
        return loss

    def mean_loss(self, batches: _Batches) -> float:
        """Mean loss on playlists that nothing is learned from, the same draws every time."""
        import torch

        with torch.inference_mode():
            losses = [self.loss(batch, None).item() for batch in batches.draw(np.random.default_rng(0))]
        return float(np.mean(losses)) if losses else 0.0

    def _embed(self, songs: Rows, rng: np.random.Generator | None) -> torch.Tensor:
        import torch
        from scipy.sparse import csr_array
        from torch.nn import functional

        numbers, terms = torch.from_numpy(self._content.numbers[songs]), self._content.terms[songs]
        weights = terms.data
        artist_shown, song_shown = self._artist_history[self._artists[songs]], self._history[songs]
        if rng is not None:
            drop = self._config.drop_part
            for columns in self._reader.columns.values():
                numbers[torch.from_numpy(rng.random(len(songs)) < drop), columns] = 0
            kinds_shown = rng.random((len(songs), len(KINDS))) >= drop
            owner = np.repeat(np.arange(len(songs)), np.diff(terms.indptr))
            weights = weights * kinds_shown[owner, self._kinds[terms.indices]]
            artist_shown = artist_shown & (rng.random(len(songs)) >= self._config.drop_artist)
            song_shown = song_shown & (rng.random(len(songs)) >= self._config.drop_song)
        terms = csr_array((weights.astype(np.float32), terms.indices, terms.indptr), terms.shape)
        tower = self._tower
        h = numbers @ tower["into"] + times(terms, tower["terms_into"]) + tower["bias"]
        hidden = functional.relu(h[:, : self._config.hidden])
        if rng is not None:
            hidden = hidden * _dropout(hidden.shape, self._config.dropout, rng)
        out = hidden @ tower["out"] + h[:, self._config.hidden :]
        for table, rows, shown in (
            (self._places, self._artists[songs], artist_shown),
            (self._residuals, songs, song_shown),
        ):
            looked_up = functional.embedding(torch.from_numpy(rows), table, sparse=True)
            out = out + looked_up * torch.from_numpy(shown)[:, None]
        return functional.normalize(out, dim=1, eps=_SHORT)

    @property
    def _parameters(self) -> list[torch.Tensor]:
        return [*self._tower.values(), self._word_places, self._places, self._residuals]

    def state(self) -> list[torch.Tensor]:
        return [parameter.detach().clone() for parameter in self._parameters]

    def restore(self, state: list[torch.Tensor]) -> None:
        import torch

        with torch.no_grad():
            for parameter, saved in zip(self._parameters, state, strict=True):
                parameter.copy_(saved)

    def taste(self) -> Taste:
        tower = Tower(**{name: p.detach().numpy().copy() for name, p in self._tower.items()})
        places = np.zeros((int(self._codes.max(initial=0)) + 1, self._config.size), np.float32)
        places[self._codes] = self._places.detach().numpy() * self._artist_history[:, None]
        return Taste(
            self._reader,
            tower,
            places.astype(np.float32),
            tuple(self._words),
            self._word_places.detach().numpy().copy(),
        )

    def residuals(self) -> FloatMatrix:
        residuals: FloatMatrix = self._residuals.detach().numpy() * self._history[:, None].astype(np.float32)
        return residuals


def _dropout(shape: Sequence[int], share: float, rng: np.random.Generator) -> torch.Tensor:
    """float32 of a shape: 0 with the chance `share`, to a 65,536th, else what makes the mean 1."""
    import torch

    drawn = np.frombuffer(rng.bytes(2 * math.prod(shape)), np.uint16).reshape(shape)
    least = round(share * 65_536)
    return torch.from_numpy((drawn >= least) * np.float32(65_536 / max(65_536 - least, 1)))

"""Stages that make vectors searchable: what the catalogue has of each, and the FAISS indexes over them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from indexer.build.context import Context
from indexer.build.stage import Outcome
from indexer.models.moments import Moments
from indexer.search.vectors.base import StackedParts
from indexer.search.vectors.faiss_build import add_vectors, build_vectors
from indexer.store import artefacts
from indexer.store.draft import Draft

Stack = dict[str, npt.NDArray[np.floating]]

# What each part usually weighs in a query, beside its deviation: songs are gathered in lists by it. The weights of one
# query are its own; these only decide which lists hold what it looks for.
USUAL_WEIGHTS = {"lyrics": 0.05, "audio": 0.1, "taste": 2.0, "timbre": 0.3, "factors": 1.0, "popularity": 0.5}


def moments(context: Context) -> Outcome:
    """Mean and covariance of each table whose products with a query are signals."""
    draft, alive = context.draft, context.songs.alive
    tables = {
        "lyrics": artefacts.SENTENCE, "audio": artefacts.AUDIO, "timbre": artefacts.TIMBRE_PART,
        "tbert": artefacts.TBERT, "taste": artefacts.TASTE_PART, "factors": artefacts.FACTORS,
    }  # fmt: skip
    for name, artefact in tables.items():
        if draft.has(artefact):
            found = Moments.of_rows(draft.array(artefact), alive, unit=name == "audio")
            draft.write_array(artefacts.MOMENTS[name], found.to_array())
    popularity = draft.array(artefacts.POPULARITY)
    known = popularity[alive & ~np.isnan(popularity)].astype(np.float64)
    mean, variance = (known.mean(), known.var()) if len(known) else (0.0, 0.0)
    draft.write_array(artefacts.MOMENTS["popularity"], np.array([[mean], [variance]], np.float32))
    return Outcome()


def vectors(context: Context) -> Outcome:
    """The FAISS indexes: over all that likeness to a song is made of, and over the lyrics alone, for words."""
    draft, exact_below = context.draft, context.config.exact_below
    whole = stack_of(draft)
    _write(context, artefacts.VECTORS, whole, exact_below, scale_of(whole, context.songs.alive))
    if draft.has(artefacts.LYRICS_PART):
        _write(context, artefacts.LYRICS_VECTORS, {"lyrics": whole["lyrics"]}, exact_below, None)
    return Outcome()


def _write(
    context: Context,
    artefact: artefacts.Artefact,
    stack: Stack,
    exact_below: int,
    scale: npt.NDArray[np.float32] | None,
) -> None:
    """All rows, or those of the base and after them the new ones."""
    target, base = context.draft.new_file(artefact), context.base
    if base is None or not context.first or not base.has(artefact):
        build_vectors(StackedParts(stack), target, exact_below=exact_below, scale=scale)
    else:
        new = StackedParts({name: part[context.first :] for name, part in stack.items()})
        add_vectors(base.place(artefact), target, new, scale=scale)


def stack_of(draft: Draft) -> Stack:
    """What the FAISS index over everything holds of each song, by name, in its order.

    Beside the parts the popularity and the factors: with them a query's product is nearly the whole score, so that few
    candidates need be scored. An update leaves those of older songs as they were.
    """
    stack: Stack = {name: draft.array(part) for name, part in artefacts.PARTS.items() if draft.has(part)}
    popularity = draft.array(artefacts.POPULARITY)
    known = popularity[~np.isnan(popularity)]
    stack["popularity"] = np.nan_to_num(popularity, nan=float(known.mean()) if len(known) else 0.0)[:, None]
    if draft.has(artefacts.FACTORS):
        stack["factors"] = draft.array(artefacts.FACTORS)
    return stack


def scale_of(stack: Stack, alive: npt.NDArray[np.bool_]) -> npt.NDArray[np.float32] | None:
    """float32 (columns,): what each is multiplied with when songs are gathered in lists; None where nothing differs.

    In a query's product a part counts weight / deviation: on both sides of it, the root of that.
    """
    roots = []
    for name, part in stack.items():
        found = Moments.of_rows(part, alive)
        deviation = found.of([1.0])[1] if name == "popularity" else found.usual_deviation
        roots.append((USUAL_WEIGHTS[name] / deviation) ** 0.5 if deviation > 0 else 0.0)
    scale = np.repeat(roots, [part.shape[1] for part in stack.values()]).astype(np.float32)
    return scale / scale.max() if scale.any() else None

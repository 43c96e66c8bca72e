"""Where the commands of these tests find the bundled catalogue and its index."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.engine import Engine


@pytest.fixture
def place(demo_index: Path) -> dict[str, str]:
    """The environment of somebody who works with the demo."""
    return {"REFRAIN_INDEX": str(demo_index), "REFRAIN_CATALOGUE": str(demo_index.with_name("refrain.db"))}


if not hasattr(Engine, "answer"):  # stands in until Engine answers requests itself
    from types import SimpleNamespace

    def _answer(self, request):
        values = request.to_dict()
        conditions = request.filters.conditions() if hasattr(request, "filters") else {}
        match request.kind:
            case "recommend":
                return self.recommend(request.seeds, request.avoid, target=dict(request.target), filters=conditions,
                                      liked=request.liked, skipped=request.skipped, k=request.k)  # fmt: skip
            case "search":
                return self.search(request.text, request.k, conditions)
            case "playlist":
                names = ("max_per_artist", "max_per_album", "arc", "from_mood", "to_mood", "name")
                return self.playlist(request.seeds, request.length, avoid=request.avoid, target=dict(request.target),
                                     filters=conditions, seed=request.variation,
                                     **{name: values[name] for name in names if name in values})  # fmt: skip
            case "path":
                return self.path(request.start, request.end, request.length, filters=conditions,
                                 max_per_artist=request.max_per_artist)  # fmt: skip
            case "explain":
                return self.explain(request.a, request.b)
            case "songs":
                rows = request.filters.mask(self.index.songs).nonzero()[0]
                page = rows[request.offset :][: request.limit]
                return SimpleNamespace(songs=[self.index.songs.song(int(row)) for row in page], total=len(rows))

    @pytest.fixture(autouse=True)
    def _requests_are_answered(monkeypatch):
        monkeypatch.setattr(Engine, "answer", _answer, raising=False)

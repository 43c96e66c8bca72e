"""The exported encoder against the one that it was exported from; damaged copies of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine import Engine
from engine.index import OpenIndex
from indexer import Catalogue, IndexConfig, build_index, update_index
from indexer.encoders import exported
from indexer.encoders.exported import FACTS, GRAPH, TOKENIZER, ExportedEncoder, export
from indexer.encoders.sentence import SentenceEncoder
from indexer.errors import EncoderError, IndexFormatError
from indexer.store import artefacts
from indexer.store.generations import open_generation
from tests.indexer.catalogues import rows


@pytest.fixture(scope="module")
def encoder(tiny_encoder: Path) -> SentenceEncoder:
    return SentenceEncoder(str(tiny_encoder), precision="float32", window=16)


@pytest.fixture(scope="module")
def folder(encoder: SentenceEncoder, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("exported")
    export(encoder, folder)
    return folder


@pytest.fixture
def sung(tmp_path: Path) -> Iterator[Catalogue]:
    """A catalogue of songs with lyrics."""
    with Catalogue(tmp_path / "refrain.db") as catalogue:
        songs = [{"song_id": f"s{i}", "title": f"Song {i}", "artist": "Ada", "lyrics": f"rain {i}"} for i in range(20)]
        catalogue.load(rows(tmp_path, *songs))
        yield catalogue


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30, deadline=None)
@given(st.lists(st.text(max_size=80), max_size=6))
def test_it_says_what_the_encoder_says(encoder: SentenceEncoder, folder: Path, texts: list[str]) -> None:
    """Of any texts: empty ones, and those of several windows."""
    texts = [text.encode("utf-8", "replace").decode() for text in texts]
    copy = ExportedEncoder(folder)
    assert copy.dim == encoder.dim
    np.testing.assert_allclose(copy.encode(texts), encoder.encode(texts), atol=2e-5)


@pytest.mark.parametrize("name", [GRAPH, TOKENIZER, FACTS])
@pytest.mark.parametrize("content", [None, b"", b"{}", b"nonsense", b"[" * 9_999, b'{"dim": 0, "window": 16}'])
def test_a_damaged_copy_is_one_line(folder: Path, tmp_path: Path, name: str, content: bytes | None) -> None:
    for file in folder.iterdir():
        (tmp_path / file.name).symlink_to(file)
    (tmp_path / name).unlink()
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(IndexFormatError, match=f"{name} cannot be read.*refrain build") as raised:
        ExportedEncoder(tmp_path).encode(["rain"])
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(("dim", "window"), [(31, 16), (32, 2), (32, 10**12), (32, -5), (10**9, 16)])
def test_what_another_encoder_says_is_refused(folder: Path, tmp_path: Path, dim: int, window: int) -> None:
    for file in folder.iterdir():
        (tmp_path / file.name).symlink_to(file)
    (tmp_path / FACTS).unlink()
    (tmp_path / FACTS).write_text(json.dumps({"dim": dim, "window": window}))
    with pytest.raises(IndexFormatError, match="refrain build"):
        ExportedEncoder(tmp_path).encode(["rain"])


def test_tokens_that_the_graph_does_not_know_are_refused(folder: Path, tmp_path: Path) -> None:
    for file in folder.iterdir():
        (tmp_path / file.name).symlink_to(file)
    tokenizer = json.loads((folder / TOKENIZER).read_text("utf-8"))
    tokenizer["model"]["vocab"] = {token: 10_000 + i for token, i in tokenizer["model"]["vocab"].items()}
    tokenizer["post_processor"] = None
    tokenizer["added_tokens"] = []
    (tmp_path / TOKENIZER).unlink()
    (tmp_path / TOKENIZER).write_text(json.dumps(tokenizer), "utf-8")
    with pytest.raises(IndexFormatError, match="refrain build"):
        ExportedEncoder(tmp_path).encode(["rain"])


def test_what_means_something_else_is_refused(
    encoder: SentenceEncoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exported, "LEAST_COSINE", 1.1)
    with pytest.raises(EncoderError, match=r"cosine of 1\.0000 to itself, expected 1\.1"):
        export(encoder, tmp_path)


def test_an_index_holds_it_and_an_update_keeps_it(
    sung: Catalogue, encoder: SentenceEncoder, tiny_config: IndexConfig, tmp_path: Path
) -> None:
    index = tmp_path / "refrain.index"
    build_index(sung, index, tiny_config, encoder=encoder)
    with Engine.open(index) as engine:
        assert isinstance(engine.index.query_encoder, ExportedEncoder)
        found = engine.index.query_encoder.encode(["rain on the roof"])
    np.testing.assert_allclose(found, encoder.encode(["rain on the roof"]), atol=2e-5)
    first = open_generation(index)
    sung.delete(["s3"])
    update_index(sung, index, encoder=encoder)
    second = open_generation(index)
    files = [each.place(artefacts.QUERY_ENCODER) / GRAPH for each in (first, second)]
    assert files[0].samefile(files[1])
    first.close()
    second.close()


def test_a_newer_index_takes_over_what_was_loaded_and_nothing_that_failed(
    sung: Catalogue, encoder: SentenceEncoder, tiny_config: IndexConfig, tmp_path: Path
) -> None:
    path = tmp_path / "refrain.index"
    build_index(sung, path, tiny_config, encoder=encoder)
    first = OpenIndex(path)
    graph = first.generation.place(artefacts.QUERY_ENCODER) / GRAPH
    whole = graph.read_bytes()
    graph.write_bytes(bytes(len(whole)))
    with pytest.raises(IndexFormatError, match="refrain build"):
        first.query_encoder.encode(["rain"])
    graph.write_bytes(whole)
    second = OpenIndex(path, before=first)
    assert second.query_encoder is not first.query_encoder
    assert second.query_encoder.encode(["rain"]).any()
    assert OpenIndex(path, before=second).query_encoder is second.query_encoder


def test_a_model_without_such_a_form_leaves_the_questions_to_torch(
    sung: Catalogue,
    encoder: SentenceEncoder,
    tiny_config: IndexConfig,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(exported, "LEAST_COSINE", 1.1)
    report = build_index(sung, tmp_path / "refrain.index", tiny_config, encoder=encoder)
    assert any("torch encodes what is asked" in note for note in report.notes)
    with Engine.open(tmp_path / "refrain.index") as engine:
        engine.index.encoder = encoder
        assert engine.index.query_encoder is encoder


def test_words_are_searched_without_torch(demo_index: Path) -> None:
    code = (
        "import sys; from engine import Engine\n"
        "engine = Engine.open(sys.argv[1])\n"
        "hits = engine.search('rain on the window', 3)\n"
        "import json; print(json.dumps([len(hits), sorted({'torch', 'transformers', 'sklearn'} & set(sys.modules))]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(demo_index)], capture_output=True, text=True, check=True, env={**os.environ}
    )
    assert json.loads(done.stdout) == [3, []]

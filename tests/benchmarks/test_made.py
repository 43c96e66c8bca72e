"""An index is of the code that is here: what other code made of it is made again, what this code made never twice."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import pytest

from benchmarks.data.dataset import Dataset, Place, prepare
from benchmarks.data.made import Builder, Made
from benchmarks.report import origin
from benchmarks.tasks.running import opened
from indexer import IndexConfig
from indexer.build.stages import STAGE_NAMES
from indexer.encoders.sentence import SentenceEncoder
from indexer.errors import RefrainError
from indexer.progress import quiet
from indexer.store.generations import open_generation

T = TypeVar("T")
WORDS, COUNTING = "indexer/models/moods/data/words.csv", "indexer/songs/popularity.py"
ENCODING = "indexer/encoders/sentence.py"

Prepare = Callable[..., Place]


@pytest.fixture
def encoded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The texts that the encoder reads from now on."""
    read: list[str] = []
    encode = SentenceEncoder.encode

    def noting(self: SentenceEncoder, texts: Sequence[str], **options: Any) -> Any:
        read.extend(texts)
        return encode(self, texts, **options)

    monkeypatch.setattr(SentenceEncoder, "encode", noting)
    return read


def lyrics(texts: Sequence[str]) -> list[str]:
    """Those texts that are lyrics: of several lines."""
    return [text for text in texts if "\n" in text]


@pytest.fixture
def change(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """change(file): from now on the code is as it is here but for one more line in that file."""

    def changed(file: str) -> None:
        root = tmp_path / f"code after {file.replace('/', ' ')}"
        shutil.copytree(origin.ROOT / "indexer", root / "indexer", ignore=shutil.ignore_patterns("__pycache__"))
        with (root / file).open("a", encoding="utf-8") as there:
            there.write("\n")
        monkeypatch.setattr(origin, "ROOT", root)

    return changed


@pytest.fixture
def prepared(demo_catalogue: Path, tiny_config: IndexConfig, tmp_path: Path) -> Prepare:
    """The warm dataset in a folder of its own."""

    def prepare_(config: IndexConfig = tiny_config, **options: Any) -> Place:
        return prepare(str(demo_catalogue), tmp_path / "work", config, cold=False, **options)

    return prepare_


def made_at(place: Place) -> dict[str, str]:
    """Stage -> the generation in use and the second in which the stage was done."""
    generation = open_generation(place.index)
    try:
        stages = generation.manifest["stages"]
        return {name: f"{generation.number} {stages[name]['outcome']['date']}" for name in STAGE_NAMES}
    finally:
        generation.close()


@pytest.mark.parametrize("file", [WORDS, COUNTING, "indexer/build/stages.py"])
def test_every_file_that_decides_an_index_is_in_its_digest(file: str, change: Callable[[str], None]) -> None:
    before = Builder.here()
    change(file)
    after = Builder.here()
    assert after.code != before.code
    assert after.encoding == before.encoding


def test_prose_and_what_python_leaves_decide_nothing(change: Callable[[str], None]) -> None:
    before = Builder.here()
    change("indexer/README.md")
    (origin.ROOT / "indexer" / "__pycache__").mkdir()
    (origin.ROOT / "indexer" / "__pycache__" / "x.pyc").write_bytes(b"x")
    (origin.ROOT / "indexer" / ".swap").write_bytes(b"x")
    assert Builder.here() == before


@pytest.mark.slow
def test_what_other_code_made_is_made_again_but_no_lyric_encoded(
    warm: Place, prepared: Prepare, change: Callable[[str], None], encoded: list[str]
) -> None:
    before = prepared(encoded=warm.index)
    stages = made_at(before)
    assert made_at(prepared()) == stages, "this very code made it"
    change(WORDS)
    with pytest.raises(RefrainError, match="was made by other code than this"):
        opened(before)
    again = prepared()
    assert [name for name, at in made_at(again).items() if at == stages[name]] == []
    assert again.build_s is None, "vectors were taken over: this is not what a build takes"
    assert not lyrics(encoded), "a lyric was encoded again"
    assert (opened(again).index.sentence == Dataset(warm).index.sentence).all()
    assert made_at(prepared()) == made_at(again)


@pytest.mark.slow
def test_lyrics_are_encoded_again_where_encoding_has_changed(
    warm: Place, prepared: Prepare, change: Callable[[str], None], encoded: list[str]
) -> None:
    prepared(encoded=warm.index)
    assert not lyrics(encoded)
    change(ENCODING)
    again = prepared(encoded=warm.index)
    assert lyrics(encoded), "vectors of other code were taken over"
    assert again.build_s is not None


def cut(label: str) -> Callable[..., Iterator[Any]]:
    """A track that kills the build where a stage begins that is called so."""

    def track(items: Iterable[T], name: str = "", total: int | None = None) -> Iterator[T]:
        if name == label:
            raise KeyboardInterrupt
        yield from items

    return track


@pytest.mark.parametrize("other_code", [False, True])
def test_a_build_goes_on_from_what_this_code_had_finished_and_no_other(
    other_code: bool, prepared: Prepare, change: Callable[[str], None]
) -> None:
    with pytest.raises(KeyboardInterrupt):
        prepared(track=cut("infer topics"))
    labels: list[str] = []

    def noting(items: Iterable[T], name: str = "", total: int | None = None) -> Iterable[T]:
        labels.append(name)
        return quiet(items, name)

    if other_code:
        change(WORDS)
    place = prepared(track=noting)
    assert ("read songs" in labels) == other_code
    assert place.build_s is None
    assert Made.beside(place.index).is_of(Builder.here(), place.index)


def test_the_time_is_that_of_a_whole_build(
    warm: Place, cold: Place, demo_catalogue: Path, tiny_config: IndexConfig, work: Path, prepared: Prepare
) -> None:
    assert warm.build_s is not None
    assert warm.build_s > 0
    assert prepare(str(demo_catalogue), work, tiny_config, cold=False) == warm
    assert cold.build_s is None, "it began from the warm one"
    assert prepared(encoded=warm.index).build_s is None
    assert prepared(replace(tiny_config, salient_keywords=2)).build_s is None


def test_nothing_is_built_twice_and_no_lyric_encoded_twice(
    warm: Place, demo_catalogue: Path, tiny_config: IndexConfig, work: Path, prepared: Prepare, encoded: list[str]
) -> None:
    other = prepared(encoded=warm.index)
    assert not lyrics(encoded), "a lyric was encoded again"
    warm_songs, again = Dataset(warm), Dataset(other)
    assert (warm_songs.index.sentence == again.index.sentence).all()
    number = warm_songs.index.generation.number
    assert prepare(str(demo_catalogue), work, tiny_config, cold=False) == warm
    assert Dataset(warm).index.generation.number == number


def test_a_copy_that_was_killed_is_made_again(
    warm: Place, prepared: Prepare, encoded: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    linked: list[object] = []
    link = os.link

    def killed(*args: Any, **options: Any) -> None:
        linked.append(args)
        if len(linked) == 10:
            raise KeyboardInterrupt
        link(*args, **options)

    with monkeypatch.context() as cut_short:
        cut_short.setattr(os, "link", killed)
        with pytest.raises(KeyboardInterrupt):
            prepared(encoded=warm.index)
    place = prepared(encoded=warm.index)
    assert not lyrics(encoded), "a lyric was encoded again"
    assert (opened(place).index.sentence == Dataset(warm).index.sentence).all()
    assert [path.name for path in place.index.parent.glob(".*")] == [], "half a copy was left"

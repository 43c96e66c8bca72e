"""XML as a stream: encodings are read, harm is refused in one sentence, memory stays small."""

from __future__ import annotations

import gzip
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from xml.sax.saxutils import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.errors import SourceError
from indexer.sources import recognise
from indexer.sources.detect import sniff
from indexer.sources.elements import MOST_DEEP, elements

XSPF = "<playlist xmlns='http://xspf.org/ns/0/'><trackList>{}</trackList></playlist>"
TRACK = "<track><title>Señal</title><creator>Los Faros</creator></track>"
DTD = '<?xml version="1.0"?><!DOCTYPE playlist [{}]>'
LAUGHS = "".join(
    f'<!ENTITY a{n} "{f"&a{n - 1};" * 10 if n else "ha" * 10}">' for n in range(12)
)  # 10^11 times, where it is expanded


def read(path: Path) -> list[str]:
    """The titles of a file; it is read in pieces, as an import does."""
    return [str(song.facts["title"]) for batch in recognise(path).batches() for song in batch.songs]


@pytest.mark.parametrize(
    "head",
    [
        DTD.format(LAUGHS),
        DTD.format('<!ENTITY x SYSTEM "file:///etc/passwd">'),
        DTD.format('<!ENTITY x SYSTEM "http://127.0.0.1:9/x">'),
        DTD.format('<!ENTITY % x SYSTEM "http://127.0.0.1:9/x.dtd"> %x;'),
        DTD.format('<!ENTITY x "harmless">'),
    ],
    ids=["laughs", "file", "net", "parameter", "plain"],
)
def test_a_file_that_declares_entities_is_not_read(head: str, tmp_path: Path) -> None:
    path = tmp_path / "a.xspf"
    path.write_text(head + XSPF.format("<track><title>&x;&a11;</title><creator>&x;</creator></track>"), "utf-8")
    with pytest.raises(SourceError, match="declares the entity") as caught:
        read(path)
    assert "\n" not in str(caught.value)


def test_a_dtd_that_is_only_named_is_neither_fetched_nor_a_fault(tmp_path: Path) -> None:
    """What such a DTD would explain, as &eacute;, is read as HTML has it."""
    path = tmp_path / "a.xspf"
    head = '<!DOCTYPE playlist SYSTEM "http://127.0.0.1:9/none.dtd">'
    path.write_text(head + XSPF.format("<track><title>&eacute;t&eacute;</title><creator>A</creator></track>"), "utf-8")
    assert read(path) == ["été"]


@pytest.mark.parametrize(
    ("inside", "why"),
    [
        ("<a>" * 100_000, f"more than {MOST_DEEP} deep"),
        (f"<track title='{'x' * 5_000_000}'/>", "a tag has more than"),
        (f"<title>{'x' * 5_000_000}</title>", "a text has more than"),
        ("<track " + " ".join(f"a{n}='1'" for n in range(600)) + "/>", "more than 500 attributes"),
        ("<track><title>A</creator></track>", "not whole XML"),
        ("<track><title>A&nope</title></track>", "not whole XML"),
        (f"<!--{'x' * 5_000_000}-->", "a tag has more than"),
    ],
    ids=["deep", "attribute", "text", "attributes", "tags", "reference", "comment"],
)
def test_harm_and_damage_are_one_sentence(inside: str, why: str, tmp_path: Path) -> None:
    path = tmp_path / "a.xspf"
    path.write_text(XSPF.format(inside), "utf-8")
    with pytest.raises(SourceError, match=why) as caught:
        read(path)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400


def test_a_million_tracks_take_no_more_memory_than_a_thousand(tmp_path: Path) -> None:
    def peak(count: int) -> int:
        path = tmp_path / "a.xspf"
        path.write_text(XSPF.format("<track/>" * count), "utf-8")
        tracemalloc.start()
        assert sum(1 for tag in elements(sniff(path)) if tag.name == "track") == 2 * count
        used = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return used

    peak(10)  # what is loaded when it is first needed
    assert peak(200_000) < peak(20_000) + 1_000_000


@pytest.mark.parametrize(
    "encode",
    [
        lambda text: ('<?xml version="1.0" encoding="UTF-8"?>' + text).encode(),
        lambda text: b"\xef\xbb\xbf" + ('<?xml version="1.0"?>' + text).encode(),
        lambda text: ('<?xml version="1.0" encoding="UTF-16"?>' + text).encode("utf-16"),
        lambda text: ('<?xml version="1.0" encoding="utf-8"?>' + text).encode("utf-16-be"),
        lambda text: ('<?xml version="1.0" encoding="ISO-8859-1"?>' + text).encode("latin-1"),
        lambda text: ('<?xml version="1.0" encoding="macintosh"?>' + text).encode("mac-roman"),
        lambda text: ('<?xml version="1.0" encoding="no-such-thing"?>' + text).encode(),
        lambda text: ("\r\n  " + '<?xml version="1.0" encoding="zip"?>' + text).encode(),
    ],
    ids=["utf-8", "mark", "utf-16", "wide", "latin-1", "declared", "nonsense", "spaces"],
)  # fmt: skip
def test_encodings(encode: Callable[[str], bytes], tmp_path: Path) -> None:
    path = tmp_path / "a.xspf"
    path.write_bytes(encode(XSPF.format(TRACK)))
    assert read(path) == ["Señal"]


def test_characters_that_xml_forbids_are_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "a.xspf"
    path.write_text(XSPF.format(TRACK.replace("Se", "S\x0b\x1fe")), "utf-8")
    assert read(path) == ["Señal"]


@given(st.lists(st.text(st.characters(exclude_categories=("Cs", "Cc"))), min_size=1, max_size=5))
def test_texts_come_as_they_were_written(tmp_path_factory: pytest.TempPathFactory, texts: list[str]) -> None:
    path = tmp_path_factory.mktemp("xml") / "a.xml"
    path.write_text("<r>" + "".join(f"<t>{escape(text)}</t>" for text in texts) + "</r>", "utf-8")
    forbidden = str.maketrans({"\ufffe": "", "\uffff": ""})
    expected = [text.translate(forbidden) for text in texts]
    assert [tag.text for tag in elements(sniff(path)) if tag.name == "t" and tag.attributes is None] == expected


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("<opml version='2.0'><body/></opml>", "subscriptions"),
        ("<rss version='2.0'><channel/></rss>", "feed"),
        ("<metadata xmlns='http://musicbrainz.org/ns/mmd-2.0#'/>", "fmt=json"),
        ("<html><body>Not found</body></html>", "HTML page"),
        ("<!DOCTYPE html><title>x</title>", "HTML page"),
        ("<?xml version='1.0'?><rhythmdb version='2.0'/>", "Rhythmbox"),
        ("<?xml version='1.0'?><lfm status='ok'/>", "format=json"),
        ("<anything/>", "nothing that Refrain knows"),
        ("<anything", "no element|no whole XML"),
        ("<<>>", "no whole XML"),
    ],
)
def test_other_xml_is_explained(text: str, why: str, tmp_path: Path) -> None:
    path = tmp_path / "a.xml"
    path.write_text(text, "utf-8")
    with pytest.raises(SourceError, match=why) as caught:
        recognise(path)
    assert "\n" not in str(caught.value)


def test_a_packed_list_is_read(tmp_path: Path) -> None:
    from indexer.sources import gather

    (tmp_path / "a.gz").write_bytes(gzip.compress(XSPF.format(TRACK).encode()))
    with gather([tmp_path / "a.gz"]) as gathered:
        assert [source.format.name for source in gathered.sources] == ["xspf"]

"""What tests read of a page: its elements, links and texts, as html.parser sees them and no browser's script."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

from starlette.testclient import TestClient

from engine.service.app import make_app
from engine.service.settings import Settings

VOID = {"meta", "link", "input", "br", "hr", "img"}
DRAWN = {"rect", "circle", "path", "polyline"}  # SVG that ends itself


@dataclass
class Element:
    """One element, or with "" as its tag a text."""

    tag: str
    attributes: dict[str, str]
    children: list[Element] = field(default_factory=list)
    inner: str = ""

    def all(self, tag: str, **wanted: str) -> list[Element]:
        """The elements below with this tag and these attributes (class_ for class, one of several), in their order."""
        found = []
        for child in self.children:
            if child.tag == tag and all(_has(child, name, value) for name, value in wanted.items()):
                found.append(child)
            found += child.all(tag, **wanted)
        return found

    def one(self, tag: str, **wanted: str) -> Element:
        found = self.all(tag, **wanted)
        assert found, f"no <{tag}> with {wanted}"
        return found[0]

    def every(self) -> Iterator[Element]:
        yield self
        for child in self.children:
            yield from child.every()

    @property
    def text(self) -> str:
        return " ".join("".join(self._texts()).split())

    def _texts(self) -> Iterator[str]:
        yield self.inner
        for child in self.children:
            if child.tag:
                yield " "
            yield from child._texts()


def _has(element: Element, name: str, value: str) -> bool:
    own = element.attributes.get(name.rstrip("_").replace("_", "-"), "")
    return value in own.split() if name == "class_" else own == value


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.root = Element("", {})
        self._open = [self.root]

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attributes]
        assert len(names) == len(set(names)), f"<{tag}> has an attribute twice: {names}"
        element = Element(tag, {name: value or "" for name, value in attributes})
        self._open[-1].children.append(element)
        if tag not in VOID:
            self._open.append(element)

    def handle_startendtag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        assert tag in DRAWN, f"<{tag}/> does not end itself"
        self._open[-1].children.append(Element(tag, {name: value or "" for name, value in attributes}))

    def handle_endtag(self, tag: str) -> None:
        opened = self._open.pop()
        if opened.tag != tag and opened.tag in {"p", "li", "option", "td", "th", "tr"}:
            raise AssertionError(f"<{opened.tag}> is ended by </{tag}>")
        assert opened.tag == tag, f"<{opened.tag}> is ended by </{tag}>"

    def handle_data(self, text: str) -> None:
        self._open[-1].children.append(Element("", {}, inner=text))


def read_page(html: str) -> Element:
    """The page as elements; every element must be closed by its own end."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    assert len(reader._open) == 1, [element.tag for element in reader._open]
    return reader.root


@contextmanager
def site_of(index: Path, **settings: object) -> Iterator[TestClient]:
    """A browser without JavaScript before a service of the index in this process."""
    catalogue = str(index.parent / "refrain.db")
    app = make_app(Settings(index=str(index), catalogue=catalogue, **settings))  # type: ignore[arg-type]
    headers = {"accept": "text/html,application/xhtml+xml"}
    with TestClient(app, base_url="http://127.0.0.1", headers=headers) as client:
        yield client

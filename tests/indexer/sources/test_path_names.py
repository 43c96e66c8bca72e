"""What the path of a song says, whether a list writes it or the song lies in a folder that is imported."""

from __future__ import annotations

from pathlib import PurePath

import pytest

from indexer.sources.path_names import PathNames, names_of_parts, names_of_path
from indexer.sources.paths import file_path, file_stem

BELOW = [
    ("Oda Finch/Weather/03 Rain.flac", False, "Rain", "Oda Finch", "Weather", None),
    ("Oda Finch/1999 - Weather/CD 2/03. Rain.flac", False, "Rain", "Oda Finch", "Weather", "1999"),
    ("Oda Finch/Weather (1999)/1-03 Rain.flac", False, "Rain", "Oda Finch", "Weather", "1999"),
    ("Oda Finch - Weather/Rain.ogg", False, "Rain", "Oda Finch", "Weather", None),
    ("Music/Oda Finch - Weather [1999]/Rain.ogg", False, "Rain", "Oda Finch", "Weather", "1999"),
    ("Oda Finch - Rain.mp3", False, "Rain", "Oda Finch", None, None),
    ("oda_finch_-_rain.mp3", False, "rain", "oda finch", None, None),
    ("Oda Finch - Weather - 03 - Rain.mp3", False, "Rain", "Oda Finch", "Weather", None),
    ("03 - Oda Finch - Rain.mp3", False, "Rain", "Oda Finch", None, None),
    ("Oda Finch - Rain - Live.mp3", False, "Rain - Live", "Oda Finch", None, None),
    ("Music/Oda Finch/Rain.mp3", False, "Rain", "Oda Finch", None, None),
    ("Oda Finch/Music/Rain.mp3", False, "Rain", "Oda Finch", None, None),
    ("Oda Finch/Media Monkey/1-800-273.mp3", True, "1-800-273", "Oda Finch", "Media Monkey", None),
    ("Oda Finch/Weather/CD1/103 Rain.mp3", True, "Rain", "Oda Finch", "Weather", None),
    ("caf\udce9/Weather/Rain.mp3", False, "Rain", "caf\ufffd", "Weather", None),
    ("Rain.mp3", False, "Rain", None, None, None),
    ("03. Rain.mp3", False, "Rain", None, None, None),
    ("99 Red Cats.mp3", False, "99 Red Cats", None, None, None),
    ("Oda Finch/Weather/12 Rain.mp3", True, "Rain", "Oda Finch", "Weather", None),
    ("Oda Finch/Weather/12 Rain.mp3", False, "12 Rain", "Oda Finch", "Weather", None),
    ("Oda Finch/Weather/1979.mp3", True, "1979", "Oda Finch", "Weather", None),
    ("Oda Finch/Weather/07.mp3", True, "07", "Oda Finch", "Weather", None),
    ("Downloads/Rain.mp3", False, "Rain", None, None, None),
    ("Various Artists/Hits/Oda Finch - Rain.mp3", False, "Rain", "Oda Finch", "Hits", None),
    ("Музыка/Одуванчик/01. Дождь.mp3", False, "Дождь", "Музыка", "Одуванчик", None),
    ("夜/雨/01 雪.flac", False, "雪", "夜", "雨", None),
]


@pytest.mark.parametrize(("path", "numbered", "title", "artist", "album", "year"), BELOW)
def test_what_a_path_below_the_imported_folder_says(
    path: str, numbered: bool, title: str, artist: str | None, album: str | None, year: str | None
) -> None:
    place = PurePath(path)
    names = names_of_parts(place.parts[:-1], place.stem, bare_places=999 if numbered else 0)
    assert names == PathNames(title, artist or "", album or "", year or "")


@pytest.mark.parametrize(
    "root", ["/home/ada/Music", "file:///home/ada/Music", "C:\\Users\\ada\\Music", "\\\\nas\\music"]
)
@pytest.mark.parametrize(
    "path", [path for path, numbered, *_ in BELOW if not numbered and path.isascii() and "/Music/" not in path]
)
def test_a_list_that_writes_the_path_says_the_same(root: str, path: str) -> None:
    place = PurePath(path)
    between = "\\" if "\\" in root else "/"
    written = between.join([root, *place.parts])
    bare = place.stem.startswith("12 ")  # the number of a track, where only one path is known
    below = names_of_parts(place.parts[:-1], place.stem, bare_places=99 if bare else 0)
    assert names_of_path(written) == below


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("/media/ada/disk/01 99 Boats.mp3", PathNames("99 Boats")),
        ("/home/ada/Music/Gull/Sheds/99 Boats.mp3", PathNames("99 Boats", "Gull", "Sheds")),
        ("/home/ada/Music/Gull/1999 - Sheds/CD 1/1-12 Boats.mp3", PathNames("Boats", "Gull", "Sheds", "1999")),
        ("/home/ada/Music/Track 01.mp3", PathNames("")),
        ("file:///home/ada/Music/Caf%E9/Boats.mp3", PathNames("Boats", "Caf\ufffd")),
        ("Gull - Sheds - 03 - Boats.mp3", PathNames("Boats", "Gull", "Sheds")),
        ("https://a.example/Gull - Boats.mp3", PathNames("")),
        ("a\ud800 - b.mp3", PathNames("b", "a\ufffd")),
    ],
)
def test_what_a_line_of_a_list_says(text: str, names: PathNames) -> None:
    assert names_of_path(text) == names


def test_bytes_of_an_address_are_those_of_the_path() -> None:
    assert file_path("file:///m/caf%E9.mp3", None) == "/m/caf\udce9.mp3"
    assert file_stem("file:///m/caf%E9.mp3") == "caf"
    assert file_path("/m/two  spaces.mp3", None) == "/m/two  spaces.mp3"
    assert file_path("/m/\ud800.mp3", None) == "", "half a character that is no byte"

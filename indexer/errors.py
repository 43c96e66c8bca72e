"""The errors of the world outside: files, catalogues, indexes and names that are not what they should be.

RefrainError
├── SourceError            a file to import is not what any source can read
├── CatalogueError         the catalogue cannot be opened, read or written
├── BusyError              another process writes the catalogue or the index; names it
├── IndexFormatError       the index folder is of another version, cut short or altered
├── IndexMissingError      there is no index where one was expected
├── EncoderError           the text encoder or its weights cannot be loaded
├── ConfigError            a configuration value is unknown or out of range
├── RequestError           a request holds a value that it cannot hold: its field, what was found, what was expected
│   └── FilterError        a filter, target or weight has an unknown name or an impossible value
├── SongNotFoundError      no song has this name or id; names the nearest
├── ArtistNotFoundError    no artist has this name; names the nearest
├── SessionsError          the file of recipes and history cannot be read or written
├── RecipeNotFoundError    no recipe has this name; names the nearest
├── AmbiguousSongError     several songs have this name; names them
└── EmptyQueryError        a query holds nothing that can be searched with

Each message says what was found, what was expected and what to do next; what a program needs to go on
(a field, song_ids) stands beside it as attributes. A mistake in calling the library's inner functions
is a plain ValueError.
"""

from __future__ import annotations

from collections.abc import Sequence

from indexer.text.printable import printable


class RefrainError(Exception):
    """Base of every error that the command line shows as one line, without a traceback."""


class SourceError(RefrainError):
    """A file cannot be imported. The message is one line, also where it repeats what the file holds."""

    def __init__(self, message: str = "") -> None:
        super().__init__(printable(" ".join(message.splitlines())))


class CatalogueError(RefrainError):
    """The catalogue cannot be opened, read or written."""


class BusyError(RefrainError):
    """Another process writes the same catalogue or index. The message names it, where that can be known."""


class IndexFormatError(RefrainError):
    """An index folder is of another version, cut short or altered."""


class IndexMissingError(RefrainError):
    """There is no index where one was expected."""


class EncoderError(RefrainError):
    """The text encoder or its weights cannot be loaded."""


class ConfigError(RefrainError):
    """A configuration value is unknown or out of range."""


class RequestError(RefrainError):
    """A value that a request cannot hold.

    field      where it stands: "k", "seeds[2]", "filters.year"
    found      what stands there, as Python writes it
    expected   what may stand there
    """

    def __init__(self, message: str = "", *, field: str = "", found: str = "", expected: str = ""):
        super().__init__(message or f"{field} is {found}, expected {expected}")
        self.field, self.found, self.expected = field, found, expected


class FilterError(RequestError):
    """A filter, target or weight has an unknown name or an impossible value."""


class SongNotFoundError(RefrainError):
    """No song has this name or id.

    nearest   song_ids of the songs whose names are most like it, best first
    """

    def __init__(self, message: str, *, nearest: Sequence[str] = ()):
        super().__init__(message)
        self.nearest = tuple(nearest)


class ArtistNotFoundError(RefrainError):
    """No artist has this name.

    nearest   names of the artists whose names are most like it, best first
    """

    def __init__(self, message: str, *, nearest: Sequence[str] = ()):
        super().__init__(message)
        self.nearest = tuple(nearest)


class SessionsError(RefrainError):
    """The file of recipes and history cannot be read or written. The message names it without its folder."""


class RecipeNotFoundError(RefrainError):
    """No recipe has this name.

    nearest   names of the recipes that are most like it, best first
    """

    def __init__(self, message: str, *, nearest: Sequence[str] = ()):
        super().__init__(message)
        self.nearest = tuple(nearest)


class AmbiguousSongError(RefrainError):
    """Several songs have this name.

    candidates   their song_ids, the likeliest first
    """

    def __init__(self, message: str, *, candidates: Sequence[str] = ()):
        super().__init__(message)
        self.candidates = tuple(candidates)


class EmptyQueryError(RefrainError):
    """A query holds nothing that can be searched with."""

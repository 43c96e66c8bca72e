"""The errors of the world outside: files, catalogues, indexes and names that are not what they should be.

RefrainError
├── SourceError            a file to import is not what any source can read
├── CatalogueError         the catalogue cannot be opened, read or written
├── IndexFormatError       the index folder is of another version, cut short or altered
├── IndexMissingError      there is no index where one was expected
├── EncoderError           the text encoder or its weights cannot be loaded
├── ConfigError            a configuration value is unknown or out of range
├── FilterError            a filter, target or weight has an unknown name or an impossible value
├── SongNotFoundError      no song has this name or id; lists the nearest
├── AmbiguousSongError     several songs have this name; lists them
└── EmptyQueryError        a query holds nothing that can be searched with

Each message says what was found, what was expected and what to do next. A caller's mistake in
Python (k = 0, two rows alike) is a plain ValueError.
"""

from __future__ import annotations


class RefrainError(Exception):
    """Base of every error that the command line shows as one line, without a traceback."""


class SourceError(RefrainError):
    """A file cannot be imported."""


class CatalogueError(RefrainError):
    """The catalogue cannot be opened, read or written."""


class IndexFormatError(RefrainError):
    """An index folder is of another version, cut short or altered."""


class IndexMissingError(RefrainError):
    """There is no index where one was expected."""


class EncoderError(RefrainError):
    """The text encoder or its weights cannot be loaded."""


class ConfigError(RefrainError):
    """A configuration value is unknown or out of range."""


class FilterError(RefrainError):
    """A filter, target or weight has an unknown name or an impossible value."""


class SongNotFoundError(RefrainError):
    """No song has this name or id."""


class AmbiguousSongError(RefrainError):
    """Several songs have this name."""


class EmptyQueryError(RefrainError):
    """A query holds nothing that can be searched with."""

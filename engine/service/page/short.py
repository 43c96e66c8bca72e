"""Short ids: songs in addresses, of which a playlist has a hundred, in 22 letters and digits however long their ids."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from engine.index import OpenIndex
from engine.service.spotify.ids import LENGTH
from engine.service.spotify.tables import tables_of


@dataclass(frozen=True, slots=True)
class ShortIds:
    """The short ids of an index: the lasting ones that its songs have in Spotify's shape.

    An id that an address writes in as few characters stays as it is, and so does a text that is no song's id; what was
    written comes back: song_id(short(text)) == text for the id of any song.
    """

    index: OpenIndex

    def short(self, song_id: str) -> str:
        row = self.index.songs.row_of(song_id)
        if row is None or len(quote(song_id)) <= LENGTH:
            return song_id
        made = tables_of(self.index).tracks.id_of(row)
        return song_id if self.index.songs.row_of(made) is not None else made  # another song is called so

    def song_id(self, text: str) -> str:
        songs = self.index.songs
        if len(text) != LENGTH or songs.row_of(text) is not None:
            return text
        row = tables_of(self.index).tracks.number_of(text)
        return text if row is None else songs.song_ids[row]

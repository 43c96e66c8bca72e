"""Files of known exports that hold no songs: each is named, and a file that nobody knows is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from indexer.errors import SourceError
from indexer.sources import recognise
from tests.formats.reading import written


@pytest.mark.parametrize(
    ("content", "what"),
    [
        ({"username": "somebody", "email": "a@b.example", "country": "PT"}, "the profile of an account"),
        ({"payment_method": "card", "creation_date": "2021-03-04"}, "payment data"),
        ([{"artistName": "Ines Calder", "segment": "Light listeners"}], "advertisements"),
        ([{"platform": "X", "searchTime": "2023-01-04T21:10:00Z", "searchQuery": "ebb"}], "what was searched for"),
        ({"followerCount": 1, "followingUsersCount": 2, "dismissingUsersCount": 0}, "who follows whom"),
        ({"inferences": ["1P_Custom"]}, "what Spotify guesses"),
        (
            [{"endTime": "2023-01-04 21:10", "podcastName": "Rope", "episodeName": "Of knots", "msPlayed": 9}],
            "podcasts",
        ),
        ("Channel Id,Channel Url,Channel Title\nUCx,https://www.youtube.com/channel/UCx,Rope\n", "channels"),
        ("Video ID,Playlist Video Creation Timestamp\nabcdefghijk,2024-01-01T00:00:00Z\n", "YouTube's video ids"),
        ("ID de vídeo,Marca de tiempo\nabcdefghijk,2024-01-01T00:00:00Z\n", "YouTube's video ids"),
    ],
)
def test_what_a_file_is_that_holds_no_songs(content: object, what: str, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=f"holds no songs: it is .*{what}"):
        recognise(written(tmp_path, "x", content))


@pytest.mark.parametrize(
    "content", [{"version": 1}, [], "a,b\nabcdefghijk,2024-01-01\n", "word,meaning\nabcdefghijk,Two words\n"]
)
def test_what_nobody_knows_is_not_named(content: object, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="kinds that are read"):
        recognise(written(tmp_path, "x", content))

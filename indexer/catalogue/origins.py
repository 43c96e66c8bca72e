"""Origins: the audio features of one song are all Spotify's or all measured from its file, never some of each."""

from __future__ import annotations

from collections.abc import Mapping

from indexer.records import SOUND_NAMES


def of_one_origin(song: Mapping[str, object], facts: Mapping[str, object]) -> dict[str, object]:
    """`facts` as they may be written over `song`; None erases what is there.

    Spotify's features replace measured ones, all of them. Measured features are left out where the song has Spotify's,
    and replace earlier measured ones as a whole. A length without any other feature is of no origin; a measured one
    replaces none.

    >>> of_one_origin({"energy": 0.5, "audio_origin": None}, {"tempo": 99.0, "audio_origin": "measured", "year": 1999})
    {'year': 1999}
    >>> new = of_one_origin({"energy": 0.5, "audio_origin": "measured"}, {"tempo": 99.0})
    >>> new["tempo"], new["energy"], new["audio_origin"]
    (99.0, None, None)
    """
    here, there = facts.get("audio_origin"), song.get("audio_origin")
    if here is None and there is None:
        return dict(facts)
    sounds = any(facts.get(name) is not None for name in SOUND_NAMES)
    of_spotify = there is None and any(song.get(name) is not None for name in SOUND_NAMES)
    if here is not None and (of_spotify or not sounds):
        left_out = {*SOUND_NAMES, "audio_origin"} | ({"duration_ms"} if song.get("duration_ms") is not None else set())
        return {name: value for name, value in facts.items() if name not in left_out}
    return {**dict.fromkeys((*SOUND_NAMES, "audio_origin")), **facts} if sounds else dict(facts)

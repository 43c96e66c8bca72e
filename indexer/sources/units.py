"""Units: one cell as people write it, to the number that it means."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime

from indexer.text.tokens import strip_accents

_GROUPED = re.compile(r"[-+]?\d{1,3}(?:([ \u00a0\u202f'’.,])\d{3})(?:\1\d{3})*")
_DECIMAL_COMMA = re.compile(r"[-+]?\d*,\d+(?:[eE][-+]?\d+)?")
_CLOCK = re.compile(r"(?:(\d+):)?(\d{1,4}):([0-5]?\d(?:[.,]\d+)?)")
_PRIMES = re.compile(r"(\d{1,3})\s*['′’]\s*([0-5]?\d)\s*(?:[\"″”]|''|′′)?")
_SPELT = re.compile(r"(?:(\d+)\s*h(?:ours?|rs?)?\s*)?(?:(\d+)\s*m(?:in\w*)?\s*)?(?:(\d+(?:\.\d+)?)\s*s(?:ec\w*)?)?")
_MINUS = str.maketrans({"−": "-", "–": "-", "\u00a0": " ", "\u202f": " "})

_PITCHES = {"c": 0, "d": 2, "e": 4, "f": 5, "g": 7, "a": 9, "b": 11, "h": 11}
_SOLFEGE = {"do": 0, "re": 2, "mi": 4, "fa": 5, "sol": 7, "la": 9, "si": 11}
_SHIFTS = {"#": 1, "sharp": 1, "is": 1, "diese": 1, "b": -1, "flat": -1, "es": -1, "s": -1, "bemol": -1}
_MODES = {
    **dict.fromkeys(("major", "maj", "dur", "majeur", "mayor", "maggiore", "maior", "durr", "ionian", "1", "1.0"), 1.0),
    **dict.fromkeys(("minor", "min", "moll", "mineur", "menor", "minore", "mol", "aeolian", "0", "0.0"), 0.0),
    **dict.fromkeys(("長調", "长调", "大调", "大調", "ματζόρε", "мажор"), 1.0),
    **dict.fromkeys(("短調", "短调", "小调", "小調", "μινόρε", "минор"), 0.0),
}
_KEY = re.compile(
    r"(?P<note>do|re|mi|fa|sol|la|si|[a-h])\s*-?\s*(?P<shift>#|b(?=m|[^a-z]|\Z)|sharp|flat|diese|bemol|is\b|es\b|(?<=[ae])s\b)?"
    r"(?:\s*[/|(]\s*(?:do|re|mi|fa|sol|la|si|[a-h])\s*(?:#|b|sharp|flat)?\s*\)?)?"
    r"\s*[-:]?\s*(?P<mode>m\b|m$|\w+)?\s*",
)
_WHEEL = re.compile(r"0?(1[0-2]|[1-9])\s*([abdm])")
_CAMELOT_MAJOR = 11  # 1B is B major, and each step on the wheel is a fifth, seven semitones, up
_OPEN_KEY_MAJOR = 0  # 1d is C major

_YEAR = re.compile(r"(?<!\d)(1[89]\d\d|20\d\d|2100)(?!\d)")
_COMPACT_DATE = re.compile(r"(1[89]\d\d|20\d\d)(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])")
_SHORT_DATE = re.compile(r"\d{1,2}[-./ ](?:\d{1,2}|[^\W\d]{3,9})[-./ ](\d\d)")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_SPELT_TIME = re.compile(r"(\d{1,2}) ([a-z]{3})[a-z]* (\d{4}),? (\d{1,2}):(\d\d)(?::(\d\d))?", re.IGNORECASE)
_TIMES = (946_684_800, 4_102_444_800)  # seconds: 2000 to 2100; Last.fm writes 1970 where it knows no time
_LATEST_SHORT_YEAR = 30  # 04/03/29 is of 2029, 04/03/31 of 1931


def decimal(text: str) -> float | None:
    """The number in a text, with a decimal comma, a percent sign (a hundredth) or a unit behind it; None for no number.

    >>> decimal("0,735"), decimal("64%"), decimal("-7.1 dB"), decimal("128 BPM"), decimal("1,234.5"), decimal("Ada")
    (0.735, 0.64, -7.1, 128.0, 1234.5, None)
    """
    text = text.translate(_MINUS).strip()
    share = text.endswith("%")
    text = re.sub(r"(?<=\d)\s*(?:%|bpm|db(?:fs)?|lufs)\s*\Z", "", text, flags=re.IGNORECASE)
    if _DECIMAL_COMMA.fullmatch(text):
        text = text.replace(",", ".")
    elif "," in text and "." in text and text.rfind(",") < text.rfind("."):
        text = text.replace(",", "")
    elif "," in text and "." in text:
        text = text.replace(".", "").replace(",", ".")
    try:
        number = float(text) if "_" not in text else math.nan
    except (ValueError, OverflowError):
        return None
    return None if math.isnan(number) else number / 100 if share else number


def whole(text: str) -> float | None:
    """A count in a text, in which commas, points and spaces part the thousands.

    >>> whole("141,381,703"), whole("1.234"), whole("12"), whole("12.0"), whole("many")
    (141381703.0, 1234.0, 12.0, 12.0, None)
    """
    text = text.translate(_MINUS).strip()
    if _GROUPED.fullmatch(text):
        text = re.sub(r"[^\d+-]", "", text)
    return decimal(text)


def milliseconds(text: str) -> float | None:
    """A length of time written with colons or unit letters; None for a bare number or no time.

    >>> milliseconds("3:45"), milliseconds("1:02:03"), milliseconds("3m 45s"), milliseconds("3'45"), milliseconds("225")
    (225000.0, 3723000.0, 225000.0, 225000.0, None)
    """
    text = text.strip().lower().removeprefix("pt")
    if primes := _PRIMES.fullmatch(text):
        return 1000 * (60 * int(primes[1]) + float(primes[2]))
    if clock := _CLOCK.fullmatch(text):
        hours, minutes, seconds = clock.groups()
        return 1000 * (3600 * int(hours or 0) + 60 * int(minutes) + float(seconds.replace(",", ".")))
    if (spelt := _SPELT.fullmatch(text)) and any(spelt.groups()):
        hours, minutes, seconds = spelt.groups()
        return 1000 * (3600 * int(hours or 0) + 60 * int(minutes or 0) + float(seconds or 0))
    return None


def key_and_mode(text: str) -> tuple[float | None, float | None]:
    """Pitch class 0..11 and mode (1 major, 0 minor) of a key in letters, solfège, Camelot or Open Key notation.

    A letter alone says nothing of the mode. Camelot: https://mixedinkey.com/camelot-wheel; Open Key: Traktor's 1d..12m.

    >>> key_and_mode("C#m"), key_and_mode("C♯/D♭ Minor"), key_and_mode("8A"), key_and_mode("12m"), key_and_mode("F")
    ((1.0, 0.0), (1.0, 0.0), (9.0, 0.0), (2.0, 0.0), (5.0, None))
    >>> key_and_mode("Mi bémol majeur"), key_and_mode("Bb major"), key_and_mode("H-Moll"), key_and_mode("loud")
    ((3.0, 1.0), (10.0, 1.0), (11.0, 0.0), (None, None))
    """
    written = " ".join(text.split())
    lower = strip_accents(written.replace("♭", "b").replace("♯", "#"))
    if wheel := _WHEEL.fullmatch(lower):
        step, side = int(wheel.group(1)) - 1, wheel.group(2)
        start = _CAMELOT_MAJOR if side in "ab" else _OPEN_KEY_MAJOR
        minor = side in "am"
        return float((start + 7 * step - 3 * minor) % 12), 0.0 if minor else 1.0
    found = _KEY.fullmatch(lower)
    if found is None:
        return None, None
    note, shift, mode = found.group("note"), found.group("shift"), found.group("mode")
    pitch = float(({**_PITCHES, **_SOLFEGE}[note] + _SHIFTS.get(shift or "", 0)) % 12)
    if mode is None:
        return pitch, None
    if mode in ("dur", "moll") and note == "b" and shift is None:  # German: H is B natural, B is B flat
        pitch = 10.0
    if mode == "m":  # "CM" is C major, "Cm" C minor
        return pitch, 1.0 if written.endswith("M") and len(written) <= 3 else 0.0
    known = mode_of(mode)
    return (None, None) if known is None else (pitch, known)


def mode_of(text: str) -> float | None:
    """1 for major, 0 for minor; None for no mode.

    >>> mode_of("Major"), mode_of("Moll"), mode_of("dorian")
    (1.0, 0.0, None)
    """
    return _MODES.get(text.strip().casefold())


def year_of(text: str) -> int | None:
    """The year in a date of any habit; None where there is none.

    >>> [year_of(text) for text in ("2011-03-04", "4.3.1999", "March 4, 2011", "20110304", "04-Mar-99", "(P) 1975")]
    [2011, 1999, 2011, 2011, 1999, 1975]
    """
    text = text.strip().removesuffix(".0")
    if compact := _COMPACT_DATE.fullmatch(text):
        return int(compact.group(1))
    if years := set(_YEAR.findall(text)):
        return int(max(years)) if len(years) == 1 else None
    if short := _SHORT_DATE.fullmatch(text):
        year = int(short.group(1))
        return year + (2000 if year <= _LATEST_SHORT_YEAR else 1900)
    return None


def moment(value: object) -> float | None:
    """Seconds since 1970 of a date with a time, or of a number of seconds, milliseconds or microseconds; else None.

    A time without a zone is UTC. What is outside 2000..2100 is no time at which anybody listened.

    >>> moment("2023-01-04T21:10:00Z"), moment("2023-01-04 21:10"), moment("04 Jan 2023, 21:10")
    (1672866600.0, 1672866600.0, 1672866600.0)
    >>> moment(1672866600), moment("1672866600000"), moment("2023-01-04"), moment(0), moment("04 Mär 2023 9:00")
    (1672866600.0, 1672866600.0, None, None, None)
    """
    if isinstance(value, datetime):
        value = value.isoformat()
    text = " ".join(str(value).split()).removesuffix(" UTC").removesuffix(" GMT")
    try:
        if (number := decimal(text)) is not None:
            seconds = number / next((unit for unit in (1.0, 1e3, 1e6) if number / unit <= _TIMES[1]), 1e9)
        elif spelt := _SPELT_TIME.fullmatch(text):
            day, month, year, hour, minute, second = spelt.groups(default="0")
            parts = (int(year), _MONTHS.index(month.lower()) + 1, int(day), int(hour), int(minute), int(second))
            seconds = datetime(*parts, tzinfo=UTC).timestamp()
        elif ":" in text:
            time = datetime.fromisoformat(text.replace("/", "-"))
            seconds = (time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp()
        else:
            return None
    except (ValueError, OverflowError):
        return None
    return seconds if _TIMES[0] <= seconds <= _TIMES[1] else None

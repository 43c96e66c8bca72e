"""Lyrics as the lyrics-to-quadrants paper preprocesses them: lower case, no contractions, punctuation or stop words.

An option, for comparison. Measured 2026-11-21 by `python -m benchmarks reproduce quadrants` on 393 songs, accuracy as
sung / preprocessed: sentence vectors 0.489 / 0.450, TF-IDF 0.420 / 0.455, a fine-tuned encoder 0.443 / 0.448; so few
songs prove none of these differences.
"""

from __future__ import annotations

import unicodedata

LEAST_CHARACTERS = 64  # the paper drops what is not longer, after everything else is taken out

_QUOTES = str.maketrans(dict.fromkeys("‘’ʼ`´＇", "'"))

# Contractions that no rule below takes apart as they are meant.
_IRREGULAR = {
    "won't": "will not",
    "shan't": "shall not",
    "can't": "can not",
    "ain't": "is not",
    "let's": "let us",
    "y'all": "you all",
    "ma'am": "madam",
    "o'er": "over",
    "e'er": "ever",
    "ne'er": "never",
    "'em": "them",
    "'til": "until",
    "'till": "until",
    "'cause": "because",
    "'bout": "about",
    "'round": "around",
    "'twas": "it was",
    "'tis": "it is",
}
# Ends of words and what they stand for, in this order: "wouldn't've" loses its end twice.
_ENDS = (("'ve", "have"), ("n't", "not"), ("'re", "are"), ("'ll", "will"), ("'d", "would"), ("'m", "am"))
# After these "'s" is "is"; after anything else it is a genitive, and goes.
_BEFORE_IS_WORDS = """
he she it that this there here what who where when why how one everything everybody everyone nothing nobody something
somebody someone
"""
_BEFORE_IS = frozenset(_BEFORE_IS_WORDS.split())

# Function words, by what they are. scikit-learn's ENGLISH_STOP_WORDS also holds "cry", "alone", "fire" and "empty",
# which are what a song's mood is read from; the index's own list for topics holds those of seven more languages, "die"
# among them. Of the words that contractions leave, "not", "will", "would", "us" and the forms of "be" are here.
_FUNCTION_WORDS = """
a an the
i me my mine myself we us our ours ourselves you your yours yourself yourselves he him his himself she her hers
herself it its itself they them their theirs themselves one
this that these those here there
who whom whose which what where when why how
am is are was were be been being have has had having do does did doing done
will would shall should can cannot could must
not no nor neither
and or but if because as until while than so
of at by for with about against between into through during before after above below to from up down in out on
off over under upon
all any both each few more most other some such only own same too very just again further then once now also
"""
STOP_WORDS = frozenset(_FUNCTION_WORDS.split())


def preprocess(lyrics: str, least: int = LEAST_CHARACTERS) -> str | None:
    """The words that are left, separated by spaces; None where they are at most `least` characters.

    >>> preprocess("Aren't the rivers rising? She's crying, you'd hear Mary's bells!", least=8)
    'rivers rising crying hear mary bells'
    >>> preprocess("You and I, we won't.") is None
    True
    """
    if least < 0:
        raise ValueError(f"least is {least} characters, expected 0 or more")
    kept = [word for word in expand(lyrics).split() if word not in STOP_WORDS]
    left = " ".join(kept)
    return left if len(left) > least else None


def expand(text: str) -> str:
    """Lower case, contractions as the words they stand for, every other mark a space; no apostrophe is left.

    >>> expand("I shouldn't've gone, 'cause it's Mary's o'clock")
    'i should not have gone because it is mary oclock'
    """
    lowered = unicodedata.normalize("NFC", text.lower().translate(_QUOTES))
    words = "".join(c if c == "'" or unicodedata.category(c)[0] in "LNM" else " " for c in lowered).split()
    return " ".join(part for word in words for part in _parts(word))


def _parts(word: str) -> list[str]:
    """What a word without marks but apostrophes stands for."""
    for form in (word, word.strip("'")):
        if form in _IRREGULAR:
            return _IRREGULAR[form].split()
    stem, after = word.strip("'"), list[str]()
    while end := next((end for end in _ENDS if stem.endswith(end[0]) and stem != end[0]), None):
        stem = stem.removesuffix(end[0])
        after.insert(0, end[1])
    if stem.endswith("'s"):
        stem = stem.removesuffix("'s")
        if stem in _BEFORE_IS:
            after.insert(0, "is")
    bare = stem.replace("'", "")
    return [*_IRREGULAR.get(stem, bare).split(), *after]

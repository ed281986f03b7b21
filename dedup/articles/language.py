"""Which language a text is written in.

In: a text. Out: an ISO 639-1 code, or the empty string where the text is too short or too strange to tell. Scripts that
only one large language uses decide by themselves, then letters and function words that close relatives do not share; the
rest is resiliparse's n-gram detector, which takes a short Spanish text for Galician and a Russian one for Bulgarian.

Rule guarded here: a guess that is not sure is no guess.
"""

import re
from functools import lru_cache
from itertools import islice

from dedup.articles.stopwords import MIN_SHARE, STOP_WORDS, most_stop_words

# One large news language per script; Cyrillic, Latin and Devanagari are shared and left to the detector. Kana before
# Han, because Japanese is written in both.
_SCRIPTS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("ja", re.compile("[\u3040-\u30ff]")),
    ("ko", re.compile("[\uac00-\ud7af\u1100-\u11ff]")),
    ("zh", re.compile("[\u4e00-\u9fff]")),
    ("th", re.compile("[\u0e00-\u0e7f]")),
    ("el", re.compile("[\u0370-\u03ff]")),
    ("he", re.compile("[\u0590-\u05ff]")),
)

# What is in no script that is looked for below; signs of all scripts are among it.
_BEYOND_LATIN = re.compile("[\u0370-\u1fff\u2c00-\U0010ffff]")

# Letters of Russian that Bulgarian, Macedonian, Serbian and Ukrainian lack, and those of Cyrillic that Russian lacks.
_RUSSIAN = re.compile("[ыэё]", re.IGNORECASE)
_NOT_RUSSIAN = re.compile("[іїєґўјљњћђџѓќѕәғқңөұүһҡҙҫ]", re.IGNORECASE)
_RUSSIAN_SHARE = 0.005
# So many of the words of a text are function words of its own language, and hardly ever of a related one.
_FUNCTION_WORDS = 0.4

_SAMPLE = 4000
#: The language of a page's text is asked for more than once while the page is worked on.
_LAST_ASKED = 8
_SCRIPT_SHARE = 0.15
_MIN_LETTERS = 40


def detect_language(text: str) -> str:
    """Detect the language of ``text``.

    Parameters
    ----------
    text : str
        At least some forty letters; more than the first 4,000 characters are not looked at.

    Returns
    -------
    str
        ISO 639-1 code such as ``en``, or ``""`` if not sure.
    """
    return _told(text[:_SAMPLE])


@lru_cache(maxsize=_LAST_ASKED)
def _told(sample: str) -> str:
    if _BEYOND_LATIN.search(sample):
        letters = sum(map(str.isalpha, sample))
        if not letters:
            return ""
        for language, pattern in _SCRIPTS:
            # Kana marks Japanese even when most letters are Han.
            share = 0.05 if language == "ja" else _SCRIPT_SHARE
            if len(pattern.findall(sample)) > share * letters:
                return language
        if letters < _MIN_LETTERS:
            return ""
        if len(_RUSSIAN.findall(sample)) > _RUSSIAN_SHARE * letters and not _NOT_RUSSIAN.search(sample):
            return "ru"
    elif len(list(islice(filter(str.isalpha, sample), _MIN_LETTERS))) < _MIN_LETTERS:
        return ""
    return _among_relatives(sample)


def _among_relatives(sample: str) -> str:
    """Tell apart the languages of a script that many share."""
    language, n, n_words = most_stop_words(sample)
    if n > 0 and n >= _FUNCTION_WORDS * n_words:
        return language
    from resiliparse.parse.lang import detect_fast

    detected = str(detect_fast(sample)[0])
    if detected in STOP_WORDS:
        # Between two languages whose function words are known, these know better.
        return language if n > 0 and n >= MIN_SHARE * n_words else detected
    return "" if detected == "unknown" else detected


def declared_language(tag: str | None) -> str:
    """Reduce a language tag such as ``de-AT`` or ``en_US`` to its ISO 639-1 code, or ``""`` if it is none."""
    if not tag:
        return ""
    primary = re.split(r"[-_]", tag.strip().lower(), maxsplit=1)[0]
    return primary if re.fullmatch(r"[a-z]{2}", primary) else ""

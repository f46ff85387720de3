"""In which script a text is written, and which language that settles by itself."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType

LATIN = "Latn"
# First and last code point of the blocks that news is written in, by ISO 15924 (Unicode, Blocks.txt).
_BLOCKS: tuple[tuple[int, int, str], ...] = (
    (0x0041, 0x024F, LATIN),
    (0x0250, 0x02AF, LATIN),
    (0x0370, 0x03FF, "Grek"),
    (0x0400, 0x052F, "Cyrl"),
    (0x0531, 0x058F, "Armn"),
    (0x0591, 0x05F4, "Hebr"),
    (0x0600, 0x06FF, "Arab"),
    (0x0700, 0x074F, "Syrc"),
    (0x0750, 0x077F, "Arab"),
    (0x0780, 0x07BF, "Thaa"),
    (0x07C0, 0x07FF, "Nkoo"),
    (0x08A0, 0x08FF, "Arab"),
    (0x0900, 0x097F, "Deva"),
    (0x0980, 0x09FF, "Beng"),
    (0x0A00, 0x0A7F, "Guru"),
    (0x0A80, 0x0AFF, "Gujr"),
    (0x0B00, 0x0B7F, "Orya"),
    (0x0B80, 0x0BFF, "Taml"),
    (0x0C00, 0x0C7F, "Telu"),
    (0x0C80, 0x0CFF, "Knda"),
    (0x0D00, 0x0D7F, "Mlym"),
    (0x0D80, 0x0DFF, "Sinh"),
    (0x0E00, 0x0E7F, "Thai"),
    (0x0E80, 0x0EFF, "Laoo"),
    (0x0F00, 0x0FFF, "Tibt"),
    (0x1000, 0x109F, "Mymr"),
    (0x10A0, 0x10FF, "Geor"),
    (0x1100, 0x11FF, "Hang"),
    (0x1200, 0x139F, "Ethi"),
    (0x13A0, 0x13FF, "Cher"),
    (0x1400, 0x167F, "Cans"),
    (0x1780, 0x17FF, "Khmr"),
    (0x1800, 0x18AF, "Mong"),
    (0x1C50, 0x1C7F, "Olck"),
    (0x1C80, 0x1C8F, "Cyrl"),
    (0x1C90, 0x1CBF, "Geor"),
    (0x1E00, 0x1EFF, LATIN),
    (0x1F00, 0x1FFF, "Grek"),
    (0x2C60, 0x2C7F, LATIN),
    (0x2D00, 0x2D2F, "Geor"),
    (0x2D30, 0x2D7F, "Tfng"),
    (0x2D80, 0x2DDF, "Ethi"),
    (0x2DE0, 0x2DFF, "Cyrl"),
    (0x3040, 0x30FF, "Kana"),
    (0x3130, 0x318F, "Hang"),
    (0x31F0, 0x31FF, "Kana"),
    (0x3400, 0x4DBF, "Hani"),
    (0x4E00, 0x9FFF, "Hani"),
    (0xA500, 0xA63F, "Vaii"),
    (0xA640, 0xA69F, "Cyrl"),
    (0xA6A0, 0xA6FF, "Bamu"),
    (0xA720, 0xA7FF, LATIN),
    (0xAB00, 0xAB2F, "Ethi"),
    (0xAB30, 0xAB6F, LATIN),
    (0xAB70, 0xABBF, "Cher"),
    (0xAC00, 0xD7FF, "Hang"),
    (0xF900, 0xFAFF, "Hani"),
    (0xFB1D, 0xFB4F, "Hebr"),
    (0xFB50, 0xFDFF, "Arab"),
    (0xFE70, 0xFEFE, "Arab"),
    (0x1E7E0, 0x1E7FF, "Ethi"),
    (0x1E900, 0x1E95F, "Adlm"),
    (0x20000, 0x323AF, "Hani"),
)
_STARTS = [first for first, _, _ in _BLOCKS]
# Written in several scripts, a text of the same length has fewer signs in these: a sign is a syllable or a word.
_SIGNS_OF_MORE = {"Hani": 3, "Kana": 2, "Hang": 2, "Ethi": 2}
# The scripts that news of one language only is written in, its language first, and others that a publisher may name.
_LANGUAGES: Mapping[str, tuple[str, ...]] = MappingProxyType({
    "Adlm": ("ff", "fuv", "fuf", "fuc", "ffm", "fub", "fuh", "fuq", "fue"),
    "Armn": ("hy", "hyw"),
    "Bamu": ("bax",),
    "Beng": ("bn", "as", "mni"),
    "Cher": ("chr",),
    "Geor": ("ka", "xmf"),
    "Grek": ("el",),
    "Gujr": ("gu", "kfr"),
    "Guru": ("pa",),
    "Hang": ("ko",),
    "Hani": ("zh", "cmn", "yue", "wuu", "nan", "hak", "ja"),
    "Hebr": ("he", "yi", "lad"),
    "Kana": ("ja",),
    "Khmr": ("km",),
    "Knda": ("kn", "tcy"),
    "Laoo": ("lo",),
    "Mlym": ("ml",),
    "Mong": ("mn",),
    "Mymr": ("my", "shn", "mnw", "ksw"),
    "Nkoo": ("nqo", "bm", "dyu", "man", "mnk", "emk"),
    "Olck": ("sat",),
    "Orya": ("or",),
    "Sinh": ("si",),
    "Syrc": ("syr", "aii"),
    "Taml": ("ta",),
    "Telu": ("te",),
    "Tfng": ("zgh", "ber", "tzm", "kab", "shi", "rif", "thv", "taq", "ttq", "tmh"),
    "Thaa": ("dv",),
    "Thai": ("th",),
    "Vaii": ("vai",),
})  # fmt: skip
# The scripts that several languages of news are written in.
_SEVERAL: Mapping[str, tuple[str, ...]] = MappingProxyType({
    "Arab": ("ar", "ary", "arz", "arq", "aeb", "apd", "apc", "shu", "fa", "prs", "ur", "ps", "ug", "ku", "ckb", "sdh",
             "sd", "ks", "pa", "az", "uz", "bal", "glk", "mzn", "lrc", "ha"),
    "Cyrl": ("ru", "uk", "be", "bg", "mk", "sr", "bs", "mn", "kk", "ky", "tg", "tt", "ba", "uz", "az", "tk", "ce", "os",
             "ab", "cv", "av", "crh", "sah", "ku"),
    "Deva": ("hi", "ne", "mr", "sa", "bho", "mai", "gom", "kok", "awa", "new", "doi", "sd", "ks"),
    "Ethi": ("am", "ti", "tig", "gez"),
})  # fmt: skip
# Of the languages above those that are written in Latin letters too.
_ALSO_LATIN = frozenset([
    "az", "ber", "bm", "bs", "crh", "dyu", "emk", "ff", "ffm", "fub", "fuc", "fue", "fuf", "fuh", "fuq", "fuv", "ha",
    "hak", "kab", "kok", "ku", "lad", "man", "mni", "mnk", "nan", "rif", "sat", "shi", "sr", "taq", "thv", "tk", "tmh",
    "tt", "ttq", "tzm", "uz", "vai", "zgh",
])  # fmt: skip
_KANA_AMONG = 10  # Japanese has at least one sign of kana among so many Chinese characters
# The letters of Windows-1252, all of them Latin but one sign that counts as a letter and is of no script.
_CIRCUMFLEX = b"\x88"
_LATIN_BYTES = bytes(
    code for code in range(256) if (sign := bytes((code,)).decode("cp1252", "replace")).isalpha() and sign != "\u02c6"
)
_NOT_ASKED = {"Beng", "Hebr", "Mymr"}  # a library tells their languages apart


def script_of(text: str) -> tuple[str | None, int]:
    """The script of most of the letters, by ISO 15924, and how many letters it has; (None, 0): there are no letters.

    Japanese is "Kana", Chinese "Hani".
    """
    if (letters := _latin_letters(text)) is not None:
        return (LATIN, letters) if letters else (None, 0)
    signs = _signs_of(text)
    scripts = set(signs.values()) - {""}
    if len(scripts) == 1 and None not in scripts:
        return scripts.pop(), len(text) - sum(text.count(sign) for sign, script in signs.items() if script == "")
    counts: Counter[str] = Counter()
    for sign, script in signs.items():
        if script:
            counts[script] += text.count(sign)
    if not counts:
        return None, 0
    if counts["Kana"] * _KANA_AMONG >= counts["Hani"] and counts["Kana"]:
        counts["Kana"] += counts.pop("Hani", 0)
    most = max(counts, key=lambda script: counts[script] * _SIGNS_OF_MORE.get(script, 1))
    return most, counts[most]


@lru_cache(1)  # asked twice for each text
def _latin_letters(text: str) -> int | None:
    """How many letters a text has whose letters are all Latin; None: it may have others. Most texts are told at once,
    by bytes: those of western Europe with the signs that newsrooms type.
    """
    try:
        written = text.encode("cp1252")
    except UnicodeEncodeError:
        return None
    return None if _CIRCUMFLEX in written else len(written) - len(written.translate(None, _LATIN_BYTES))


@lru_cache(1)  # asked twice for each text
def _signs_of(text: str) -> Mapping[str, str | None]:
    """The signs of a text, each with its `_script_of_letter`."""
    return {sign: _script_of_letter(sign) for sign in set(text)}


@lru_cache(5_000)
def _script_of_letter(sign: str) -> str | None:
    """ "": it is no letter; None: it is of no script that is known."""
    return _script(ord(sign)) if sign.isalpha() else ""


def _script(code: int) -> str | None:
    _, last, script = _BLOCKS[bisect_right(_STARTS, code) - 1] if code >= _STARTS[0] else (0, -1, None)
    return script if code <= last else None


def language_in(script: str, primaries: Sequence[str]) -> str | None:
    """The language that the script settles: of those that are written in it the first that is among `primaries`, else
    the usual one; None: the script alone does not settle it.
    """
    of_script = _LANGUAGES.get(script, ())
    named = next((each for each in primaries if each in of_script), None)
    if script in _NOT_ASKED:
        return None
    return named or (of_script[0] if of_script else None)


def is_written_in(primary: str, script: str) -> bool:
    """Whether a language may be written in this script; one of which nothing stands here may."""
    of = [each for table in (_LANGUAGES, _SEVERAL) for each, languages in table.items() if primary in languages]
    if script == LATIN:
        return not of or primary in _ALSO_LATIN
    return script in of or (not of and script not in _LANGUAGES and script not in _SEVERAL)


def only(text: str, script: str) -> str:
    """The words of the text that have a letter of this script, a blank between them."""
    if script == LATIN and _latin_letters(text) is not None:
        return text
    own = {script, "Hani"} if script == "Kana" else {script}
    signs = _signs_of(text)
    if {*own, ""}.issuperset(signs.values()):
        return text
    letters = {sign for sign, of in signs.items() if of in own}
    return " ".join(word for word in text.split() if not letters.isdisjoint(word))

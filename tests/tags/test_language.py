"""The language of a report: sentences of our own in 47 languages, and what feeds do to words."""

from __future__ import annotations

import json
import subprocess
import sys
import unicodedata
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

import pycld2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from py3langid.langid import MODEL_FILE, LanguageIdentifier

from aggregator.tags.confused import by_words, group_of
from aggregator.tags.language import first_look, language_of
from aggregator.tags.language_codes import CODES, ONLY_PYCLD2, PY3LANGID
from tests.conftest import SOAK
from tests.rows import every_row

FOLDER = Path(__file__).parents[1] / "fixtures" / "language"
LISTS = Path(__file__).parents[2] / "aggregator" / "tags" / "confused_languages.txt"
# The sixteen African languages of the bars.
SIXTEEN = ("am", "en", "fr", "ha", "ig", "lg", "ln", "om", "pcm", "rn", "sn", "so", "sw", "ti", "xh", "yo")


@cache
def sentences() -> dict[str, list[tuple[str, str]]]:
    """Headlines and first sentences, by language."""
    return {
        file.stem: [(headline, first) for headline, _, first in (line.partition("\t") for line in lines(file))]
        for file in sorted(FOLDER.glob("*.tsv"))
    }


def lines(file: Path) -> list[str]:
    return file.read_text(encoding="utf-8").splitlines()


Report = tuple[str, str, Sequence[str]]  # title, text, the publisher's languages


def share(languages: Sequence[str], report: Callable[[str, int, str, str], Report]) -> float:
    """Of all reports of these languages, how many get the right one."""
    right = [
        language_of(title, text, None, named)[0] == language
        for language in languages
        for number, (headline, first) in enumerate(sentences()[language])
        for title, text, named in [report(language, number, headline, first)]
    ]
    return sum(right) / len(right)


def another(language: str, number: int) -> str:
    others = [each for each in SIXTEEN if each != language]
    return others[7 * number % len(others)]


BARS: list[tuple[Sequence[str], Callable[[str, int, str, str], Report], float]] = [
    (SIXTEEN, lambda _language, _number, headline, first: (headline, first, []), 0.985),
    (SIXTEEN, lambda language, number, headline, first: (headline, first, [another(language, number)]), 0.985),
    (SIXTEEN, lambda language, _number, headline, _first: (headline, "", [language]), 0.98),
    (sorted(sentences()), lambda _language, _number, headline, first: (headline, first, []), 0.985),
    (
        sorted(sentences()),
        lambda language, number, headline, first: (headline, first, [another(language, number)]),
        0.985,
    ),
    (sorted(sentences()), lambda language, _number, headline, _first: (headline, "", [language]), 0.98),
]


@every_row("languages, report, bar", BARS, ids=["none", "wrong", "headline", "all none", "all wrong", "all headline"])
def test_the_bars(languages: Sequence[str], report: Callable[[str, int, str, str], Report], bar: float) -> None:
    assert share(languages, report) >= bar


def test_each_language_has_ten_reports_that_differ() -> None:
    for language, reports in sentences().items():
        assert len(set(reports)) == len(reports) >= 10, language
    assert set(SIXTEEN) < sentences().keys()


PAIRS = (("rn", "rw"), ("xh", "zu"), ("am", "ti"), ("nso", "tn"), ("no", "da"), ("id", "ms"), ("en", "pcm"))


def test_of_two_that_are_confused_the_publisher_has_the_last_word_only_where_the_words_have_none() -> None:
    neither = "Ikiraro"
    assert by_words(neither, ("rn", "rw")) is None
    assert {language_of(neither, "", None, [one])[0] for one in ("rn", "rw")} == {"rn", "rw"}
    named_wrongly = {language: other for pair in PAIRS for language, other in (pair, pair[::-1])}
    right = share(
        [*named_wrongly], lambda language, _number, headline, first: (headline, first, [named_wrongly[language]])
    )
    assert right >= 0.95


def test_a_group_names_each_of_its_languages() -> None:
    for language in ("rn", "rw", "ti", "am", "xh", "zu", "tn", "nso", "st", "no", "da", "id", "ms", "pcm", "en", "hr"):
        assert language in group_of(language)
    assert group_of("fi") == ()


def test_the_lists_of_words_are_of_languages_that_stand_in_a_group() -> None:
    rows = [line.split() for line in lines(LISTS) if line and not line.startswith("#")]
    grouped = {language for kind, *languages in rows if kind == "group" for language in languages}
    kinds = {kind for kind, *_ in rows} - {"group", "family", "maybe", "unknown"}
    assert kinds <= grouped
    assert {words[0] for kind, *words in rows if kind == "maybe"} <= kinds
    assert all(words for _, *words in rows)


# Title, text, what the feed says, the publisher's languages; the answer.
ANSWERS = [
    # The script settles it.
    ("ߞߏ߬ߣߊ߲߬ߠߌ ߦߋ߫", "", None, [], ("nqo", "script")),
    ("𞤞𞤢𞤥𞤭𞤴𞤢", "", None, [], ("ff", "script")),
    ("𞤞𞤢𞤥𞤭𞤴𞤢", "", "en", ["fr", "fuf"], ("fuf", "script")),
    ("ⵜⴰⵎⴰⵣⵉⵖⵜ ⵜⴰⵏⴰⵡⴰⵢⵜ", "", None, [], ("zgh", "script")),
    ("ⵜⴰⵎⴰⵣⵉⵖⵜ ⵜⴰⵏⴰⵡⴰⵢⵜ", "", None, ["ar", "kab"], ("kab", "script")),
    ("Άνοιξε η νέα γέφυρα", "", "en-US", ["en"], ("el", "script")),
    ("新桥通车", "", None, ["zh-Hant-TW"], ("zh-Hant-TW", "script")),
    ("新しい橋が開通", "", "en", [], ("ja", "script")),
    ("東京都知事選挙", "", None, ["ja"], ("ja", "script")),
    ("새 다리가 개통되었다", "", None, ["en"], ("ko", "script")),
    ("გაიხსნა ახალი ხიდი", "", None, [], ("ka", "script")),
    ("Նոր կամուրջը բացվեց", "", None, [], ("hy", "script")),
    # Arabic letters: the words.
    ("پردی نوێ دوای سێ ساڵ دواکەوتن کرایەوە", "", None, [], ("ku", "words")),
    ("پردی نوێ دوای سێ ساڵ دواکەوتن کرایەوە", "", None, ["ckb"], ("ckb", "words")),
    ("نوی پل له درې کلونو ځنډ وروسته پرانیستل شو", "", None, ["ps"], ("ps", "words")),
    ("يېڭى كۆۋرۈك ئۈچ يىل كېچىكىپ ئېچىلدى", "", None, ["ug"], ("ug", "words")),
    # The publisher's own tag of the language; the feed's region is its software's.
    ("Le pont est ouvert depuis lundi matin", "", "fr", ["en-CA", "fr-CA"], ("fr-CA", "words")),
    ("Le pont est ouvert depuis lundi matin", "", "en-US", ["fr"], ("fr", "words")),
    ("A ponte abriu na segunda-feira de manhã", "", "pt-br", ["pt-MZ"], ("pt-MZ", "words")),
    ("Ny bru åpner etter tre års forsinkelse", "", "no", ["nb"], ("nb", "words")),
    # Of several that are confused the one that the feed says.
    ("Ikiraro", "", "rn", ["rw", "rn"], ("rn", "configured")),
    ("Hujan membantu petani di utara", "", "ms", ["id", "ms"], ("ms", "configured")),
    # What no library knows.
    ("Dugukolonɔn mɔgɔ bɛɛ danbe ni josira ye kelen ye", "", None, ["bm"], ("bm", "configured")),
    ("Dugukolonɔn mɔgɔ bɛɛ danbe ni josira ye kelen ye", "", "bm", ["bm", "fr"], ("bm", "stated")),
    ("Dugukolonɔn mɔgɔ bɛɛ danbe ni josira ye kelen ye", "", "bm", ["fr"], ("bm", "stated")),
    ("Dugukolonɔn mɔgɔ bɛɛ danbe ni josira ye kelen ye", "", None, ["fr", "bm"], ("bm", "configured")),
    ("Le gouvernement annonce une nouvelle campagne de vaccination", "", None, ["bm", "fr"], ("fr", "words")),
    ("Le gouvernement annonce une nouvelle campagne de vaccination", "", None, ["bm"], ("fr", "words")),
    ("Isibhalo sabantu bonke emhlabeni jikelele", "", None, ["nd"], ("nd", "configured")),
    # Words that say nothing.
    ("", "", None, [], (None, None)),
    ("", "", None, ["fr-CA", "en-CA"], ("fr-CA", "configured")),
    ("", "", "en-US", ["fr", "en-GB"], ("en-GB", "stated")),
    ("", "", "en-US", ["fr"], ("fr", "configured")),
    ("", "", "en_US", [], ("en-US", "stated")),
    ("2-1 (90+4')", "", "und", [], (None, None)),
    ("Ruto, Museveni, Tshisekedi", "", "sw", ["sw", "en"], ("sw", "stated")),
    ("Ruto, Museveni, Tshisekedi", "", "<script>", ["fr"], ("fr", "configured")),
    ("https://example.org/the-news-of-this-day-and-of-others", "", None, ["ha"], ("ha", "configured")),
    ("Гренландия", "", "en", ["en"], (None, None)),  # whatever it is, it is not English
    ("iPhone 17", "", "ar", ["ar"], (None, None)),
    ("iPhone 17", "", "fr", ["ar", "fr"], ("fr", "stated")),
    ("Ruto, Museveni, Tshisekedi, Samia, Ndayishimiye, Kagame, Abiy, Mnangagwa, Hichilema, Chakwera, Chapo, Boko",
     "", None, ["sw"], ("sw", "configured")),
    # What stands around and within words.
    ("COURT ORDERS NEW VOTE COUNT IN TWO DISTRICTS", "", None, ["en"], ("en", "words")),
    ("LA JUSTICE ORDONNE UN NOUVEAU DÉCOMPTE DES VOIX", "", None, ["fr"], ("fr", "words")),
    ("Serikali yatangaza bei mpya", "Apple iPhone https://example.org/the/news #the", None, ["sw"], ("sw", "words")),
    ("فتح الجسر الجديد أمام السيارات", "iPhone BBC", None, ["ar"], ("ar", "words")),
    ("\ufeffDara\u00adja jipya la\ufefffunguliwa\x00 baada\x92 ya miaka mitatu", "", None, ["sw"], ("sw", "words")),
    ("L&#8217;eau manque dans les quartiers de l&amp;apos;est", "", None, ["fr"], ("fr", "words")),
    ("Nouveau pont \ud800 ouvert aux voitures \udfff depuis lundi", "", None, ["fr"], ("fr", "words")),
    ("<b>Daraja jipya</b> lafunguliwa baada ya miaka mitatu", "", None, ["sw"], ("sw", "words")),
]  # fmt: skip


@every_row("title, text, stated, languages, answer", ANSWERS)
def test_what_says_so(
    title: str, text: str, stated: str | None, languages: list[str], answer: tuple[str | None, str | None]
) -> None:
    assert language_of(title, text, stated, languages) == answer


def test_accents_written_apart_are_the_same_letters() -> None:
    """Yoruba is often typed with accents as signs of their own."""
    for headline, first in sentences()["yo"]:
        apart = unicodedata.normalize("NFD", headline), unicodedata.normalize("NFD", first)
        assert language_of(*apart, None, []) == language_of(headline, first, None, []) == ("yo", "words")


def test_a_long_text_in_a_language_that_nobody_names_and_no_library_knows_is_of_none() -> None:
    """In Bambara, and of a publisher that has French alone: it is not French."""
    words = (
        "Sanji nana kosɛbɛ sumaya la, sɛnɛkɛlaw nisɔndiyara. Dugutigi y'a fɔ ko ji bɛ kɔlɔn bɛɛ la sisan, nka forow "
    )
    assert language_of("", words + "ma labɛn fɔlɔ, wa suman sɔngɔ gɛlɛn don sugu la.", None, ["fr"]) == (None, None)


@given(st.text(max_size=400), st.text(max_size=700), st.none() | st.text(max_size=12))
def test_any_words_have_an_answer(title: str, text: str, stated: str | None) -> None:
    said, how = language_of(title, text, stated, ["sw", "fr-CA"])
    assert (said is None) == (how is None)
    seen = first_look(title, text, stated, ["sw", "fr-CA"])
    assert seen is None or seen == (said, how)


def test_the_tables_of_languages_are_those_of_the_libraries() -> None:
    detected = {code for name, code in pycld2.LANGUAGES if name in pycld2.DETECTED_LANGUAGES}
    labels = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True).labels
    of_pycld2 = {CODES.get(code, code) for code in detected if not code.startswith("xx")} - {None}
    of_py3langid = {CODES.get(code, code) for code in labels} - {None}
    assert of_py3langid == PY3LANGID
    assert of_pycld2 - of_py3langid == ONLY_PYCLD2


def ran(code: str, *arguments: str, given: str = "", without: str = "") -> list[str]:
    """The lines that a process of its own prints, in which the module `without` cannot be imported."""
    block = f"sys.modules[{without!r}] = None\n" if without else ""
    command = [sys.executable, "-W", "error", "-c", f"import json, sys\n{block}{code}", *arguments]
    return subprocess.run(command, input=given, capture_output=True, text=True, check=True).stdout.splitlines()


def test_the_second_library_is_loaded_only_when_a_text_needs_it() -> None:
    code = """
from aggregator.tags.language import first_look, language_of
sure = "Court orders new vote count in two districts", "Judges found that results had been added twice.", None, ["en"]
print(language_of(*sure), first_look("Ribari se žale", "", None, ["hr", "sr"]), "numpy" in sys.modules)
print(language_of("Ribari se žale", "", None, ["hr", "sr"])[0], "numpy" in sys.modules)
"""
    assert ran(code) == ["('en', 'words') None False", "hr True"]


@pytest.mark.soak
def test_without_pycld2_py3langid_alone_is_asked() -> None:
    """As on Python 3.14, for which it has no wheel: what it alone knows comes from the configuration."""
    code = """
from aggregator.tags.language import LIBRARIES, first_look, language_of
print(LIBRARIES, first_look("Court orders new vote count", "", None, ["en"]))
for language, *report in json.loads(sys.stdin.read()):
    answers = [language_of(*report, None, named)[0] for named in ([], [language], ["yo" if language == "ha" else "ha"])]
    print(language, *answers)
"""
    # In `make test` every third report.
    reports = [(language, *report) for language, of_it in sentences().items() for report in of_it[:: 1 if SOAK else 3]]
    first, *rest = ran(code, given=json.dumps(reports), without="pycld2")
    assert first == "('py3langid',) None"
    found = [line.split() for line in rest]
    known = [line for line in found if line[0] in PY3LANGID]
    assert sum(language == none for language, none, _, _ in known) / len(known) >= 0.97
    assert sum(language == wrong for language, _, _, wrong in known) / len(known) >= 0.97
    assert all(language == right for language, _, right, _ in found)


@every_row("title", ["Emmanuel Macron", "Cyril Ramaphosa, William Ruto", "AFCON 2027: CAF, FIFA"])
def test_names_alone_are_in_the_language_that_is_named(title: str) -> None:
    assert [language_of(title, "", None, [language])[0] for language in ("fr", "en", "ha", "bm")] == [
        "fr",
        "en",
        "ha",
        "bm",
    ]

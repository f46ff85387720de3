"""Which lines of a report say that it corrects an earlier one: the forms of newsrooms, and news that looks alike."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator

import pytest

from aggregator.model import FetchResult, Source
from aggregator.model.errors import ParseError
from aggregator.parse import parse
from aggregator.revisions.corrections import LANGUAGES, is_correction
from aggregator.text.html import one_line, plain
from tests import ROOT
from tests.conftest import some
from tests.rows import every_row

FIXTURES = ROOT / "tests" / "fixtures" / "corrections"
PRESS = ROOT / "data" / "demo" / "press"
SHARED = ROOT.parent / "shared"
CORRECTIONS = (FIXTURES / "corrections.txt").read_text().splitlines()
OTHERS = (FIXTURES / "others.txt").read_text().splitlines()
# The true corrections among real reports, as far as a person has found them, by how they begin.
REAL = ("• This article was amended on 19 April 2013.",)


def lines_of_the_press() -> list[str]:
    """The invented reports of the demo, none of whose lines is a correction but those that say so."""
    found: list[str] = []
    for path in sorted(PRESS.glob("*.toml")):
        found += _texts(tomllib.loads(path.read_text()))
    lines = (line.strip() for text in found for line in text.splitlines())
    return [line for line in dict.fromkeys(lines) if len(line.split()) > 3]


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _texts(inner)


@every_row("line", CORRECTIONS)
def test_a_newsroom_says_that_it_corrects(line: str) -> None:
    assert is_correction(line)


@every_row("line", OTHERS)
def test_news_that_looks_alike_is_no_correction(line: str) -> None:
    assert not is_correction(line)


def test_no_line_of_the_invented_press_is_taken_for_one_but_those_that_are() -> None:
    lines = lines_of_the_press()
    found = [line for line in lines if is_correction(line)]
    assert found
    labels = ("rectificatif", "correction", "sahihisho", "تصحيح")
    assert all(any(label in line.casefold() for label in labels) for line in found)
    assert len(OTHERS) + len(lines) - len(found) >= 3 * len(CORRECTIONS)


def test_a_note_counts_at_either_end_of_a_paragraph_and_not_in_its_midst() -> None:
    words = "The bridge over the river opens again on Tuesday, the ministry said. "
    note = "Correction: an earlier version of this report gave the wrong toll."
    assert is_correction(note + words * 9)
    assert is_correction(words * 9 + note)
    assert is_correction(f"{words * 9}({note})")
    assert not is_correction(words * 9 + note + words * 9)


@every_row("language", LANGUAGES)
def test_every_language_has_forms_of_its_own_among_the_fixtures(language: str) -> None:
    """So that no file of forms lies there unread."""
    word = {
        "ar": "تصحيح", "de": "Korrektur", "en": "Correction", "es": "Corrección",
        "fr": "Rectificatif", "pt": "Correção", "sw": "Sahihisho",
    }[language]  # fmt: skip
    assert is_correction(f"{word}: 140")
    assert not is_correction(f"{word} 2026 Zimbabwe")


@pytest.mark.soak
@pytest.mark.skipif(not SHARED.is_dir(), reason="the real feeds are not here (../shared)")
def test_no_line_of_real_reports_is_taken_for_one_but_those_that_are() -> None:
    for path in some(sorted(each for each in (SHARED / "feeds").glob("*.*") if each.suffix != ".tsv"), 30):
        found = [line for line in lines_of(path.read_bytes()) if is_correction(line)]
        assert all(line.startswith(REAL) for line in found), path.name


def lines_of(document: bytes) -> Iterator[str]:
    source = Source(publisher="a", key="feed", url="http://a.example/feed")
    try:
        parsed = parse(FetchResult(url=source.url, http_status=200, headers={}, body=document), source)
    except ParseError:
        return
    for entry in parsed.entries:
        yield one_line(entry.title)
        for text in (entry.summary, *entry.content):
            yield from plain(text).split("\n")

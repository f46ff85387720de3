"""dates: each literal of fixtures/dates is read as its line says; what is written is read back; nothing is invented."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.text.date_names import (
    DAY_FIRST_WORDS,
    MONTHS,
    MONTHS_BY_LANGUAGE,
    SMALL_WORDS,
    WEEKDAYS,
    WEEKDAYS_BY_LANGUAGE,
    ZONES,
    fold,
    word_key,
)
from aggregator.text.dates import from_iso, read_date, read_since, to_iso, utc_now
from tests import ROOT
from tests.conftest import NOW
from tests.rows import every_row

FIXTURES = ROOT / "tests" / "fixtures" / "dates"
SHARED_FEEDS = ROOT.parent / "shared" / "feeds"


def table() -> Iterator[object]:
    """Each line of each .tsv: literal, expected, note. `\\uXXXX` in a literal stands for that character."""
    for path in sorted(FIXTURES.glob("*.tsv")):
        for number, line in enumerate(path.read_text("utf-8").split("\n"), 1):
            if line and not line.startswith("#"):
                literal, expected, _note = line.split("\t")
                literal = literal.encode("raw_unicode_escape").decode("raw_unicode_escape")
                yield pytest.param(literal, expected, id=f"{path.stem}:{number}")


def stated(literal: str | None) -> str:
    moment = read_date(literal)
    return "null" if moment is None else to_iso(moment)


@every_row(("literal", "expected"), list(table()))
def test_reads_every_line_of_the_table(literal: str, expected: str) -> None:
    assert stated(literal) == expected


def test_the_table_is_long_enough() -> None:
    assert len(list(table())) >= 150


@pytest.mark.parametrize("literal", [None, "", " \n"])
def test_nothing_stated_is_none(literal: str | None) -> None:
    assert read_date(literal) is None


# What is written is read back

offsets = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
moments = st.datetimes(datetime(1990, 1, 2), datetime(2100, 1, 1), timezones=offsets).map(  # noqa: DTZ001 offsets follow
    lambda moment: moment.replace(microsecond=0)
)


@given(moments)
def test_rfc_822_round_trips(moment: datetime) -> None:
    assert read_date(format_datetime(moment)) == moment


@given(moments)
def test_rfc_3339_round_trips(moment: datetime) -> None:
    assert read_date(moment.isoformat()) == moment


@given(moments, st.sampled_from(sorted(MONTHS)), st.sampled_from(["{d} {m} {y} {t} {z}", "{m} {d}, {y} - {t} {z}"]))
def test_any_named_month_round_trips(moment: datetime, month: str, form: str) -> None:
    try:
        moment = moment.replace(month=MONTHS[month])
    except ValueError:  # 31 April
        moment = moment.replace(month=MONTHS[month], day=1)
    literal = form.format(d=moment.day, m=month, y=moment.year, t=f"{moment:%H:%M:%S}", z=f"{moment:%z}")
    assert read_date(literal) == moment


@given(moments, st.integers(0, 999_999))
def test_stored_text_round_trips_and_compares_as_the_moments(moment: datetime, micros: int) -> None:
    text = to_iso(moment.replace(microsecond=micros))
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", text)
    assert from_iso(text) == read_date(text) == moment
    assert text < to_iso(moment + timedelta(seconds=1))


@every_row("text", ["2026-11-22", "2026-11-22T10:00:00", "2026-11-22T10:00:00+00:00", "x", ""])
def test_from_iso_refuses_what_to_iso_does_not_write(text: str) -> None:
    with pytest.raises(ValueError):
        from_iso(text)


def test_to_iso_refuses_a_naive_datetime() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        to_iso(datetime(2026, 11, 22))  # noqa: DTZ001 naive on purpose


def test_to_iso_pads_early_years() -> None:
    assert to_iso(datetime(1, 1, 1, tzinfo=UTC)) == "0001-01-01T00:00:00Z"


def test_utc_now_is_the_clock_in_utc() -> None:
    before = time.time()
    now = utc_now()
    assert before <= now.timestamp() <= time.time()
    assert now.utcoffset() == timedelta(0)


# Nothing is invented, nothing raises


@given(st.text() | st.text(alphabet="0123456789 :-/.+,TZhamp'JunMar()ص م كانون", max_size=60))
def test_never_raises_and_answers_in_utc(literal: str) -> None:
    moment = read_date(literal)
    assert moment is None or (moment.tzinfo is UTC and moment.year >= 1990 and moment.microsecond == 0)


@given(moments, st.integers(0, 40), st.text(alphabet="0123456789 :-/.,ZJunampsh\x00٣م", min_size=1, max_size=1))
def test_one_wrong_character_never_raises(moment: datetime, at: int, wrong: str) -> None:
    literal = format_datetime(moment)
    read = read_date(literal[:at] + wrong + literal[at + 1 :])
    assert read is None or read.tzinfo is UTC


@every_row(
    "hostile",
    [
        "9" * 1_000_000,
        " " * 1_000_000 + "x",
        "29 June 2016 " * 80_000,
        "\0" * 1_000_000,
        "(" * 200,
        "1:" * 100,
        "a" * 200,
        "- " * 100,
        "ﷺ" * 200,  # folds to 18 letters each
        "كانون " * 33,
        "1 : 1 : 1 . " * 16,
        "\u0301" * 200,
        "²" * 200,
    ],
    ids=lambda hostile: repr(hostile[:6]),
)
def test_hostile_literals_are_nothing_and_fast(hostile: str) -> None:
    started = time.process_time()
    assert read_date(hostile) is None
    assert time.process_time() - started < 0.2


@pytest.mark.parametrize("literal", ["29 June 2016 10:15", "2016-06-29 10:15:00", "Wed, 29 Jun 2016 10:15:00"])
def test_the_zone_of_the_machine_does_not_count(literal: str, monkeypatch: pytest.MonkeyPatch) -> None:
    before = os.environ.get("TZ")
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        assert stated(literal) == "2016-06-29T10:15:00Z"
        assert stated("1467195300") == "2016-06-29T10:15:00Z"
    finally:
        monkeypatch.setenv("TZ", before) if before is not None else monkeypatch.delenv("TZ")
        time.tzset()


# The tables of names


def columns(languages: dict[str, str]) -> list[object]:
    return [pytest.param(language, names.split("|"), id=language) for language, names in languages.items()]


@every_row(("language", "months"), columns(dict(MONTHS_BY_LANGUAGE)))
def test_no_language_takes_another_ones_month(language: str, months: list[str]) -> None:
    assert len(months) == 12, language
    for number, column in enumerate(months, 1):
        for name in column.replace("_", "\u00a0").split(" "):
            assert MONTHS[word_key(fold(name))] == number, name
            assert [stated(f"10 {spelt} 2016") for spelt in (name, name.upper(), f"{name}.")] == [
                f"2016-{number:02}-10T00:00:00Z"
            ] * 3, name


@every_row(("language", "weekdays"), columns(dict(WEEKDAYS_BY_LANGUAGE)))
def test_no_language_takes_another_ones_weekday(language: str, weekdays: list[str]) -> None:
    assert len(weekdays) == 7, language
    for number, column in enumerate(weekdays):
        for name in column.split():
            assert WEEKDAYS[word_key(fold(name))] == number, name


def test_tables_hold_folded_words_of_one_meaning() -> None:
    for words in (MONTHS, WEEKDAYS, ZONES, SMALL_WORDS, DAY_FIRST_WORDS):
        assert [word for word in words if word != word_key(fold(word))] == []
    assert MONTHS.keys() & WEEKDAYS.keys() == {"mar"}  # mars and mardi: told apart in _months
    assert (MONTHS.keys() | WEEKDAYS.keys()) & (ZONES.keys() | SMALL_WORDS) == set()
    assert ZONES.keys() & SMALL_WORDS == set()


# Real feeds, where they are


@pytest.mark.skipif(not SHARED_FEEDS.is_dir(), reason="../shared/feeds is not here")
def test_every_date_of_the_shared_feeds_is_read() -> None:
    elements = rb"<(?:pubDate|lastBuildDate|dc:date|published|updated|issued|modified|created)\b[^>]*>([^<]+)</"
    literals = {
        literal.decode("ascii", "replace").replace("]]>", "")
        for path in SHARED_FEEDS.glob("*.xml")
        for literal in re.findall(elements, path.read_bytes())
    }
    assert len(literals) > 1000
    assert sorted(literal for literal in literals if read_date(literal) is None) == []


@every_row(
    ("said", "since"),
    [
        ("90m", "2026-11-22T08:30:00Z"),
        (" 6h ", "2026-11-22T04:00:00Z"),
        ("2 d", "2026-11-20T10:00:00Z"),
        ("1w", "2026-11-15T10:00:00Z"),
        ("2026-11-20", "2026-11-20T00:00:00Z"),
        ("20 Nov 2026 08:00 +0200", "2026-11-20T06:00:00Z"),
        ("999999w", None),  # before the year 1
        ("6 hours", None),
        ("-1d", None),
        ("yesterday", None),
    ],
)
def test_a_person_says_a_time_as_so_long_ago_or_as_a_date(said: str, since: str | None) -> None:
    moment = read_since(said, NOW)
    assert (moment and to_iso(moment)) == since

"""query: what somebody types is read as words that are wanted and words that are not; selections choose reports."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.desk.terms import sync
from aggregator.model import ALL_REPORTS, Phrase, Query, Selection
from aggregator.store import Store
from aggregator.store.sqlite.selections import expression
from aggregator.text.folding import fold
from aggregator.text.query import parse, typed
from tests.conftest import NOW, WIRE, make_entry, make_publisher, record

READ = [
    ("pont", ["pont"], []),
    ("Élections  À Bamako", ["elections", "a", "bamako"], []),
    ('"pont sur le Niger" Ségou', ["pont sur le niger", "segou"], []),
    ("pont -grève", ["pont"], ["greve"]),
    ('pont -"grève générale"', ["pont"], ["greve generale"]),
    ("inond*", ["inond*"], []),
    ('"pont inond*"', ["pont inond*"], []),
    ("pont -inond*", ["pont"], ["inond*"]),
    ('"never closed', ["never closed"], []),
    ("l'eau", ["l'eau"], []),
    ("انتخابات", [fold("انتخابات")], []),
    ("covid-19", ["covid-19"], []),
    ("AND OR NOT NEAR(", ["and", "or", "not", "near("], []),
    ("- * \"\" '' ... —", [], []),
    ("-only", [], ["only"]),
    ("", [], []),
]


def shown(phrase: Phrase) -> str:
    return phrase.words + "*" * phrase.begins


@pytest.mark.parametrize(("said", "wanted", "unwanted"), READ, ids=[said for said, *_ in READ])
def test_what_is_typed_is_read_as_words(said: str, wanted: list[str], unwanted: list[str]) -> None:
    query = parse(said)
    assert ([*map(shown, query.wanted)], [*map(shown, query.unwanted)]) == (wanted, unwanted)


def test_arguments_of_a_shell_are_typed_again_with_their_quotation_marks() -> None:
    assert typed(("pont sur", "le", "-grève", '-"a b"')) == '"pont sur" le -grève -"a b"'
    assert parse(typed(("pont sur le Niger",))) == Query((Phrase("pont sur le niger"),))


@given(st.text(max_size=60))
def test_nothing_that_is_typed_is_an_error_or_an_operator(said: str) -> None:
    query = parse(said)
    if query.wanted:
        outside = "".join(expression(query).split('"')[::2]).replace("*", "")
        assert set(outside.split()) <= {"AND", "NOT"}
    for phrase in (*query.wanted, *query.unwanted):
        assert '"' not in phrase.words
        assert any(map(str.isalnum, phrase.words))


@pytest.fixture
def three(store: Store) -> Store:
    """Reports of three publishers, countries and languages."""
    publishers = (
        make_publisher(),
        make_publisher("la-nacion", country="GQ", languages=("es",)),
        make_publisher("jornal", country="MZ", languages=("pt-MZ",)),
    )
    sync(store, WIRE, publishers, NOW, NOW.date())
    for number, publisher in enumerate(publishers, start=1):
        record(store, publisher, make_entry(number, published=None), now=NOW + number * HOUR)
    return store


HOUR = timedelta(hours=1)

CHOSEN = [
    (ALL_REPORTS, ["jornal", "la-nacion", "daily-example"]),
    (Selection(publisher="jornal"), ["jornal"]),
    (Selection(country="GQ"), ["la-nacion"]),
    (Selection(language="pt"), ["jornal"]),
    (Selection(language="PT-mz"), ["jornal"]),
    (Selection(language="p"), []),
    (Selection(item_class="news"), ["jornal", "la-nacion", "daily-example"]),
    (Selection(item_class="opinion"), []),
    (Selection(since=NOW + 2 * HOUR), ["jornal", "la-nacion"]),
    (Selection(since=NOW + 2 * HOUR, country="GQ"), ["la-nacion"]),
    (Selection(limit=1), ["jornal"]),
    (Selection(publisher=""), []),
]


@pytest.mark.parametrize(("selection", "publishers"), CHOSEN, ids=[repr(each) for each, _ in CHOSEN])
def test_a_selection_chooses_the_same_reports_in_every_list(
    three: Store, selection: Selection, publishers: list[str]
) -> None:
    query = parse("pont")
    assert [report.publisher for report in three.latest(selection)] == publishers
    assert [report.publisher for report in three.search(query, selection)] == publishers
    assert len(three.search(query, selection, ranked=True)) == len(publishers)


@pytest.mark.parametrize("selection", [Selection(publisher="jornal"), Selection(country="GQ"), ALL_REPORTS], ids=repr)
def test_the_ledger_has_the_lines_of_a_selection(three: Store, selection: Selection) -> None:
    of_reports = [line["id"] for line in three.changes(None, selection) if line["kind"] == "new"]
    assert of_reports == [report.id for report in reversed(three.latest(selection))]
    assert three.changes(None, replace(selection, limit=1)) == three.changes(None, selection)[:1]


def test_every_field_of_a_selection_is_tried() -> None:
    tried = {field.name for each, _ in CHOSEN for field in fields(each) if getattr(each, field.name) is not None}
    assert tried == {field.name for field in fields(Selection)}

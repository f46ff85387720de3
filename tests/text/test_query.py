"""query: what somebody types is read as words that are wanted and words that are not; selections choose reports."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.desk.terms import sync
from aggregator.model import ALL_REPORTS, Cursor, Phrase, Query, Selection
from aggregator.model.errors import CursorError, StoreError
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
        make_publisher("la-nacion", country="GQ", kind="ngo", languages=("es",)),
        make_publisher("jornal", country="MZ", languages=("pt-MZ",)),
    )
    sync(store, WIRE, publishers, NOW, NOW.date())
    for number, publisher in enumerate(publishers, start=1):
        record(store, publisher, make_entry(number, published=None), now=NOW + number * HOUR)
    return store


HOUR = timedelta(hours=1)

CHOSEN = [
    (ALL_REPORTS, ["jornal", "la-nacion", "daily-example"]),
    (Selection(publishers=("jornal",)), ["jornal"]),
    (Selection(countries=("GQ",)), ["la-nacion"]),
    (Selection(languages=("pt",)), ["jornal"]),
    (Selection(languages=("PT-mz",)), ["jornal"]),
    (Selection(languages=("p",)), []),
    (Selection(item_classes=("news",)), ["jornal", "la-nacion", "daily-example"]),
    (Selection(item_classes=("opinion",)), []),
    (Selection(since=NOW + 2 * HOUR), ["jornal", "la-nacion"]),
    (Selection(since=NOW + 2 * HOUR, countries=("GQ",)), ["la-nacion"]),
    (Selection(limit=1), ["jornal"]),
    (Selection(publishers=("",)), []),
    (Selection(publishers=("jornal", "daily-example", "jornal")), ["jornal", "daily-example"]),
    (Selection(publishers=("jornal", "daily-example"), limit=1), ["jornal"]),
    (Selection(countries=("MZ", "GQ", "QQ")), ["jornal", "la-nacion"]),
    (Selection(countries=("MZ", "GQ"), until=NOW + 3 * HOUR), ["la-nacion"]),
    (Selection(languages=("pt", "pt-MZ", "es")), ["jornal", "la-nacion"]),
    (Selection(item_classes=("opinion", "news"), languages=("es",)), ["la-nacion"]),
    (Selection(kinds=("newspaper",)), ["jornal", "daily-example"]),
    (Selection(kinds=("ngo", "newspaper"), countries=("GQ",)), ["la-nacion"]),
    (Selection(kinds=("ngo",), publishers=("jornal", "la-nacion")), ["la-nacion"]),
    (Selection(kinds=("ngo",), publishers=("jornal",)), []),
    (Selection(kinds=("church",)), []),
    (Selection(groups=("institution",)), ["la-nacion"]),
    (Selection(groups=("institution", "news_organization"), languages=("pt",)), ["jornal"]),
    (Selection(groups=("institution",), kinds=("newspaper",)), []),
    (Selection(until=NOW + 2 * HOUR), ["daily-example"]),
    (Selection(since=NOW + HOUR, until=NOW + 3 * HOUR), ["la-nacion", "daily-example"]),
]


@pytest.mark.parametrize(("selection", "publishers"), CHOSEN, ids=[repr(each) for each, _ in CHOSEN])
def test_a_selection_chooses_the_same_reports_in_every_list(
    three: Store, selection: Selection, publishers: list[str]
) -> None:
    query = parse("pont")
    assert [report.publisher for report in three.latest(selection)] == publishers
    assert [report.publisher for report in three.search(query, selection)] == publishers
    assert len(three.search(query, selection, ranked=True)) == len(publishers)


@pytest.mark.parametrize(
    "selection",
    [
        each
        for each, _ in CHOSEN
        if each.since is None and each.until is None and each.limit is None and each.publishers != ("",)
    ],
    ids=repr,
)
def test_the_ledger_has_the_lines_of_a_selection(three: Store, selection: Selection) -> None:
    of_reports = [line["id"] for line in three.changes(None, selection) if line["change_kind"] == "new"]
    assert of_reports == [report.id for report in reversed(three.latest(selection))]
    assert three.changes(None, replace(selection, limit=1)) == three.changes(None, selection)[:1]


def test_below_a_report_stand_those_that_lists_have_below_it(three: Store) -> None:
    query = parse("pont")
    ids = [report.id for report in three.latest(ALL_REPORTS)]
    for selection in (ALL_REPORTS, Selection(countries=("GQ", "MZ", "ML")), Selection(languages=("pt", "es", "fr"))):
        for at, report in enumerate(ids):
            below = replace(selection, before=report)
            assert [one.id for one in three.latest(below)] == ids[at + 1 :]
            assert [one.id for one in three.search(query, below)] == ids[at + 1 :]
            assert three.count(below) == three.count(below, query) == len(ids) - at - 1
    with pytest.raises(StoreError, match="there is no report with this id"):
        three.latest(Selection(before="nobody"))


def test_after_a_line_stand_those_that_came_by_later_ones(three: Store) -> None:
    query = parse("pont")
    newest_first = [report.publisher for report in three.latest(ALL_REPORTS)]
    cursors = [Cursor.read(line["cursor"]) for line in three.changes()]
    for at, cursor in enumerate(cursors):
        for to, end in enumerate(cursors):
            came = replace(ALL_REPORTS, after=cursor, up_to=end)
            expected = newest_first[len(cursors) - 1 - to : len(cursors) - 1 - at] if to > at else []
            assert [one.publisher for one in three.latest(came)] == expected
            assert [one.publisher for one in three.search(query, came)] == expected
            assert three.count(came) == three.count(came, query) == len(expected)
            assert [line["publisher"] for line in three.changes(cursor, Selection(up_to=end))] == expected[::-1]
    wrong = Cursor.read("2-00000000")
    for call in (three.latest, three.count, lambda each: three.search(query, each)):
        with pytest.raises(CursorError, match="another hash"):
            call(Selection(after=wrong))


def test_every_field_of_a_selection_is_tried() -> None:
    nothing = (None, ())
    tried = {field.name for each, _ in CHOSEN for field in fields(each) if getattr(each, field.name) not in nothing}
    assert tried == {field.name for field in fields(Selection)} - {"after", "up_to", "before"}  # above

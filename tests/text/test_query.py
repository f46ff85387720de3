"""query: what somebody types is read as words that are wanted and words that are not; selections choose reports."""

from __future__ import annotations

import re
import sqlite3
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import fields, replace

from aggregator.desk.terms import sync
from aggregator.model import ALL_REPORTS, Cursor, Query, Selection
from aggregator.model.errors import CursorError, SearchError, StoreError
from aggregator.pipeline.recording import record as record_polls
from aggregator.store import Store
from aggregator.store.sqlite.search import expression
from aggregator.text.query import others, parse, typed
from tests.conftest import NOW, WIRE, make_articles, make_entry, make_poll, make_publisher, with_tags
from tests.rows import every_row

READ = [
    ("pont", '"pont"'),
    ("Élections  À Bamako", '"elections" AND "a" AND "bamako"'),
    ('"pont sur le Niger" Ségou', '"pont sur le niger" AND "segou"'),
    ("« pont sur le Niger » “grève générale”", '"pont sur le niger" AND "greve generale"'),
    ("pont -grève", '"pont" NOT "greve"'),
    ("pont NOT grève", '"pont" NOT "greve"'),
    ("pont AND NOT grève", '"pont" NOT "greve"'),
    ("-grève pont", '"pont" NOT "greve"'),
    ('pont -"grève générale"', '"pont" NOT "greve generale"'),
    ("inond*", '"inond"*'),
    ('"pont inond*" "pont inond"*', '"pont inond"* AND "pont inond"*'),
    ("pont -inond*", '"pont" NOT "inond"*'),
    ("pont OR bac", '("pont" OR "bac")'),
    ("pont bac OR route", '(("pont" AND "bac") OR "route")'),
    ("pont AND (bac OR route)", '"pont" AND ("bac" OR "route")'),
    ("pont(bac OR route)", '"pont" AND ("bac" OR "route")'),
    ("(pont -bac) route", '"pont" AND "route" NOT "bac"'),
    ("(-bac) route", '"route" NOT "bac"'),
    ("route -(pont OR bac)", '"route" NOT ("pont" OR "bac")'),
    ("route NOT (pont bac)", '"route" NOT ("pont" AND "bac")'),
    ("(pont -bac) OR route", '(("pont" NOT "bac") OR "route")'),
    ("title:pont", 'title : "pont"'),
    ("TITLE:pont*", 'title : "pont"*'),
    ('-title:"le pont" bac', '"bac" NOT title : "le pont"'),
    ("title:(pont OR bac) route", '(title : "pont" OR title : "bac") AND "route"'),
    ('"never closed', '"never closed"'),
    ("covid-19", '"covid-19"'),
    ("and or not near", '"and" AND "or" AND "not" AND "near"'),
    ('"OR" "AND"', '"or" AND "and"'),
    ("10:30 https://a.example/x", '"10:30" AND "https://a.example/x"'),
    ("Mali: le pont - *** !", '"mali:" AND "le" AND "pont"'),
    ("pont a\x00b\ue000", '"pont" AND "a" AND "b"'),
]

# What can find nothing, and some of what is said of it.
REFUSED = [
    *((said, "there is no word") for said in ("", "   ", '""', '" "')),
    *((said, "write the beginning of a word") for said in ("*", "* *", '"*"')),
    *((said, "no letter and no digit") for said in ("...", "-", "' — ?", "♥")),
    *((said, "only exclusions") for said in ("-only", "NOT only", "-a -b", "(-a)", "-(a OR b)", '-"a b"', "(-a) -b")),
    *((said, "same side of OR") for said in ("a OR -b", "NOT a OR b", "a (b OR (-c))")),
    *((said, "never closed") for said in ("(a", "a (b OR (c)", "a OR (b", "(", "a (", "title:(a")),
    *((said, "closes no bracket") for said in ("a)", ")", "a) OR b", "(a) b)")),
    *((said, "no word in these brackets") for said in ("()", "a ()", "a OR (...)", "(())")),
    *((said, "OR needs a word on both sides") for said in ("a OR", "OR a", "OR", "a OR OR b", "a OR *", "(a OR) b")),
    *((said, "AND needs a word on both sides") for said in ("a AND", "AND a", "AND", "a AND OR b", "a AND AND b")),
    *((said, "NOT needs a word") for said in ("a NOT", "a NOT OR b", "a NOT NOT b", "(a NOT) b")),
    ("a NOT -b", "one of them is enough"),
    ("a -(-b)", "exclusion of exclusions"),
    ("titel:pont", "did you mean `title:pont`"),
    ('titel:"pont"', "did you mean `title:"),
    ("a titel:", "write it without a space"),
    ("title: pont", "write it without a space"),
    ("publisher:x", "there are options"),
    ("Mali:pont", '"Mali:pont" in quotes'),
    ("título:(a b)", "no field `título:`"),
    *((said, "only stand at the end") for said in ("*tion", "e*tion", '"a* b"')),
    *((said, "names no time") for said in ("changed:soon", "changed:1", "a changed:-1d", 'changed:""', "changed:…")),
    *((said, "in the future") for said in ("changed:2999-01-01", "a changed:2999-01-01")),
    *((said, "for the whole search") for said in ("a OR changed:1d", "(changed:1d)", "a -changed:1d", "NOT changed:1d",
                                                  "(a OR b) changed:1d", "changed:(1d)")),
    ("changed: a", "write it without a space"),
    *((said, "begins too many words") for said in ("a*", "title:é*", '"pont a*"', "pont OR ا*", '"pont -*"')),
    ("abcd* " * 11, "more than 10 words"),
    ("abc* OR éa* OR 12* OR من*", "behind fewer than 4 letters"),
    ("x" * 1_001, "1,001 characters"),
    ("x " * 51, "51 words"),
    ('"' + "x " * 51 + '"', "51 words"),
    ("(" * 11 + "a" + ")" * 11, "more than 10 deep"),
]  # fmt: skip


def of_index(query: Query) -> str:
    return expression(query.wanted, query.unwanted)


@every_row(("said", "meant"), READ, ids=[said for said, _ in READ])
def test_what_is_typed_is_read_as_words(said: str, meant: str) -> None:
    assert of_index(parse(said)) == meant


@every_row(("said", "why"), REFUSED, ids=[said[:20] or "nothing" for said, _ in REFUSED])
def test_what_can_find_nothing_is_refused_with_what_to_write(said: str, why: str) -> None:
    with pytest.raises(SearchError) as refused:
        parse(said, NOW)
    assert why in str(refused.value)
    assert "fts5" not in str(refused.value).lower()


def test_what_was_changed_since_is_beside_the_words() -> None:
    day = NOW - timedelta(days=1)
    pont = parse("pont").wanted
    for said in ("changed:1d pont", "pont changed:1d", "changed:1d AND pont", "pont AND changed:1d"):
        assert parse(said, NOW) == Query(pont, changed_since=day)
    assert parse("pont changed:2d CHANGED:1d", NOW).changed_since == day
    assert parse("changed:1d -pont", NOW) == Query((), pont, day)
    assert parse("changed:1d", NOW) == Query(changed_since=day)
    assert parse("changed:2026-11-22", NOW).changed_since == datetime(2026, 11, 22, tzinfo=UTC)
    with pytest.raises(SearchError, match="names no time"):
        parse("changed:1d")


TYPED = [
    (("pont sur", "le", "-grève", '-"a b"'), '"pont sur" le -grève -"a b"'),
    (("-grève générale", "title:le pont", "-title:le bac"), '-"grève générale" title:"le pont" -title:"le bac"'),
    (("flood AND bridge",), "flood AND bridge"),
    (("(flood OR drought) bridge",), "(flood OR drought) bridge"),
    (("flood -bridge", "a bc*", "ab* b"), 'flood -bridge "a bc*" ab* b'),
    (("flood changed:1d", "Mali: le pont", " a "), 'flood changed:1d "Mali: le pont"  a '),
    (("« le pont »", "a title:b"), "« le pont » a title:b"),
]


@every_row(("arguments", "said"), TYPED)
def test_arguments_of_a_shell_are_typed_again_with_their_quotation_marks(arguments: tuple[str, ...], said: str) -> None:
    assert typed(arguments) == said


PIECES = (
    "pont",
    "OR",
    "AND",
    "NOT",
    "(",
    ")",
    "-",
    '"',
    "*",
    "title:",
    "changed:",
    "1d",
    " ",
    "l'eau",
    "المدرسة",
    "é",
    ":",
)


@given(st.text(max_size=60) | st.lists(st.sampled_from(PIECES), max_size=14).map("".join))
def test_nothing_that_is_typed_is_a_fault_or_an_operator_of_the_index(said: str) -> None:
    try:
        query = parse(said, NOW)
    except SearchError:
        return
    assert not query.is_empty
    if query.wanted:
        outside = "".join(of_index(query).split('"')[::2])
        assert set(re.findall(r"[^\s()*]+", outside)) <= {"AND", "OR", "NOT", "title", ":"}
        EMPTY.execute("SELECT * FROM words WHERE words MATCH ?", (of_index(query),)).fetchall()
    for other in others(said):
        assert other


EMPTY = sqlite3.connect(":memory:", check_same_thread=False)
EMPTY.execute("CREATE VIRTUAL TABLE words USING fts5(title, text)")


def test_the_longest_searches_are_understood_by_the_index() -> None:
    longest = (
        " ".join(["المدرسة"] * 50),
        " OR ".join(["للمدرسة"] * 50),
        '"' + " ".join(["المدرسة"] * 50) + '"',
        "(a " * 10 + "b" + ")" * 10,
        "(a OR " * 10 + "b" + ")" * 10,
        "a " + "-b " * 49,
    )
    for said in longest:
        EMPTY.execute("SELECT * FROM words WHERE words MATCH ?", (of_index(parse(said)),)).fetchall()


OTHERS = [
    ("elections", ["elections*", "election*", "electio*", "electi*"]),
    ("pont*", []),
    ("été", []),
    ('"water bills"', ["water bills"]),
    ("title:bridges -x", ["title:bridges* -x", "title:bridge* -x", "title:bridg* -x", "title:brid* -x"]),
    ("le pont", ["le pont*", "le", "pont"]),
    (
        "(pont OR digue) changed:1d",
        [
            *("(pont* OR digue) changed:1d", "(pont OR digue*) changed:1d", "(pont* OR digue*) changed:1d"),
            *("(pont OR digu*) changed:1d", "(pont OR digu*) changed:1d"),
        ],
    ),
]


@every_row(("said", "expected"), OTHERS)
def test_searches_that_find_more_are_like_the_one_that_was_typed(said: str, expected: list[str]) -> None:
    assert list(others(said)) == expected


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
        now = NOW + number * HOUR
        (made,) = make_articles(publisher, make_entry(number, published=None))
        tagged = with_tags(made, TOPICS[number - 1], ABOUT[number - 1], broader=BROADER[number - 1])
        record_polls(store, [(make_poll(publisher.sources[0], now), [tagged])], now)
        while store.index():
            pass
    return store


# By publisher, as `three` records them.
TOPICS = (("15000000",), ("04000000", "20000344"), ("04000000",))
BROADER: tuple[tuple[str, ...], ...] = ((), ("20000209",), ())
ABOUT = (("ML", "NE"), (), ("MZ", "ML"))

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
    (Selection(channel="web"), ["jornal", "la-nacion", "daily-example"]),
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
    (Selection(topics=("15000000",)), ["daily-example"]),
    (Selection(topics=("04000000", "20000344", "15000000")), ["jornal", "la-nacion", "daily-example"]),
    (Selection(topics=("20000209",)), ["la-nacion"]),
    (Selection(topics=("20000344",), about=("ML",)), []),
    (Selection(about=("ML",)), ["jornal", "daily-example"]),
    (Selection(about=("NE", "MZ", "ML"), limit=1), ["jornal"]),
    (Selection(about=("ML",), topics=("04000000",), languages=("pt",)), ["jornal"]),
    (Selection(about=("ML",), countries=("MZ", "GQ")), ["jornal"]),
    (Selection(topics=("04000000",), publishers=("jornal", "daily-example")), ["jornal"]),
    (Selection(topics=("04000000",), since=NOW + HOUR, until=NOW + 3 * HOUR), ["la-nacion"]),
    (Selection(until=NOW + 2 * HOUR), ["daily-example"]),
    (Selection(since=NOW + HOUR, until=NOW + 3 * HOUR), ["la-nacion", "daily-example"]),
]


@every_row(("selection", "publishers"), CHOSEN, ids=[repr(each) for each, _ in CHOSEN])
def test_a_selection_chooses_the_same_reports_in_every_list(
    three: Store, selection: Selection, publishers: list[str]
) -> None:
    query = parse("pont")
    assert [report.publisher for report in three.latest(selection)] == publishers
    assert [report.publisher for report in three.search(query, selection)] == publishers
    assert len(three.search(query, selection, ranked=True)) == len(publishers)


@every_row(
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
    assert tried == {field.name for field in fields(Selection)} - {"after", "up_to", "before"} - {
        "search"
    }  # above; of the ledger

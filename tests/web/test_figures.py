"""The wire's own figures, of an invented history whose numbers were counted by hand: in the database, as a page, as
CSV.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup
from msgspec.structs import replace

from aggregator.desk import acts
from aggregator.desk.figures import delay
from aggregator.desk.housekeeping import maintain
from aggregator.desk.merges import split
from aggregator.desk.terms import sync
from aggregator.model import Attempt, Cause, Cursor, Entry, Publisher, Selection, Text
from aggregator.model.figures import DayFigures, Delay, TakenBack
from aggregator.pipeline.recording import record as record_polls
from aggregator.store import Store
from tests.conftest import WIRE, make_articles, make_entry, make_poll, make_publisher
from tests.rows import every_row
from tests.web.serving import Served, served, unopened

BECAUSE = Cause(actor="person:ama", reason="a mistake")
SUBSCRIBERS = ("partner", "quiet", "failing", "narrowed")  # of the configuration; "gone" was one
ONE, TWO = make_publisher("one"), make_publisher("two", languages=("sw",), country="TZ")


def at(day: int, clock: str) -> datetime:
    return datetime.fromisoformat(f"2026-11-{day}T{clock}").replace(tzinfo=UTC)


def entry(number: int, published: str, **fields: object) -> Entry:
    words = f"Taarifa ya {number}: daraja la {number} limefunguliwa"
    said = {"title": Text(words, "text/plain"), "summary": None, "content": (Text(f"<p>{words} leo.</p>"),)}
    return make_entry(number, published=published, **{**said, **fields})


class History:
    """A wire of two publishers and three subscribers, from the 22nd of November to the 25th."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.ids: dict[int, str] = {}

    def poll(self, publisher: Publisher, when: datetime, *entries: Entry, **fields: object) -> None:
        articles = make_articles(publisher, *entries)
        poll = make_poll(publisher.sources[0], when, **{"entries": len(entries), **fields})
        record_polls(self.store, [(poll, articles)], when)
        for said, article in zip(entries, articles, strict=True):
            self.ids.setdefault(int(str(said.id).rpartition(":")[2].partition("-")[0]), article.id)

    def give_up(self, subscriber: str, kind: str, number: int) -> None:
        """The message about a line becomes a dead letter."""
        cursor = Cursor.read(self.line(kind, number)["cursor"])
        assert cursor is not None
        self.store.record_attempt(Attempt(name=subscriber, cursor=cursor, error="no answer"), at(23, "20:00:00"))

    def line(self, kind: str, number: int) -> Mapping[str, Any]:
        wanted = (kind, self.ids[number])
        return next(each for each in self.store.changes() if (each["change_kind"], each["id"]) == wanted)

    def confirm(self, subscriber: str, kind: str, number: int, seconds: float) -> None:
        """The message about the line of this kind of the report, so long after the line."""
        line = self.line(kind, number)
        cursor = Cursor.read(line["cursor"])
        assert cursor is not None
        now = datetime.fromisoformat(line["at"]) + timedelta(seconds=seconds)
        self.store.record_attempt(Attempt(name=subscriber, cursor=cursor, error=None), now)

    def first_day(self) -> None:
        """What was there before anything was recorded, and how the subscribers began."""
        self.poll(ONE, at(22, "10:00:00"), entry(1, "2026-11-21T08:00:00Z"))
        self.poll(TWO, at(22, "10:00:00"))
        maintain(self.store, at(22, "10:05:00"), subscribers=SUBSCRIBERS)
        for name, selection in (
            ("partner", Selection()),
            ("quiet", Selection(publishers=("two",))),
            ("failing", Selection(publishers=("two",))),
            ("narrowed", Selection()),
            ("gone", Selection()),
        ):
            self.store.begin_queue(name, at(22, "11:00:00"), from_beginning=False)
            self.store.note_selection(name, selection)

    def second_day(self) -> None:
        """The one that is counted: all of it is in `COUNTED`."""
        first = entry(1, "2026-11-21T08:00:00Z")
        two, three = entry(2, "2026-11-23T07:59:00Z"), entry(3, "2026-11-23T07:50:00Z")
        dated = entry(4, "2026-11-23")  # a day is no time
        five = entry(5, "2026-11-23T09:58:00Z")
        old = entry(6, "2026-11-22T09:00:00Z")  # from before its source was asked first
        drops = {"empty": 2, "exclude_words: mpira": 1}
        self.poll(ONE, at(23, "08:00:00"), two, three, dated, old, first, entries=8, drops=drops)
        self.poll(TWO, at(23, "09:00:00"), outcome="failed", http_status=500)
        changed = replace(two, content=(Text("<p>Taarifa ya 2: daraja limefungwa tena.</p>"),))
        self.poll(ONE, at(23, "10:00:00"), five)  # it lists nothing that was known
        self.poll(ONE, at(23, "10:30:00"), five, changed)
        self.poll(TWO, at(23, "11:00:00"), entry(10, "2026-11-23T11:10:00Z"), gap="closed")  # dated ahead
        again = replace(five, id="tag:daily.example,2026:5-again")
        self.poll(ONE, at(23, "11:30:00"), again)
        for number, clock, act in ((2, "12:00:00", acts.withdraw), (3, "13:00:00", acts.withdraw)):
            act(self.store, self.ids[number], BECAUSE, at(23, clock))
        acts.withhold(self.store, self.ids[10], BECAUSE, at(23, "14:00:00"))
        for number, seconds in ((2, 1.5), (3, 2.0), (4, 3.0), (6, 2.5), (5, 1.0), (10, 4.0)):
            self.confirm("partner", "new", number, seconds)
        self.confirm("narrowed", "new", 2, 5.0)
        self.store.note_selection("narrowed", Selection(publishers=("two",)))  # it was sent 2, and is owed its end
        self.give_up("failing", "new", 10)
        self.give_up("failing", "withheld", 10)
        self.confirm("partner", "withdrawn", 2, 1.5)
        self.confirm("partner", "withdrawn", 3, 2.4)  # and never that of 10
        self.confirm("quiet", "new", 10, 10.0)
        self.confirm("quiet", "withheld", 10, 20 * 60)

    def third_day(self) -> None:
        (merge,) = self.store.merges()
        split(self.store, merge["merge_id"], at(24, "09:00:00"))


# 8 + 0 + 1 + 2 + 1 + 1 entries: new are 2, 3, 4, 6, 5 and 10, revised is 2; unchanged are 1, 5, and 5 under another id.
COUNTED = DayFigures(
    day=date(2026, 11, 23),
    counted_at=at(24, "00:16:00"),
    polls=6,
    polls_failed=1,
    entries=13,
    new=6,
    revised=1,
    unchanged=3,
    left_out={"empty": 2, "exclude_words: mpira": 1},
    gaps=2,
    gaps_closed=1,
    joins=1,
    joins_undone=0,
    to_wire=Delay(count=3, median=120.0, most=600.0),  # 60 of 2, 600 of 3, 120 of 5
    to_subscriber=Delay(count=8, median=2.5, most=10.0),  # 1, 1.5, 2, 2.5, 3, 4, 5 and 10
    in_all=Delay(count=4, median=65.0, most=602.0),  # 61.5 and 65 of 2, 602 of 3, 121 of 5
    taken_back=3,
    # 2, 3 and 10 to partner, 10 to quiet and to failing, 2 and 10 to narrowed; of these 2 and 3 to partner were
    # confirmed in time.
    messages=TakenBack(owed=7, in_two_seconds=1, unconfirmed=5),
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With the database of that history, up to the evening of the third day."""
    folder = tmp_path_factory.mktemp("figures")
    with Store.open(folder / "wire.db") as store:
        sync(store, WIRE, [ONE, TWO], at(22, "09:00:00"), date(2026, 11, 22))
        history = History(store)
        history.first_day()
        history.second_day()
        maintain(store, at(24, "00:14:00"), subscribers=SUBSCRIBERS)  # messages of the last minute may be on their way
        assert [each.day.day for each in store.figures(date(2026, 11, 1))] == [22]
        maintain(store, at(24, "00:16:00"), subscribers=SUBSCRIBERS)
        history.third_day()
    return folder


@pytest.fixture(scope="module")
def wire(folder: Path) -> Iterator[Served]:
    with served(folder) as found:
        found.now[0] = at(25, "12:00:00")
        yield found


def test_a_day_is_counted_as_by_hand(folder: Path) -> None:
    with Store.read(folder / "wire.db") as store:
        second, first = store.figures(date(2026, 11, 1))
        assert second == COUNTED
    # Of the first day nobody knows when messages were confirmed: the wire began to note it on that day.
    assert (first.day, first.entries, first.new, first.to_subscriber, first.messages) == (
        date(2026, 11, 22), 1, 1, None, None,
    )  # fmt: skip
    assert first.to_wire == Delay(count=0)


def test_the_numbers_of_a_day_that_was_counted_do_not_change(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "wire.db").write_bytes((folder / "wire.db").read_bytes())
    with Store.open(tmp_path / "wire.db") as store:
        sync(store, WIRE, [ONE, TWO], at(24, "10:00:00"), date(2026, 11, 24))
        history = History(store)
        history.poll(ONE, at(23, "23:00:00"), entry(30, "2026-11-23T22:00:00Z"))  # by a clock that was put right
        maintain(store, at(25, "00:20:00"), timedelta(days=1), subscribers=SUBSCRIBERS)
        third, second, _ = store.figures(date(2026, 11, 1))
        assert second == COUNTED
        assert (third.day, third.entries, third.joins, third.joins_undone) == (date(2026, 11, 24), 0, 0, 1)
        assert third.messages == TakenBack(owed=0, in_two_seconds=0, unconfirmed=0)
        # Polls are kept, each by itself, until their day has been counted.
        history.poll(ONE, at(25, "00:05:00"), entry(1, "2026-11-21T08:00:00Z"), outcome="unchanged")
        maintain(store, at(26, "00:10:00"), timedelta(days=1), subscribers=SUBSCRIBERS)
        maintain(store, at(26, "00:20:00"), timedelta(days=1), subscribers=SUBSCRIBERS)
        assert store.figures(date(2026, 11, 25))[0].entries == 1


@every_row(
    "seconds, expected",
    [
        ((), Delay(count=0)),
        ((7.0,), Delay(count=1, median=7.0, most=7.0)),
        ((4.0, 1.0), Delay(count=2, median=1.0, most=4.0)),
        ((3.0, 1.0, 2.0), Delay(count=3, median=2.0, most=3.0)),
        (tuple(map(float, range(1, 101))), Delay(count=100, median=50.0, most=99.0)),
        (tuple(map(float, range(1, 202))), Delay(count=201, median=101.0, most=199.0)),
    ],
)
def test_half_and_ninety_nine_of_a_hundred_took_no_longer(seconds: tuple[float, ...], expected: Delay) -> None:
    found = delay(seconds)
    assert found == expected
    for share, limit in ((0.5, found.median), (0.99, found.most)):
        assert limit is None or sum(each <= limit for each in seconds) >= share * len(seconds)


def test_the_page_shows_the_days_and_says_nothing_of_rules_and_subscribers(wire: Served) -> None:
    answer = wire.get("/figures")
    assert answer.status_code == 200
    soup = BeautifulSoup(answer.text, "lxml")
    (row, _) = soup.select("table.days tbody tr")
    assert [cell.get_text(strip=True) for cell in row.select("th, td")] == [
        "23 Nov", "13", "6", "1", "3", "3", "1", "0", "2", "1", "2 min / 10 min", "2.5 sec / 10 sec", "65 sec / 10 min",
        "3", "7", "1", "5",
    ]  # fmt: skip
    sums = dict(zip(
        (each.get_text(strip=True) for each in soup.select("dl.sums dt")),
        (each.get_text(strip=True) for each in soup.select("dl.sums dd")),
        strict=True,
    ))  # fmt: skip
    assert sums["Items seen in the documents of publishers"] == "14"
    assert sums["Not wanted by a rule of this wire"] == "1"
    assert sums["Not confirmed within 15 minutes"] == "5"
    for private in ("mpira", "exclude_words", "partner", "quiet", "narrowed"):
        assert private not in answer.text
    charts = soup.select("svg[role=img]")
    assert len(charts) == 3
    for chart in charts:
        named = soup.find(id=str(chart["aria-labelledby"]))
        assert named is not None
        assert named.get_text(strip=True)
        assert chart.find("title") is not None
    assert len(soup.select("h1")) == 1
    arabic = BeautifulSoup(wire.get("/figures", accept_language="ar").text, "lxml")
    bars, mirrored = (
        [float(str(bar["x"])) for bar in of.select("svg")[0].select("rect")] for of in (soup, arabic)
    )  # in Arabic time goes from right to left
    assert bars == sorted(bars)
    assert mirrored == sorted(bars, reverse=True)


def test_the_same_days_can_be_taken_away(wire: Served) -> None:
    answer = wire.get("/figures.csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="figures.csv"'
    first, second = csv.DictReader(io.StringIO(answer.text))
    assert (first["day"], first["to_subscriber_messages"], first["taken_back_messages"]) == ("2026-11-22", "", "")
    expected = {
        "day": "2026-11-23", "counted_at": "2026-11-24T00:16:00Z", "polls": "6", "entries": "13", "unchanged": "3",
        "to_wire_reports": "3", "to_wire_median": "120.0", "to_subscriber_99": "10.0", "in_all_median": "65.0",
        "taken_back_messages": "7", "taken_back_in_2_seconds": "1", "taken_back_unconfirmed": "5",
        "left_out_empty": "2", "left_out_rule": "1", "left_out_over_cap": "0",
    }  # fmt: skip
    assert {name: second[name] for name in expected} == expected
    assert "mpira" not in answer.text


def test_a_wire_on_its_first_day_says_that_nothing_was_counted(tmp_path: Path) -> None:
    with served(unopened(tmp_path)) as young:  # the older version counted nothing
        assert "No day has been counted yet." in young.get("/figures").text
        assert len(young.get("/figures.csv").text.splitlines()) == 1

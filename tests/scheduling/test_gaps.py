"""Gaps: whether a document reaches back to the one before, whatever is pinned, listed again, undated or unsorted."""

from __future__ import annotations

import time
from datetime import timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
from msgspec.structs import replace

from aggregator.demo import Press
from aggregator.desk.purging import chosen, purge
from aggregator.model import Cause, Entry, Link, Publisher, Text
from aggregator.scheduling.gaps import Before, Now, reaches_back
from aggregator.store import Store
from tests.conftest import NOW, file_of, make_entry, record
from tests.store.test_store import rows
from tests.test_trip import HOST, Trip, feed

HOUR = timedelta(hours=1)
DAWN = NOW - timedelta(days=3)


def entry(said: str) -> Entry:
    """`7`: a report without a date; `7@5`: dated the fifth hour; `7@5!`: the same, edited."""
    name, _, hour = said.rstrip("!").partition("@")
    words = f"Rapport {name} du {name * 3}, {'corrigé' if said.endswith('!') else 'publié'} par la rédaction"
    return make_entry(
        0,
        id=f"tag:daily.example,2026:{name}",
        title=Text(f"Dossier {name * 2}", "text/plain"),
        summary=Text(words),
        content=(),
        links=(Link(f"http://daily.example/{name}"),),
        published=format_datetime(DAWN + int(hour) * HOUR) if hour else None,
    )


def gaps(store: Store, publisher: Publisher, *documents: str) -> list[str | None]:
    """Of the polls after the first: `open` or None."""
    made = [
        record(store, publisher, *map(entry, document.split()), now=NOW + number * HOUR)
        for number, document in enumerate(documents)
    ]
    assert (made[0].gap, made[0].overlap) == (None, None)
    for poll in made[1:]:
        assert (poll.overlap == 0) == (poll.gap == "open")
    return [poll.gap for poll in made[1:]]


@pytest.mark.parametrize(
    "documents",
    [
        # without dates
        ("p 1 2 3", "p 21 22 23"),
        ("1 2 3 p", "21 22 23 p"),
        ("1 2 p 3", "21 22 p 23"),
        ("p 3 2 1", "p 4 3 2", "p 13 12 11"),
        ("3 2 1", "4 3 2", "13 12 11 1"),  # an old one is listed again
        ("3 2 1", "4 3 2", "5 4 3", "1 13 12 11"),
        ("p 1 2 3", "p 2 3 4", "p 3 4 5", "p 13 14 15"),
        ("p@8 1@8 2@8 3@8", "p@8 21@8 22@8 23@8"),  # by the day
        ("p q 2 1", "p q 12 11"),
        ("1", "2"),
        ("2 1", "4 3"),
        # with dates
        ("p@1 9@9 8@8 7@7", "p@1 23@23 22@22 21@21"),
        ("9@9 8@8 7@7 p@1", "23@23 22@22 21@21 p@1"),
        ("p@1 7@7 8@8 9@9", "p@1 21@21 22@22 23@23"),
        ("9@9 8@8 7@7", "10@10 9@9 8@8", "23@23 22@22 21@21 7@7"),
        ("9@9 8@8 7@7", "10@10 9@9 8@8", "7@24! 23@23 22@22 21@21"),
        ("p@9 8@8 7@7", "p@23! 22@22 21@21 20@20"),  # pinned when it was the newest, and dated anew
        ("w@9 8@8 7@7", "w@9 12@12 11@11 10@10"),
        ("7@7 w@9 8@8 3@3", "12@12 3@3 11@11 10@10"),  # in no order
        ("p 9@9 8@8 7@7", "p 23@23 22@22 21@21"),  # the pinned one has no date
    ],
)
def test_what_is_pinned_or_listed_again_hides_no_gap(
    store: Store, publisher: Publisher, documents: tuple[str, ...]
) -> None:
    *before, last = gaps(store, publisher, *documents)
    assert last == "open"
    assert set(before) <= {None}


@pytest.mark.parametrize(
    "documents",
    [
        # without dates
        ("3 2 1", "4 3 2", "6 5 4", "8 7 6"),
        ("1 2 3", "2 3 4", "4 5 6", "6 7 8", "8 9 10"),  # the oldest first
        ("p 3 2 1", "p 5 4 3", "p 7 6 5", "p 7 6 5"),
        ("1", "2 1", "3 2"),
        ("1", "1 2", "2 3"),
        ("p", "p 3 2 1"),  # all of it is listed still
        ("3 2 1", "1 3 2", "2 1 3"),  # nothing is new
        ("4 3 2 1", "5 4! 3 2", "2! 6 5 4"),  # edited, and back at the top
        # with dates
        ("9@9 8@8 7@7", "10@10 9@9 8@8", "12@12 11@11 10@10"),
        ("7@7 8@8 9@9", "8@8 9@9 10@10", "10@10 11@11 12@12"),
        ("8@8 9@9 7@7 6@6", "10@10 7@7 9@9 11@11"),  # in no order
        ("9@9 8@8 7@7 6@6", "7@7 x@5 6@6"),  # what is new is older than what was listed
        ("9@9 8@8 7@7 6@6", "10@10 9@9 c@8 b@7 a@6"),  # and so is most of it here
        ("9@9 8@8", "10@10 9@9!", "11@11 10@10"),
        ("9@9 8@8", "9@30! 10@10"),
        ("9@9", "10@10 9@9"),
        ("9 8 7@7", "10 9 8"),
    ],
)
def test_a_document_that_reaches_back_is_no_gap_in_whatever_order(
    store: Store, publisher: Publisher, documents: tuple[str, ...]
) -> None:
    assert set(gaps(store, publisher, *documents)) == {None}


def test_ids_that_change_from_poll_to_poll_hide_no_gap_and_make_none(store: Store, publisher: Publisher) -> None:
    """The source's ids are distrusted, its entries known by their links."""

    def document(poll: int, names: str) -> list[Entry]:
        return [replace(entry(name), id=f"session-{poll}-{name}") for name in names.split()]

    polls = ["4 3 2 1", "4! 3! 2! 1!", "4 3 2 1", "4! 3! 2! 1!", "6 5 4 3", "1 14 13 12", "16 15 14 13"]
    made = [record(store, publisher, *document(n, names), now=NOW + n * HOUR) for n, names in enumerate(polls)]
    assert rows(store, "SELECT id_trust FROM sources") == [("url",)]
    assert [poll.gap for poll in made] == [None, None, None, None, None, "open", None]


def test_a_purged_report_is_known_still(store: Store, publisher: Publisher) -> None:
    record(store, publisher, entry("3"), entry("2"))
    (newest,) = rows(store, "SELECT id FROM articles WHERE title = 'Dossier 33'")
    purge(store, chosen(store, [str(newest[0])], None, None), Cause(actor="person:test", reason="a test"), NOW)
    assert record(store, publisher, entry("4"), entry("3"), now=NOW + HOUR).gap is None
    assert record(store, publisher, entry("14"), entry("13"), entry("3"), now=NOW + 2 * HOUR).gap == "open"


def test_a_database_that_does_not_remember_the_last_document_takes_any_known_entry(
    store: Store, publisher: Publisher
) -> None:
    gaps(store, publisher, "p 3 2 1")
    with file_of(store) as connection:
        connection.execute("UPDATE sources SET last_listed = NULL")
    assert record(store, publisher, *map(entry, ["p", "13", "12"]), now=NOW + HOUR).gap is None
    assert record(store, publisher, *map(entry, ["p", "23", "22"]), now=NOW + 2 * HOUR).gap == "open"


def test_a_document_of_many_entries_takes_no_longer_than_its_length() -> None:
    """Twenty thousand new ones, and 250 known that are all pinned."""
    before = [Before(name, NOW, is_dated=False) for name in range(500)]
    document = [*(Now(name) for name in range(250)), *(Now(None) for _ in range(20_000))]
    began = time.process_time()
    assert not reaches_back(document, before)
    assert time.process_time() - began < 1


WORDPRESS = b"<channel><generator>https://wordpress.org/?v=6.7</generator>"


def page(*numbers: object) -> bytes:
    return feed(*numbers).replace(b"<channel>", WORDPRESS)


def test_older_pages_are_read_behind_a_pinned_item(tmp_path: Path, publisher: Publisher) -> None:
    with Press(now=NOW) as press:
        trip = Trip(press, tmp_path / "wire.db", [publisher])
        press.set_document(HOST, "/feed", page("pin", 3, 2, 1))
        trip()
        press.set_document(HOST, "/feed", page("pin", 12, 11, 10))
        press.set_document(HOST, "/feed?paged=2", page("pin", 9, 8, 7))
        press.set_document(HOST, "/feed?paged=3", page("pin", 6, 5, 4))
        press.set_document(HOST, "/feed?paged=4", page("pin", 3, 2, 1))
        trip.now += HOUR
        (made,) = trip()
        assert (made.gap, made.pages, made.new) == ("closed", 3, 9)
        press.set_document(HOST, "/feed", page("pin", 13, 12, 11))
        trip.now += HOUR
        (made,) = trip()
        assert (made.gap, made.pages, made.new) == (None, 0, 1)

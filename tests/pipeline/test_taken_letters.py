"""E-mails to publishers about what was taken of their reports: at a real SMTP server."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeVar

import pytest
from msgspec.structs import replace

from aggregator.desk import acts
from aggregator.desk.terms import sync
from aggregator.model import Cause, Config, Contact, MailSettings, Publisher, Selection
from aggregator.model.errors import StoreError
from aggregator.model.taken import Taken
from aggregator.pipeline.taken_letters import TakenLetters, told_at
from aggregator.store import Store
from tests.alerts.mailbox import Mailbox, mailbox
from tests.conftest import NOW, WIRE, make_entry, make_publisher, record
from tests.rows import every_row

T = TypeVar("T")
DAY = timedelta(days=1)


def config(to: Mailbox, *publishers: Publisher) -> Config:
    mail = MailSettings(
        host="127.0.0.1", port=to.port, security="none", sender="wire@wire.example", timeout=timedelta(seconds=5)
    )
    return Config(wire=replace(WIRE, mail=mail), publishers=publishers)


def sent(store: Store, found: Config, now: datetime) -> None:
    """One look of a daemon, to its end."""

    async def on_store(call: Callable[[Store], T], /) -> T:
        return call(store)

    async def look() -> None:
        letters = TakenLetters(found, on_store, lambda: now)
        letters.look()
        await letters.sending.done()

    asyncio.run(look())


def take(store: Store, report: str, now: datetime, medium: str = "Redio Ŋombe") -> None:
    key = f"{len(store.taken(None, NOW - 90 * DAY)):020x}"
    taken = Taken(
        key=key, report=report, revision=1, format="html", medium=medium, contact="desk@ngombe.example",
        published_in="saa moja",
    )  # fmt: skip
    assert store.take(taken, now)


@pytest.fixture
def asking() -> Publisher:
    return make_publisher("asking", contact=Contact(corrections="mhariri@asking.example", tell_taken=True))


def reports(store: Store, *publishers: Publisher) -> list[str]:
    """The id of one report of each."""
    sync(store, WIRE, publishers, NOW, NOW.date())
    for each in publishers:
        record(store, each, make_entry(1, id=f"tag:{each.key}.example,2026:1"))
    found = {each.publisher: each.id for each in store.latest(Selection())}
    return [found[each.key] for each in publishers]


def test_a_publisher_that_asks_is_told_once_a_day_at_most(store: Store, asking: Publisher) -> None:
    silent = make_publisher("silent")
    mine, other = reports(store, asking, silent)
    with mailbox() as box:
        found = config(box, asking, silent)
        sent(store, found, NOW)
        assert not box.taken
        take(store, mine, NOW)
        take(store, mine, NOW + timedelta(minutes=1), "La Voix\u202e du Delta")
        take(store, other, NOW)
        sent(store, found, NOW + timedelta(minutes=2))
        sent(store, found, NOW + timedelta(minutes=3))
        assert len(box.taken) == 1
        made = box.taken[0]
        assert made["To"] == "mhariri@asking.example"
        assert made["Auto-Submitted"] == "auto-generated"
        assert "2 of your reports" in made["Subject"]
        words = made.get_content()
        for said in (
            "Redio Ŋombe",
            "La Voix",
            "desk@ngombe.example",
            "saa moja",
            f"/report/{mine}",
            "Le pont numéro 1",
        ):
            assert said in words
        assert "\u202e" not in words
        assert other not in words
        take(store, mine, NOW + timedelta(minutes=4), "Kesho")
        sent(store, found, NOW + timedelta(hours=23))
        assert len(box.taken) == 1
        sent(store, found, NOW + DAY + timedelta(minutes=2))
        assert len(box.taken) == 2
        assert "Kesho" in box.taken[1].get_content()
        assert "La Voix" not in box.taken[1].get_content()
        sent(store, found, NOW + 2 * DAY + timedelta(hours=1))
        assert len(box.taken) == 2
    assert [bool(each.told_at) for each in store.taken("asking", NOW - DAY)] == [True] * 3
    assert [bool(each.told_at) for each in store.taken("silent", NOW - DAY)] == [False]


def test_what_could_not_be_sent_is_sent_later(store: Store, asking: Publisher) -> None:
    (mine,) = reports(store, asking)
    take(store, mine, NOW)
    with mailbox() as box:
        found = config(box, asking)
        box.fault = "greylist"
        sent(store, found, NOW)
        sent(store, found, NOW + timedelta(minutes=5))
        assert box.faults == ["greylist"]
        box.fault = ""
        sent(store, found, NOW + timedelta(minutes=16))
        assert len(box.taken) == 1
        sent(store, found, NOW + timedelta(hours=3))
        assert len(box.taken) == 1
    sent(store, replace(found, wire=replace(found.wire, mail=None)), NOW + 2 * DAY)  # nothing is tried without [mail]


def test_what_was_sent_is_recorded_before_anything_is_sent_again(store: Store, asking: Publisher) -> None:
    (mine,) = reports(store, asking)
    take(store, mine, NOW)
    now, locked = [NOW], [False]

    async def on_store(call: Callable[[Store], T], /) -> T:
        if locked[0] and box.taken:
            raise StoreError("the database is locked")
        return call(store)

    async def look(letters: TakenLetters) -> None:
        letters.look()
        await letters.sending.done()

    with mailbox() as box:
        letters = TakenLetters(config(box, asking), on_store, lambda: now[0])
        locked[0] = True
        asyncio.run(look(letters))
        locked[0], now[0] = False, NOW + timedelta(hours=3)
        asyncio.run(look(letters))
        assert len(box.taken) == 1
    assert [each.told_at for each in store.taken("asking", NOW - DAY)] == [NOW]


def test_of_a_report_that_left_the_words_are_not_sent(store: Store, asking: Publisher) -> None:
    (mine,) = reports(store, asking)
    take(store, mine, NOW)
    acts.withdraw(store, mine, Cause(actor="person:ama", reason="a mistake"), NOW)
    with mailbox() as box:
        sent(store, config(box, asking), NOW)
        words = box.taken[0].get_content()
    assert mine in words
    assert "Le pont" not in words


@every_row(
    ("contact", "expected"),
    [
        (Contact(corrections="a@x.example", tell_taken=True), "a@x.example"),
        (Contact(corrections="a@x.example", permissions="b@x.example", tell_taken=True), "b@x.example"),
        (Contact(corrections="a@x.example", permissions="https://x.example/ask", tell_taken=True), "a@x.example"),
        (Contact(permissions="https://x.example/ask", tell_taken=True), None),
        (Contact(corrections="a@x.example"), None),
    ],
)
def test_where_a_publisher_is_told(contact: Contact, expected: str | None) -> None:
    assert told_at(make_publisher(contact=contact)) == expected

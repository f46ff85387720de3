"""A subscriber that follows a saved search is sent each line of what the search finds, and every later line of that,
whatever becomes of the words, the publisher, the search and the versions.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from aggregator.desk import acts
from aggregator.desk.purging import chosen, purge
from aggregator.model import Cause, Faulty, Selection, Tell
from aggregator.pipeline.deliveries import Deliveries
from tests.alerts.wires import AlertWire, entry, search, wire
from tests.conftest import NOW
from tests.delivery.receiver import Receiver, receiver
from tests.pipeline.test_deliveries import ENVIRONMENT, LOOPBACK, subscriber

CAUSE = Cause(actor="person:ama", reason="a mistake")
FRENCH, SWAHILI, ARABIC = "Le pont de Mopti rouvre", "Daraja la Dodoma lafunguliwa", "الجسر يفتح"


@pytest.fixture
def partner() -> Iterator[Receiver]:
    with receiver() as opened:
        yield opened


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[AlertWire]:
    made = wire(tmp_path, 0, search("ponts", "pont OR daraja OR الجسر"))
    with made.store:
        yield made


def sent(desk: AlertWire, partner: Receiver, **fields: Any) -> list[tuple[str, str]]:
    """What is sent now: kinds, and of which report or publisher."""
    selection = fields.pop("selection", Selection(search="ponts"))
    one = subscriber(partner.url, selection=selection, **fields)
    config = replace(desk.config, wire=LOOPBACK, subscribers=(one,))
    before = len(partner.received)

    async def once() -> None:
        own = Deliveries(config, desk.on_store, lambda: desk.now, environment=ENVIRONMENT, chance=random.Random(7))
        await own.once(30)

    asyncio.run(once())
    data = [each.said["data"] for each in partner.received[before:]]
    titles = {number: title for title, number in desk.ids().items()}
    return [(each["kind"], titles.get(each["id"]) or each.get("publisher") or each["id"]) for each in data]


def test_what_is_found_is_sent_and_every_later_line_of_it_though_its_words_are_others(
    desk: AlertWire, partner: Receiver
) -> None:
    assert sent(desk, partner) == []
    desk.poll(entry(1, FRENCH), entry(2, "La pluie tombe"))
    desk.poll(entry(3, SWAHILI), of="habari")
    desk.poll(entry(4, ARABIC), of="sahifa")
    assert sent(desk, partner) == [("new", FRENCH), ("new", SWAHILI), ("new", ARABIC)]
    desk.poll(entry(1, "La route rouvre"))  # the word is gone
    desk.poll(entry(2, "Un pont tombe"))  # and here it comes
    desk.act("withhold", "La route rouvre")
    desk.act("withdraw", "Un pont tombe")
    desk.act("restore", "La route rouvre")
    purge(desk.store, chosen(desk.store, [desk.ids()[ARABIC]]), CAUSE, desk.now)
    kinds = [kind for kind, _ in sent(desk, partner)]
    assert kinds == ["revised", "revised", "withheld", "withdrawn", "restored", "deleted"]
    # In order, each once, all but the first version of the second report.
    assert partner.numbers == [line["seq"] for line in desk.store.changes() if line["seq"] != 2]
    assert sent(desk, partner) == []


@pytest.mark.parametrize("reads", [True, False])
def test_a_version_that_was_overtaken_before_anybody_looked_counts(
    desk: AlertWire, partner: Receiver, *, reads: bool
) -> None:
    """Where it was matched as it was read; else its words are gone, and it was never found."""
    sent(desk, partner)
    desk.reads = reads
    desk.poll(entry(1, FRENCH), index=False)
    desk.poll(entry(1, "La route rouvre"), entry(2, "Un autre pont"), index=False)
    kinds = [kind for kind, _ in sent(desk, partner)]
    assert kinds == (["new", "new", "revised"] if reads else ["new"])


@pytest.mark.parametrize(
    "change",
    [
        {"words": "navire"},
        {"selection": Selection(countries=("TZ",))},
        {"tells": (Tell(email="other@example.org"),)},
    ],
    ids=str,
)
def test_a_search_that_is_changed_hides_no_withdrawal(
    desk: AlertWire, partner: Receiver, change: dict[str, Any]
) -> None:
    sent(desk, partner)
    desk.poll(entry(1, FRENCH))
    assert sent(desk, partner) == [("new", FRENCH)]
    desk.poll(entry(2, "Le pont de Kayes"))  # owed by the search as it was
    desk.search(replace(desk.config.searches[0], **change))
    desk.act("withdraw", FRENCH)
    acts.withhold(desk.store, desk.ids()["Le pont de Kayes"], CAUSE, desk.now)
    assert [kind for kind, _ in sent(desk, partner)] == ["new", "withdrawn", "withheld"]


def test_a_search_that_was_away_and_a_publisher_that_is_another_hide_no_withdrawal(
    desk: AlertWire, partner: Receiver
) -> None:
    desk.search(replace(desk.config.searches[0], selection=Selection(publishers=("daily-example", "not-here"))))
    sent(desk, partner)
    desk.poll(entry(1, FRENCH))
    desk.poll(entry(2, "Daraja"), of="habari")
    assert sent(desk, partner) == [("new", FRENCH)]
    mine = desk.config.searches
    desk.search()
    desk.act("withdraw", FRENCH)
    desk.search(*mine)
    desk.store.rename_publishers({"daily-example": "the-daily"}, desk.now)
    assert sent(desk, partner) == [("withdrawn", FRENCH), ("terms_changed", "the-daily")]


def test_a_search_whose_file_is_faulty_goes_on_as_it_was(desk: AlertWire, partner: Receiver) -> None:
    sent(desk, partner)
    desk.poll(entry(1, FRENCH))
    assert sent(desk, partner) == [("new", FRENCH)]
    sound = desk.config
    fault = Faulty(key="ponts", file="searches/ponts.toml", faults=("words: found nothing",))
    desk.follow(replace(sound, searches=(), faulty_searches=(fault,)))
    desk.act("withdraw", FRENCH)
    desk.poll(entry(2, SWAHILI), of="habari")
    assert sent(desk, partner) == [("withdrawn", FRENCH), ("new", SWAHILI)]
    desk.follow(sound)
    assert sent(desk, partner) == []


def test_from_the_beginning_the_archive_is_sent_and_the_file_chooses_among_it(
    desk: AlertWire, partner: Receiver
) -> None:
    old = entry(1, FRENCH, published="2019-01-01T00:00:00Z")
    desk.search()
    desk.poll(old, entry(2, "La pluie tombe"))
    desk.poll(entry(3, SWAHILI), of="habari")
    desk.search(search("ponts", "pont OR daraja"))
    assert sent(desk, partner, from_beginning=True) == [("new", FRENCH), ("new", SWAHILI)]
    only = Selection(search="ponts", countries=("TZ",))
    assert sent(desk, partner, name="other", from_beginning=True, selection=only) == [("new", SWAHILI)]


def test_the_search_looks_further_than_one_step_and_waits_for_words(desk: AlertWire, partner: Receiver) -> None:
    sent(desk, partner)
    desk.reads = False
    desk.poll(entry(1, FRENCH), index=False)
    assert not desk.store.collect_found()  # its words are compared first
    assert desk.store.last_cursor("ponts") is None
    assert sent(desk, partner) == [("new", FRENCH)]
    assert desk.store.last_cursor("ponts") == desk.store.last_cursor()
    assert desk.now == NOW

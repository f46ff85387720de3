"""A program that writes lines into the ledger of a store, for tests that run several of them beside each other."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

from aggregator.desk import acts
from aggregator.model import Cause, Selection
from aggregator.model.place import Place, PostgresPlace
from aggregator.store import Store
from tests.conftest import NOW, make_entry, make_publisher, record

PLACES: Mapping[str, Callable[[str], Place]] = {
    "sqlite": Path,
    "postgres": lambda url: PostgresPlace(name="a test's database", url=url, beside=Path("wire.db")),
}
PUBLISHERS = tuple(make_publisher(f"paper-{number}") for number in range(3))
_BECAUSE = Cause(actor="person:ama", reason="a mistake")
POLLS, REPORTS = 3, 8  # each poll brings so many reports, of which one is withheld and put back


class _Refused(Exception):
    pass


def address_of(place: Place) -> str:
    """As `main` is given it."""
    return place.url if isinstance(place, PostgresPlace) else str(place)


def main(kind: str, place: str, number: str) -> None:
    publisher = PUBLISHERS[int(number)]
    with Store.open(PLACES[kind](place)) as store:
        for poll in range(POLLS):
            entries = [make_entry(poll * REPORTS + one) for one in range(REPORTS)]
            record(store, publisher, *entries, now=NOW + poll * timedelta(hours=1))
            (newest,) = store.latest(Selection(publishers=(publisher.key,), limit=1))
            with suppress(_Refused):
                undo(store, newest.id)
            acts.withhold(store, newest.id, _BECAUSE, NOW)
            acts.restore(store, newest.id, _BECAUSE, NOW)
            print(poll, flush=True)


def undo(store: Store, report: str) -> None:
    """Lines that are written, and are gone with their transaction."""
    with store.alone():
        acts.withhold(store, report, _BECAUSE, NOW)
        raise _Refused


def lines_of(programs: int) -> int:
    """How many lines so many of these programs write."""
    return programs * POLLS * (REPORTS + 2)


if __name__ == "__main__":
    main(*sys.argv[1:])

"""What publishers say to machines, as a person or a lawyer asks for it: of each publisher, and counted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import get_args

from msgspec import Struct

from aggregator.model import Publisher
from aggregator.model.publisher import Use, Uses
from aggregator.model.signals import Signal, SignalForm, SignalPlace, StoredSignal
from aggregator.rights import binding, effective, signals_of, uses
from aggregator.store import Store
from aggregator.text.dates import to_iso

ByPublisher = Mapping[str, Sequence[StoredSignal]]


class Evidence(Struct, frozen=True, kw_only=True):
    """One signal that is about a report, with where and since when it is known; None: it stands in the report's own
    entry.
    """

    signal: Signal
    first_seen: str | None
    last_seen: str | None


class Counted(Struct, frozen=True, kw_only=True):
    """How many publishers a form of signal says what of, in a place."""

    form: SignalForm
    place: SignalPlace
    publishers: int
    states: Mapping[Use, Mapping[str, int]]  # publishers, by use and state; of one that says two things, the strictest


def by_publisher(store: Store) -> ByPublisher:
    """What sites and feeds say now, by the keys of their publishers. Raises StoreError."""
    found: dict[str, list[StoredSignal]] = {}
    for each in store.signals():
        found.setdefault(each.publisher, []).append(each)
    return found


def of_publisher(said: ByPublisher, key: str, homepage: str) -> tuple[Signal, ...]:
    """Those that hold for all of a publisher's reports."""
    signals = [each.signal for each in said.get(key, ())]
    feeds = [each.about for each in signals if each.place == "header"]
    return binding(signals, dict.fromkeys(feeds), homepage)


def strictest(store: Store, publishers: Iterable[Publisher], today: date) -> Iterator[Uses]:
    """What each publisher of whom anything may leave lets machines do, its site's word with it. Raises StoreError."""
    said = by_publisher(store)
    for each in publishers:
        rights = effective(each.rights, today)
        if rights.redistribute and rights.text_scope != "none":
            yield uses(rights, of_publisher(said, each.key, each.homepage))


def counted(stored: Iterable[StoredSignal]) -> list[Counted]:
    """By form and place, the most met first."""
    strictest: dict[tuple[SignalForm, SignalPlace], dict[str, dict[Use, str]]] = {}
    for each in stored:
        of = strictest.setdefault((each.signal.form, each.signal.place), {}).setdefault(each.publisher, {})
        for use in get_args(Use):
            of[use] = _stricter(of.get(use, "unstated"), getattr(each.signal.uses, use))
    rows = [
        Counted(
            form=form,
            place=place,
            publishers=len(of),
            states={
                use: {state: sum(each[use] == state for each in of.values()) for state in ("refused", "allowed")}
                for use in get_args(Use)
            },
        )
        for (form, place), of in strictest.items()
    ]
    return sorted(rows, key=lambda row: (-row.publishers, row.form, row.place))


def _stricter(one: str, other: str) -> str:
    return max(one, other, key=("unstated", "allowed", "refused").index)


def evidence(store: Store, report: str) -> list[Evidence]:
    """What is about a report of all that its publisher says to machines. Raises StoreError."""
    held = next(iter(store.to_release([report])), None)
    if held is None:
        return []
    times = {each.signal: each for each in (*store.signals([held.publisher]), *store.signals_of_report(report))}
    found = []
    for signal in dict.fromkeys(signals_of(held)):
        stored = times.get(signal)
        found.append(
            Evidence(
                signal=signal,
                first_seen=to_iso(stored.first_seen) if stored else None,
                last_seen=to_iso(stored.ended_at or stored.last_seen) if stored else None,
            )
        )
    return found

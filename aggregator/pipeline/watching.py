"""Whether the wire brings what is to be expected of it: silence of the whole, and the coverage of each publisher."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from aggregator.model import PolledDay, PolledSource, Tariff
from aggregator.scheduling import polls
from aggregator.scheduling.coverage import lost, silences, to_expect
from aggregator.scheduling.polls import Silence
from aggregator.store import Store
from aggregator.text.dates import from_iso, to_iso

_DAY = timedelta(days=1)
_STOPPED = timedelta(days=2)  # without any poll, although its longest interval is mostly a day
_COUNTS = ("polls", "well", "failed", "offline", "held", "gaps", "gaps_closed", "received")


def silence(store: Store, now: datetime) -> Silence | None:
    """Since when nothing new was stored, if that is longer than the rhythm of the wire as a whole allows."""
    return polls.silence([rhythm for rhythm, _ in store.rhythms()], _tariff(store), store.last_new(), now)


def coverage(
    store: Store, since: datetime, until: datetime, names: Collection[str] | None = None
) -> list[dict[str, Any]]:
    """What each publisher's polls brought, lost and left out in a time, and how sure one can be of having seen all. A
    row a publisher, in the order of keys:

    - `publisher`, `publisher_name`; `polls`, and of them `well` (a document was read or was the same), `failed`,
      `offline` (nobody answered: the wire's own fault), `held` (a person must look);
    - `gaps`, `gaps_closed` (by reading older pages); `received`: new reports; `expected` (null: not known yet);
      `left_out`: entries by reason, a rule of the source by its name;
    - `complete_since`, `complete_until`: between these nothing is known to be missing, but for what `left_out` says
      (null: nothing is known); times are ISO 8601, UTC;
    - `missing`: a gap each: `source_name`, `after`, `before`, `least`, `most` (reports; null: not known yet);
    - `silent`: pauses that are not normal: `source_name`, `since`, `until` (null: it is silent now);
    - `unknown`: sources of which nothing is known to the end: `source_name`, `since` (null: from the beginning), `why`:
      paused, failing, offline, held, not_fetched, switched_off;
    - `pages_read`: reports whose own page was read, of sources that ask for it; `pages_not_read`: those of which it was
      not, or not its text, by reason;
    - `days`: the counts by day of UTC, with `day`, `expected` and `left_out`, and `silent` where a silence touches it.

    `names`: of these sources alone.
    """
    tariff, pages = _tariff(store), store.pages_tried(since, until)
    by_publisher: dict[str, list[PolledSource]] = defaultdict(list)
    for source in store.polled(since, until):
        if names is None or source.name in names:
            by_publisher[source.publisher].append(source)
    return [
        {**_of_publisher(store, sources, tariff, since, until), **_of_pages(*pages.get(key, (0, {})))}
        for key, sources in sorted(by_publisher.items())
    ]


def coverage_of(store: Store, publisher: str, since: datetime, until: datetime) -> dict[str, Any] | None:
    """The row of one publisher, but for what is said of pages; None: it has no source that is polled."""
    sources = store.polled(since, until, publisher)
    return _of_publisher(store, sources, _tariff(store), since, until) if sources else None


def _of_pages(read: int, not_read: Mapping[str, int]) -> dict[str, Any]:
    return {"pages_read": read, "pages_not_read": dict(not_read)}


def _of_publisher(
    store: Store, sources: Sequence[PolledSource], tariff: Tariff, since: datetime, until: datetime
) -> dict[str, Any]:
    silent = [each for source in sources for each in _silences(store, source, tariff, since, until)]
    unknown = [each for source in sources for each in _unknown(source, until)]
    polled = [source for source in sources if source.last_well is not None and source.first_poll is not None]
    begins = [max(filter(None, (source.last_gap, source.first_poll))) for source in polled]
    ends = [source.last_well for source in polled if source.last_well]
    return {
        "publisher": sources[0].publisher,
        "publisher_name": sources[0].publisher_name,
        **_summed([day for source in sources for day in source.days]),
        "expected": _expected(sources, tariff, since, until),
        "complete_since": to_iso(max(begins)) if begins else None,
        "complete_until": to_iso(min(ends)) if ends else None,
        "missing": [each for source in sources for each in _missing(source, tariff)],
        "silent": silent,
        "unknown": unknown,
        "days": list(_days(sources, tariff, since, until, silent)),
    }


def _summed(days: Sequence[PolledDay]) -> dict[str, Any]:
    left_out: Counter[str] = Counter()
    for day in days:
        left_out.update(day.left_out)
    return {**{name: sum(getattr(day, name) for day in days) for name in _COUNTS}, "left_out": dict(left_out)}


def _expected(sources: Sequence[PolledSource], tariff: Tariff, since: datetime, until: datetime) -> float | None:
    """Of all sources together; None where it is not known of one that was polled."""
    found = [to_expect(source, tariff, since, until) for source in sources if source.days]
    known = [each for each in found if each is not None]
    return round(sum(known), 1) if known and len(known) == len(found) else None


def _missing(source: PolledSource, tariff: Tariff) -> Iterator[dict[str, Any]]:
    for gap in source.gaps:
        least, most = lost(gap, source, tariff) or (None, None)
        after = to_iso(gap.after) if gap.after else None
        said: dict[str, Any] = {"source_name": source.name, "after": after, "before": to_iso(gap.found_at)}
        yield {**said, "least": least, "most": most}


def _silences(
    store: Store, source: PolledSource, tariff: Tariff, since: datetime, until: datetime
) -> Iterator[dict[str, Any]]:
    """A pause counts as far as polls of its time went well: what nobody asked for is no silence."""
    for first, second in silences(source, tariff, since):
        seen = store.last_well(source.name, first, second)
        if seen is not None and seen - first > (second - first) / 2:
            yield {"source_name": source.name, "since": to_iso(first), "until": to_iso(second)}
    last, well = source.arrivals[-1] if source.arrivals else source.rhythm.last_new, source.last_well
    is_now = source.rhythm.last_new is not None and source.rhythm.last_new < until and not source.is_paused
    if is_now and last and well and source.silent_after and source.silent_after < min(well, until):
        yield {"source_name": source.name, "since": to_iso(last), "until": None}


def _unknown(source: PolledSource, until: datetime) -> Iterator[dict[str, Any]]:
    """Whether something may have come after the last poll that went well."""
    why = None
    if source.last_outcome == "offline":
        why = "offline"
    elif source.last_outcome == "pending":
        why = "held"
    elif source.last_outcome not in (None, "ok", "unchanged", "not_modified"):
        why = "failing"
    elif source.last_well is None or until - source.last_well > _STOPPED:
        why = "not_fetched"
    if source.is_paused:
        why = "paused"
    if not source.is_enabled:
        why = "switched_off"
    if why:
        yield {
            "source_name": source.name, "since": to_iso(source.last_well) if source.last_well else None, "why": why
        }  # fmt: skip


def _days(
    sources: Sequence[PolledSource],
    tariff: Tariff,
    since: datetime,
    until: datetime,
    silent: Sequence[dict[str, Any]],
) -> Iterator[dict[str, Any]]:
    """Every day from the first on which one of them was polled; also those on which none was."""
    by_day: dict[str, list[PolledDay]] = defaultdict(list)
    for source in sources:
        for day in source.days:
            by_day[day.day].append(day)
    if not by_day:
        return
    begin = from_iso(f"{min(by_day)}T00:00:00Z")
    while begin <= until:
        name, end = to_iso(begin)[:10], begin + _DAY
        expected = _expected(sources, tariff, max(begin, since), min(end, until))
        is_silent = any(
            from_iso(each["since"]) < end and (each["until"] is None or from_iso(each["until"]) > begin)
            for each in silent
        )
        yield {"day": name, **_summed(by_day[name]), "expected": expected, "silent": is_silent}
        begin = end


def _tariff(store: Store) -> Tariff:
    """The one reckoned last; before there is any, one of which only the hours mean something."""
    kept = store.kept_tariff()
    return kept.tariff if kept else Tariff(price=1.0)

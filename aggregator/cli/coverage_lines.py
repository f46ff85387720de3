"""What is known of how complete a publisher's reports are, in words; see `pipeline.watching.coverage` for its keys."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from aggregator.cli.times import when
from aggregator.text.dates import from_iso

_MOST_GAPS = 3  # that a sentence names
_WHY = {
    "failing": "its fetches fail",
    "held": "what it sent waits for a person (`aggregator health`)",
    "not_fetched": "not fetched since",
    "offline": "the wire was offline",
    "paused": "paused",
    "switched_off": "switched off",
}
# Entries of which nothing was stored although no rule and no person wanted that.
_LOST = {
    "over_cap": "more entries than are read of one document",
    "unreadable_entry": "entries that cannot be read",
    "cut_off": "entries that were cut off",
}


def sentence(row: Mapping[str, Any]) -> str:
    """How sure one can be of having seen all: `complete since 20 Nov`, `3 to 5 reports of 27 Nov may be missing`."""
    return "; ".join(_parts(row))


def _parts(row: Mapping[str, Any]) -> Iterator[str]:
    gaps, year = row["missing"], (row["complete_until"] or "")[:4]
    for gap in gaps[-_MOST_GAPS:][::-1]:
        yield _missing(gap, year)
    if len(gaps) > _MOST_GAPS:
        yield f"and {len(gaps) - _MOST_GAPS:,} more gaps"
    by_why: dict[str, list[Mapping[str, Any]]] = {}
    for each in row["unknown"]:
        by_why.setdefault(each["why"], []).append(each)
    if row["complete_since"] is None:
        if not by_why:
            yield "not known yet: no fetch went well"
    elif row["unknown"]:
        yield f"complete from {_day(row['complete_since'], year)} to {when(row['complete_until'])}"
    else:
        yield f"complete since {_day(row['complete_since'], year)}"
    for each in row["silent"]:
        until = f" to {when(each['until'])}" if each["until"] else ""
        since = "from" if until else "since"
        yield f"silent {since} {when(each['since'])}{until}, which is not normal for it"
    for why, those in by_why.items():
        first = min((each["since"] for each in those if each["since"]), default=None)
        of = f" ({', '.join(each['source_name'] for each in those)})"
        after = f" after {when(first)}" if first else ""
        yield f"not known{after}: {_WHY[why]}{of}"
    for reason, said in _LOST.items():
        if row["left_out"].get(reason):
            yield f"left out: {said}"


def _missing(gap: Mapping[str, Any], year: str) -> str:
    end: str = gap["before"]
    begin = str(gap["after"] or end)
    days = _day(end, year) if begin[:10] == end[:10] else f"{_day(begin, year)} to {_day(end, year)}"
    least, most = gap["least"], gap["most"]
    if most is None:
        return f"reports of {days} may be missing (how many is not known yet)"
    if least == 0:
        number = f"up to {_reports(most)}"
    else:
        number = f"about {_reports(most)}" if least == most else f"{least:,} to {_reports(most)}"
    return f"{number} of {days} may be missing"


def _reports(number: int) -> str:
    return f"{number:,} {'report' if number == 1 else 'reports'}"


def _day(stored: str, year: str) -> str:
    """`20 Nov`; of another year than this with its own."""
    day = from_iso(stored)
    return f"{day.day} {day:%b}" if stored.startswith(year) else f"{day.day} {day:%b %Y}"


def counts_line(row: Mapping[str, Any]) -> str:
    """What was fetched, received and left out."""
    failures = [f"{row[name]:,} {name}" for name in ("failed", "offline", "held") if row[name]]
    fetches = f"{row['well']:,} of {row['polls']:,} fetches went well"
    if failures:
        fetches = f"{fetches} ({', '.join(failures)})"
    expected = "not known yet" if row["expected"] is None else f"{row['expected']:,.0f}"
    parts = [fetches, f"{_reports(row['received'])} received, expected: {expected}"]
    if row["gaps"]:
        closed = f", {row['gaps_closed']:,} closed" if row["gaps_closed"] else ""
        parts.append(f"{row['gaps']:,} {'gap' if row['gaps'] == 1 else 'gaps'}{closed}")
    if row["left_out"]:
        parts.append(f"left out: {', '.join(f'{n:,} {why}' for why, n in sorted(row['left_out'].items()))}")
    parts += _of_pages(row)
    return "; ".join(parts)


def _of_pages(row: Mapping[str, Any]) -> Iterator[str]:
    """How many pages of reports were read, where any were tried; a day has no such counts."""
    read, not_read = row.get("pages_read", 0), row.get("pages_not_read", {})
    if read or not_read:
        why = f", not: {', '.join(f'{number:,} {reason}' for reason, number in not_read.items())}" if not_read else ""
        yield f"pages read: {read:,}{why}"


def day_line(day: Mapping[str, Any]) -> str:
    return counts_line(day) + ("; silent, which is not normal" if day["silent"] else "")

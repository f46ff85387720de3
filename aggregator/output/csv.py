"""CSV (RFC 4180, but with lines that end with U+000A alone), a report a row, by the names of `record`. A cell that a
spreadsheet would run has an apostrophe.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from aggregator.model.release import Feed
from aggregator.output.record import NAMES, record
from aggregator.text.printable import cell

MEDIA_TYPE = "text/csv; charset=utf-8"


def render(feed: Feed) -> Iterator[str]:
    yield from table(NAMES, (record(release).values() for release in feed.releases))


def table(names: Sequence[str], rows: Iterable[Iterable[Any]]) -> Iterator[str]:
    """Rows of values below their names."""
    yield _row(names)
    for values in rows:
        yield _row([cell(_said(value)) for value in values])


def whole(names: Sequence[str], rows: Iterable[Iterable[Any]]) -> bytes:
    """The same as one file."""
    return "".join(table(names, rows)).encode()


def _said(value: Any) -> Any:
    if isinstance(value, list):
        return "; ".join(value)
    return "yes" if value is True else "no" if value is False else value


def _row(values: Iterable[Any]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(values)
    return line.getvalue()

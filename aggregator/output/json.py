"""Reports as JSON for machines: an array, one object a line, the names of the view `wire`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from aggregator.model.fields import FIELDS
from aggregator.model.release import Release
from aggregator.output.record import record
from aggregator.text.printable import as_json, shown

COLUMNS = tuple(field.key for field in FIELDS)  # those of the view `wire` that a report has


def fields(release: Release, columns: Sequence[str] = COLUMNS) -> dict[str, Any]:
    """A report by the names of the view `wire`, in the order of these."""
    said = {
        **record(release),
        "title": release.headline,
        "publisher_place": release.publisher_place,
        "text_scope": release.scope,
        "status": "usable",  # nothing else leaves
        "sort_time": release.sort_time,
        "channels": release.channels,
    }
    return {name: said[name] for name in columns}


def array(rows: Iterable[Mapping[str, Any]]) -> str:
    """Any rows as a JSON array, one object a line; what JSON does not know (a BLOB) is written as hexadecimal."""
    lines = (as_json(row, default=shown) for row in rows)
    return "[\n" + ",\n".join(lines) + "\n]\n"

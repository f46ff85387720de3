"""Reports as JSON for machines: an array, one object a line, the names of the view `wire`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from aggregator.model import FIELDS, Report
from aggregator.text.printable import address, as_json, shown

COLUMNS = tuple(field.key for field in FIELDS)  # those of the view `wire` that a report has


def reports(rows: Sequence[Report]) -> str:
    return array(map(fields, rows))


def fields(report: Report, columns: Sequence[str] = COLUMNS) -> dict[str, Any]:
    """A report by the names of the view `wire`, in the order of these."""
    said = {field.key: getattr(report, field.name) for field in FIELDS} | {"url": address(report.url)}
    return said if columns is COLUMNS else {name: said[name] for name in columns}


def array(rows: Iterable[Mapping[str, Any]]) -> str:
    """Any rows as a JSON array, one object a line; what JSON does not know (a BLOB) is written as hexadecimal."""
    lines = (as_json(row, default=shown) for row in rows)
    return "[\n" + ",\n".join(lines) + "\n]\n"

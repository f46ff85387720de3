"""Reports as JSON for machines: an array, one object a line, the names of the view `wire`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from aggregator.model import FIELDS, Report
from aggregator.text.printable import address, as_json, shown


def reports(rows: Sequence[Report]) -> str:
    return array(_object(row) for row in rows)


def _object(report: Report) -> dict[str, Any]:
    return {field.key: getattr(report, field.name) for field in FIELDS} | {"url": address(report.url)}


def array(rows: Iterable[Mapping[str, Any]]) -> str:
    """Any rows as a JSON array, one object a line; what JSON does not know (a BLOB) is written as hexadecimal."""
    lines = (as_json(row, default=shown) for row in rows)
    return "[\n" + ",\n".join(lines) + "\n]\n"

"""Tables of a snapshot as text, row by row: CSV (RFC 4180) and JSON Lines; and the descriptor of the folder.

The descriptor is a Data Package (https://specs.frictionlessdata.io/data-package/), with a Table Schema for each table.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from aggregator.model.snapshots import SnapshotForm, Table, Value
from aggregator.text.printable import as_json, cell

SUFFIXES: Mapping[SnapshotForm, str] = MappingProxyType({"csv": "csv", "jsonl": "jsonl", "sqlite": "sqlite"})
_MEDIA_TYPES: Mapping[SnapshotForm, str] = MappingProxyType(
    {"csv": "text/csv", "jsonl": "application/x-ndjson", "sqlite": "application/vnd.sqlite3"}
)
_ROWS_AT_ONCE = 200


def as_csv(names: Sequence[str], rows: Iterable[Sequence[Value]], *, verbatim: bool) -> Iterator[bytes]:
    """A header and rows. Before a text that a spreadsheet would run stands an apostrophe, unless `verbatim`."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(names)
    for number, row in enumerate(rows):
        writer.writerow([cell(value, verbatim=verbatim) for value in row])
        if number % _ROWS_AT_ONCE == 0:
            yield _taken(buffer)
    yield _taken(buffer)


def _taken(buffer: io.StringIO) -> bytes:
    said = buffer.getvalue().encode("utf-8")
    buffer.seek(0)
    buffer.truncate()
    return said


def as_jsonl(names: Sequence[str], rows: Iterable[Sequence[Value]]) -> Iterator[bytes]:
    """An object a line; every one has all keys."""
    for row in rows:
        yield f"{as_json(dict(zip(names, row, strict=True)))}\n".encode()


def resource(
    table: Table, form: SnapshotForm, path: str, *, is_public: bool, rows: int, beside: Mapping[str, Any]
) -> dict[str, Any]:
    """What the descriptor says of a table. `beside`: of its file, where it has one to itself: bytes and hash."""
    fields = [
        {
            "name": column.name,
            "type": column.type,
            **({"format": "any"} if column.type == "datetime" else {}),
            "description": column.description,
            **({"unit": column.unit} if column.unit else {}),
        }
        for column in table.columns_of(is_public=is_public)
    ]
    dialects: Mapping[SnapshotForm, dict[str, Any]] = {
        "csv": {"dialect": {"delimiter": ",", "lineTerminator": "\r\n", "quoteChar": '"', "doubleQuote": True}},
        "jsonl": {},
        "sqlite": {"dialect": {"table": table.name}},
    }
    return {
        "name": table.name.replace("_", "-"),
        **({"profile": "tabular-data-resource"} if form == "csv" else {}),
        "description": table.description,
        "path": path,
        "format": SUFFIXES[form],
        "mediatype": _MEDIA_TYPES[form],
        **({} if form == "sqlite" else {"encoding": "utf-8"}),
        **beside,
        "rows": rows,
        **dialects[form],
        "schema": {"fields": fields, "primaryKey": list(table.key), "missingValues": [""]},
    }


def descriptor(said: Mapping[str, Any]) -> bytes:
    """The file datapackage.json."""
    return (json.dumps(said, ensure_ascii=False, indent=2) + "\n").encode("utf-8")

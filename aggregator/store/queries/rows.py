"""Which rows a table of configured things has already, so that only what changed is written."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import TypeVar

from aggregator.store.connection import Connection

Row = TypeVar("Row", bound=tuple[object, ...])


def not_there(connection: Connection, table: str, columns: Sequence[str], rows: Iterable[Row]) -> list[Row]:
    """Those of `rows` that the table does not have. The first column is its key, or the first of its keys."""
    wanted = list(rows)
    found = connection.execute(
        f"SELECT {', '.join(columns)} FROM {table} WHERE {columns[0]} IN (SELECT value FROM json_each(?))",  # noqa: S608
        (json.dumps(sorted({str(row[0]) for row in wanted})),),
    )
    there = set(found)
    return [row for row in wanted if row not in there]

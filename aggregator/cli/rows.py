"""Rows: a JSON array for machines, a table for people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from aggregator.cli.printing import say_rendered, say_table
from aggregator.output import json_array


def say_json_rows(rows: Iterable[Mapping[str, Any]]) -> None:
    """An array, one object a line."""
    say_rendered(json_array(rows))


def say_rows(rows: Sequence[Mapping[str, Any]], columns: Sequence[str], as_json: bool) -> None:
    """`columns` are those of the table; JSON has all."""
    if as_json:
        say_json_rows(rows)
    else:
        say_table(columns, ([row[name] for name in columns] for row in rows))

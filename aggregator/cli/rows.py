"""Rows: a JSON array for machines, a table for people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from aggregator.cli.printing import say_rendered, say_table
from aggregator.cli.times import with_times
from aggregator.output import json_array


def say_json_rows(rows: Iterable[Mapping[str, Any]]) -> None:
    """An array, one object a line."""
    say_rendered(json_array(rows))


def say_rows(rows: Sequence[Mapping[str, Any]], columns: Sequence[str], as_json: bool) -> None:
    """`columns` are those of the table, with times for people; JSON has all, with times in UTC."""
    if as_json:
        say_json_rows(rows)
    else:
        say_table(columns, ([_for_people(row[name]) for name in columns] for row in rows))


def _for_people(value: Any) -> Any:
    """A time that is stored in UTC, or named in a sentence of ours, in the wire's time zone."""
    return with_times(value) if isinstance(value, str) else value

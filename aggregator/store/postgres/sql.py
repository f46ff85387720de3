"""The SQL of the store's queries as PostgreSQL reads it.

They are written in what both databases understand. This module changes what is only spelled otherwise: parameters,
`%`, `INDEXED BY`, which is a hint for SQLite's planner, and `CROSS JOIN`, by which SQLite keeps the order of tables and
which may have a condition there. Functions that only SQLite has are made in the database by `functions.sql`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

_PIECES = re.compile(
    r"""
    (?P<quoted> '(?:[^']|'')*' | "(?:[^"]|"")*" | --[^\n]* )
    | (?P<numbered> \?(?P<number>\d+) )
    | (?P<placed> \? )
    | (?P<named> (?<![:\w]):(?P<name>[A-Za-z_]\w*) )
    | (?P<percent> % )
    | (?P<type> \b AS \s+ (?P<of> INTEGER | REAL | BLOB ) (?= \) ) )
    | (?P<hint> \s+ (?: NOT \s+ INDEXED \b | INDEXED \s+ BY \s+ \w+ ) )
    | (?P<cross> \b CROSS \s+ JOIN \b )
    | (?P<keyword> \b json (?: _array | _object )? (?= \( ) )
    | (?P<opens> \( ) | (?P<closes> \) )
    | (?P<condition> \b (?: ON | USING ) \b )
    | (?P<ends> \b (?: JOIN | LEFT | WHERE | GROUP | HAVING | WINDOW | UNION | EXCEPT | INTERSECT | ORDER | LIMIT ) \b
        | ; )
    """,
    re.VERBOSE,
)

# A value that is compared with nothing but NULL has no type of its own.
_IS_NULL = re.compile(r"\s+IS\s+(?:NOT\s+)?NULL\b")
_TYPES = {"INTEGER": "bigint", "REAL": "double precision", "BLOB": "bytea"}


@lru_cache(4_096)
def translated(sql: str) -> str:
    """The same statement for psycopg, with `%s` or `%(name)s` in the place of parameters; `?1` is `%(p1)s`."""
    written: list[str] = []
    last = depth = 0
    unmet: dict[int, int] = {}  # by depth: a CROSS JOIN without a condition yet
    for found in _PIECES.finditer(sql):
        written.append(sql[last : found.start()])
        last = found.end()
        kind = found.lastgroup
        text = found[0]
        if kind == "quoted":
            written.append(text.replace("%", "%%"))
        elif found["numbered"] or kind == "placed" or found["named"]:
            name = f"p{found['number']}" if found["numbered"] else found["name"]
            value = f"%({name})s" if name else "%s"
            written.append(f"CAST({value} AS text)" if _IS_NULL.match(sql, last) else value)
        elif kind == "percent":
            written.append("%%")
        elif found["of"]:
            written.append(f"AS {_TYPES[found['of']]}")
        elif kind == "hint":
            pass
        elif kind == "keyword":  # a function of functions.sql, and as of PostgreSQL 16 or 17 a word of its SQL
            written.append(f'"{text}"')
        else:
            if kind in ("cross", "ends", "closes") and unmet.pop(depth, 0):
                written.append(" ON TRUE ")
            if kind == "condition":
                unmet.pop(depth, None)
            depth += (kind == "opens") - (kind == "closes")
            if kind == "cross":
                unmet[depth] = 1
                text = "JOIN"
            written.append(text)
    written.append(sql[last:])
    if unmet:
        written.append(" ON TRUE")
    return "".join(written)


def values_of(values: Sequence[Any] | Mapping[str, Any], sql: str) -> Any:
    """As psycopg takes them with `translated(sql)`: those of `?1`, `?2` by name."""
    if isinstance(values, Mapping):
        return {name: _storable(value) for name, value in values.items()}
    if "?1" in sql:
        return {f"p{place}": _storable(value) for place, value in enumerate(values, 1)}
    return tuple(map(_storable, values))


def _storable(value: Any) -> Any:
    """A text of PostgreSQL has no U+0000 (https://www.postgresql.org/docs/15/datatype-character.html); U+FFFD takes its
    place. The raw words of a report are bytes, and have it.
    """
    return value.replace("\0", "\ufffd") if isinstance(value, str) and "\0" in value else value

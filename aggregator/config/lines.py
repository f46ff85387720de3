"""On which line of a file a key stands, for messages that send a person there."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

_TABLE = re.compile(r"\s*(\[\[?)([^\[\]]+)\]")
_KEY = re.compile(r"""\s*((?:[\w-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[\w-]+|"[^"]*"|'[^']*'))*)\s*=(.*)""")
_QUOTES = ('"""', "'''")
_FAULT = re.compile(r"([^:]+): found ")


def located(what: str, text: str) -> str:
    """A fault, `source[2].url: found ...`, with the line before it on which the key stands in the text of its file.
    Where a key is missing, that of its table; as it was, where neither is found.
    """
    found = _FAULT.match(what)
    if found is None:
        return what
    lines, key = dict(_keys(text)), found[1]
    in_list = re.sub(r"\[\d+\]$", "", key)  # a value of a list stands where its list begins
    places = (lines.get(place) for place in (key, in_list, key.rpartition(".")[0]))
    line = next(filter(None, places), None)
    return f"line {line}: {what}" if line else what


def without_line(fault_line: str) -> str:
    """A fault as it is wherever its key stands, to compare two of them."""
    return re.sub(r": line \d+: ", ": ", fault_line, count=1)


def switched_off_at(text: str, number: int | None) -> int | None:
    """The line, from 1, on which the source of this number, from 1, or else the publisher itself, says
    `enabled = false`; None: on none that is found by looking, as in `source = [{...}]`.
    """
    return dict(_keys(text)).get("enabled" if number is None else f"source[{number}].enabled")


def line_of_first_key(text: str) -> int | None:
    """The line, from 1, of the first key or table of a file; None: it has none."""
    return next((number for _, number in _keys(text)), None)


def _keys(text: str) -> Iterator[tuple[str, int]]:
    """The keys and tables of a TOML file as faults name them, `source[2].url`, each with its line, from 1. Keys within
    inline tables and lists are not looked for.
    """
    table, tables, within = "", Counter[str](), ""  # `within`: the quotes of a text of several lines
    for number, line in enumerate(text.split("\n"), start=1):
        if within:
            within = "" if within in line else within
        elif header := _TABLE.match(line):
            table = _name(header[2])
            if header[1] == "[[":
                tables[table] += 1
                table = f"{table}[{tables[table]}]"
            yield table, number
        elif pair := _KEY.match(line):
            yield f"{table}.{_name(pair[1])}".removeprefix("."), number
            within = next((quotes for quotes in _QUOTES if pair[2].count(quotes) == 1), "")


def _name(written: str) -> str:
    """`a.b`, of `a . "b"`."""
    return re.sub(r"""\s*\.\s*|["']""", lambda found: "." if "." in found[0] else "", written.strip())

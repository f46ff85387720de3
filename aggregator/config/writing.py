"""Writes a source into the text of a publisher's file, with its comments and its order; it alone knows tomlkit."""

from __future__ import annotations

from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import AoT, Table

from aggregator.config.lines import line_of_first_key
from aggregator.model import DISCOVER
from aggregator.model.errors import ConfigError
from aggregator.text.urls import document_of, literal

_USUAL = "feed"  # the kind that need not be written


def source_table(url: str, kind: str) -> str:
    """The `[[source]]` table of an address that was found, ready to paste."""
    document = tomlkit.document()
    document["source"] = _tables(_table(literal(url), kind))
    return tomlkit.dumps(document)


def with_source(name: str, text: str, url: str, kind: str) -> str:
    """The text of the file `name` with this source: in the place of the first of kind "discover", else behind the
    others. ConfigError: it is not TOML, or has that address already.

    The address was found on the network, so it is written literally: `${NAME}` in an operator's file is a template.
    """
    url = literal(url)
    try:
        document: Any = tomlkit.parse(text)
    except TOMLKitError as error:
        raise ConfigError([f"{name}: found text that is not TOML ({error}), expected a publisher's file"]) from None
    sources: Any = document.get("source", [])
    number = next((n for n, source in enumerate(sources, start=1) if _is(source, url)), None)
    if number is not None:
        raise ConfigError([f'{name}: source[{number}].url: found "{url}", which is already in this file'])
    sought = next((source for source in sources if source.get("kind") == DISCOVER), None)
    if sought is not None:
        sought["url"], sought["kind"] = url, kind
    elif isinstance(sources, AoT):
        sources.append(_table(url, kind))
    elif "source" in document:
        sources.append({"url": url, "kind": kind})
    else:
        document["source"] = _tables(_table(url, kind))
    return tomlkit.dumps(document)


def with_value(name: str, text: str, key: str, value: str | list[str]) -> str:
    """The text of the file `name` with this top-level key. ConfigError: it is not TOML."""
    try:
        document = tomlkit.parse(text)
    except TOMLKitError as error:
        raise ConfigError([f"{name}: found text that is not TOML ({error}), expected `key = value`"]) from None
    if key in document:
        document[key] = value
        return tomlkit.dumps(document)
    # Above the first key, below the comments that a file begins with: what follows a table's header belongs to that.
    lines, place = text.splitlines(keepends=True), (line_of_first_key(text) or 1) - 1
    return "".join([*lines[:place], tomlkit.dumps({key: value}), *lines[place:]])


def _is(source: Any, url: str) -> bool:
    return source.get("kind") != DISCOVER and document_of(str(source.get("url", ""))) == document_of(url)


def _table(url: str, kind: str) -> Table:
    table = tomlkit.table()
    table["url"] = url
    if kind != _USUAL:
        table["kind"] = kind
    return table


def _tables(table: Table) -> AoT:
    tables = tomlkit.aot()
    tables.append(table)
    return tables

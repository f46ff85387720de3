"""The rows of a snapshot as they leave: words within the text that may be carried, in the columns' order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from aggregator.desk.versions import said_by
from aggregator.model.snapshots import TABLES, Extent, Value
from aggregator.store import Store
from aggregator.text.html import excerpt
from aggregator.text.printable import address, lines

_WORDS = ("title", "summary", "text", "byline", "url", "published", "updated")


def rows(store: Store, table: str, extent: Extent) -> Iterator[list[Value]]:
    """The rows of one table; what is not known, or may not leave, is None. Within `store.one_state()`."""
    names = TABLES[table].names(is_public=extent.is_public)
    for row in store.rows_of_snapshot(table, extent):
        if table == "versions" or (table == "reports" and extent.at is not None):
            row |= _words(row, table, extent)
        yield [_fit(name, row[name]) for name in names]


def _words(row: Mapping[str, Any], table: str, extent: Extent) -> dict[str, Any]:
    """What a version said: in a snapshot that is not public all of it. Of words that are damaged the headline stays."""
    if row["words"] is None:
        return dict.fromkeys(_WORDS) | ({"title": row["title"]} if table == "versions" else {})
    said = said_by(row["words"], row["title"])
    if extent.is_public and row["text_scope"] != "full_text":
        short = None
        if row["text_scope"] == "excerpt":
            short = excerpt(said["summary"], said["text"], row["excerpt_max_words"] or 0)
        said |= {"summary": short, "text": short}
        if row["text_scope"] != "excerpt":
            said["byline"] = None
    return said


def _fit(name: str, value: Any) -> Value:
    """An empty text is None: one thing is said in one way. An address is one that a browser may be given."""
    if not isinstance(value, str):
        return value  # type: ignore[no-any-return]
    fit = address(value) if name in ("url", "homepage", "complaints_url") else lines(value)
    return fit or None

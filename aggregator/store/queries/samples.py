"""A sample of a wire, old and new; and what waits to be indexed."""

from __future__ import annotations

from aggregator.store.connection import Connection


def titles(connection: Connection, most: int) -> list[str]:
    """Headlines of so many reports at most, which came evenly over all the time."""
    first, last = connection.execute(
        "SELECT (SELECT min(article_id) FROM articles), (SELECT max(article_id) FROM articles)"
    ).fetchone()
    if first is None:
        return []
    step = max(1, (last - first) // most)
    found: dict[int, str] = {}
    for number in range(first, last + 1, step):
        row = connection.execute(
            "SELECT article_id, title FROM articles WHERE article_id >= ? ORDER BY article_id LIMIT 1", (number,)
        ).fetchone()
        found[row[0]] = row[1]
    return list(found.values())


def to_index(connection: Connection) -> int:
    """How many reports wait to be indexed."""
    (count,) = connection.execute("SELECT count(*) FROM search_queue").fetchone()
    return int(count)

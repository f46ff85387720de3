"""Gives publishers other keys: all rows that have the old key get the new one.

What is made of a key is made of the first one that its publisher had, which stays: the ids of its reports, the digests
of `tombstones`, the words of ours in the search index. A line of the ledger keeps the key that its hash is of.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from aggregator.model import StoredPublisher
from aggregator.store.connection import Connection
from aggregator.store.queries import ledger, released
from aggregator.store.queries.views import has_new_names, is_migrated

_MEANWHILE = "/"  # behind a key while two publishers change names: no key has one


def first_key(connection: Connection, publisher: str) -> str:
    """The first key of a publisher; the key itself of one that is not known."""
    if not is_migrated(connection):  # an older version made it, and it is only read
        return publisher
    row = connection.execute("SELECT first_key FROM publishers WHERE publisher = ?", (publisher,)).fetchone()
    return row[0] if row and row[0] else publisher


def stored(connection: Connection) -> list[StoredPublisher]:
    """All publishers that the database has, with the addresses of their sources; none where it has other names of
    columns, because an older version made it.
    """
    if not has_new_names(connection):
        return []
    first = "p.first_key" if is_migrated(connection) else "NULL"
    rows = connection.execute(
        f"""
        SELECT p.publisher, coalesce({first}, p.publisher), p.name, s.url, s.old_url, s.last_new IS NOT NULL
        FROM publishers AS p LEFT JOIN sources AS s ON s.publisher = p.publisher
        """  # noqa: S608  (constants)
    )
    names: dict[str, tuple[str, str]] = {}
    addresses: dict[str, set[str]] = {}
    sources_with_reports: dict[str, set[str]] = {}
    for key, first_key, name, url, old_url, has_reports in rows:
        names[key] = (first_key, name)
        here = set(filter(None, (url, old_url)))
        addresses.setdefault(key, set()).update(here)
        sources_with_reports.setdefault(key, set()).update(here if has_reports else ())
    return [
        StoredPublisher(
            key=key,
            first_key=first_key,
            name=name,
            addresses=frozenset(addresses[key]),
            brought_reports=frozenset(sources_with_reports[key]),
        )
        for key, (first_key, name) in names.items()
    ]


def rename(connection: Connection, renamed: Mapping[str, str], now: datetime) -> None:
    """Gives the publishers of these keys others, all at once, so that two may change names. A publisher that is
    not there, or whose new key another one has, stays as it is. Within a transaction.
    """
    here = {key for (key,) in connection.execute("SELECT publisher FROM publishers")}
    moving = {old: new for old, new in renamed.items() if old in here}
    while taken := {old for old, new in moving.items() if new in here - moving.keys()}:
        moving = {old: new for old, new in moving.items() if old not in taken}
    waiting = moving.keys() & set(moving.values())  # their keys are wanted before they have left them
    with connection.renaming_publishers():
        for old in waiting:
            _move(connection, old, old + _MEANWHILE)
        for old, new in moving.items():
            _move(connection, old + _MEANWHILE if old in waiting else old, new)
            connection.execute(
                "UPDATE publishers SET first_key = coalesce(first_key, ?1) WHERE publisher = ?2", (old, new)
            )
            ledger.renamed(connection, old, new, now)


def _move(connection: Connection, old: str, new: str) -> None:
    """In every table with a column `publisher`, and in the names of settings. Polls and visits under way are claimed
    under the old key, and are nobody's now: what they bring is not stored.
    """
    released.move(connection, old, new)
    for table in connection.tables_with("publisher"):
        connection.execute(f'UPDATE "{table}" SET publisher = ?2 WHERE publisher = ?1', (old, new))  # noqa: S608
    connection.execute(
        "DELETE FROM claims WHERE subject = ?1 OR substr(subject, 1, length(?1) + 1) = ?1 || '/'", (old,)
    )
    names = connection.execute("SELECT name FROM settings WHERE name LIKE '%/%'").fetchall()
    for (name,) in names:
        kind, _, key = name.partition("/")
        if key == old:
            connection.execute("UPDATE settings SET name = ? WHERE name = ?", (f"{kind}/{new}", name))

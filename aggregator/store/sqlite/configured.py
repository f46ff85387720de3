"""Brings the tables of what people configured in line with config/: publishers, sources, terms."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date, timedelta
from typing import Any, get_args

from aggregator.model import ItemClass, Publisher, Source, Wire
from aggregator.model.errors import DeskError
from aggregator.rights import effective, ends_at, notices, terms
from aggregator.store.sqlite import agreements, excerpts, ledger, redirects
from aggregator.store.sqlite.agreements import InForce

_DIGEST = "config_digest"
_KEPT = "config_kept"
_FAULT = "fault/"  # before the key of a publisher: what is wrong with its file; `health` reads it
_FORM = 4  # of the rows written here: a database that an older version wrote is written anew


def sync(
    connection: sqlite3.Connection,
    wire: Wire,
    publishers: Sequence[Publisher],
    faulty: Mapping[str, str],
    now: str,
    today: date,
) -> bool:
    """Writes what changed since the last call and says whether anything had; nothing that was held is deleted.

    What is no longer configured stays as a row that is switched off, since articles point to it. The publishers of the
    keys in `faulty`, which says what is wrong with their files, stay as they are under the terms that they have, but
    none of their sources is polled. The day is part of the comparison because agreements expire.
    """
    digest = hashlib.sha256(repr((_FORM, today, wire, publishers, sorted(faulty.items()))).encode()).hexdigest()
    row = connection.execute("SELECT value FROM settings WHERE name = ?", (_DIGEST,)).fetchone()
    if row == (digest,):
        return False
    bounds = excerpts.bounds(connection)
    connection.execute(
        "UPDATE publishers SET configured = 0 WHERE key NOT IN (SELECT value FROM json_each(?))",
        (json.dumps(list(faulty)),),
    )
    connection.execute("UPDATE sources SET enabled = 0")
    connection.execute("DELETE FROM settings WHERE name GLOB ?", (f"{_FAULT}*",))
    connection.executemany(
        "INSERT INTO settings (name, value) VALUES (?, ?)", [(_FAULT + key, said) for key, said in faulty.items()]
    )
    for publisher in publishers:
        _write_publisher(connection, publisher)
        terms_before = ledger.terms_of(connection, publisher.key)
        _write_terms(connection, publisher, wire, today)
        ledger.terms_changed(connection, publisher.key, terms_before, now)
        for source in publisher.sources:
            _write_source(connection, source, now)
    excerpts.queue(connection, bounds)
    connection.execute("INSERT OR REPLACE INTO settings (name, value) VALUES (?, ?)", (_DIGEST, digest))
    return True


def keep(connection: sqlite3.Connection, digest: str, packed: str) -> None:
    connection.execute("INSERT OR REPLACE INTO settings (name, value) VALUES (?, ?)", (_KEPT, f"{digest} {packed}"))


def kept(connection: sqlite3.Connection, digest: str) -> str | None:
    row = connection.execute(
        "SELECT substr(value, length(?2) + 2) FROM settings WHERE name = ?1 AND value GLOB ?2 || ' *'", (_KEPT, digest)
    ).fetchone()
    return row[0] if row else None


def _write_publisher(connection: sqlite3.Connection, publisher: Publisher) -> None:
    """All but its rights, which `_write_terms` writes."""
    connection.execute(
        """
        INSERT INTO publishers (key, name, place, country, kind, "group", languages, homepage, corrections, rights,
          configured)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, '{}', 1)
        ON CONFLICT (key) DO UPDATE SET name = excluded.name, place = excluded.place, country = excluded.country,
          kind = excluded.kind, "group" = excluded."group", languages = excluded.languages,
          homepage = excluded.homepage, corrections = excluded.corrections, configured = 1
        """,
        (
            publisher.key,
            publisher.name,
            publisher.place or "",
            publisher.country,
            publisher.kind,
            publisher.group,
            json.dumps(publisher.languages),
            publisher.homepage,
            publisher.contact.corrections,
        ),
    )


def _write_terms(connection: sqlite3.Connection, publisher: Publisher, wire: Wire, today: date) -> None:
    """The terms and notices of today; of an agreement that ends, the terms on both sides of its end."""
    connection.execute(
        "INSERT OR REPLACE INTO settings (name, value) VALUES (?, ?)",
        (f"notices/{publisher.key}", json.dumps(notices(publisher, wire))),
    )
    last_day, moment = publisher.rights.expires, ends_at(publisher.rights)
    if last_day is None or moment is None:
        agreements.forget(connection, publisher.key)
        agreements.put_in_force(connection, publisher.key, _in_force(publisher, wire, today))
        return
    during = _in_force(publisher, wire, last_day)
    after = _in_force(publisher, wire, last_day + timedelta(days=1))
    ended = today > last_day
    agreements.remember(connection, publisher.key, (last_day, moment), (during, after), ended)
    agreements.put_in_force(connection, publisher.key, after if ended else during)


def _in_force(publisher: Publisher, wire: Wire, day: date) -> InForce:
    rights = asdict(effective(publisher.rights, day))
    return InForce(rights=rights, terms=[_row(publisher, item_class, wire, day) for item_class in get_args(ItemClass)])


def _row(publisher: Publisher, item_class: ItemClass, wire: Wire, day: date) -> dict[str, Any]:
    of_class = terms(publisher, item_class, wire, day)
    row = {name: getattr(of_class, name) for name in of_class.__slots__}
    return {**row, "class": item_class, "channels": " ".join(of_class.channels)}


def _write_source(connection: sqlite3.Connection, source: Source, now: str) -> None:
    """A source whose address or kind changed in config/ forgets what belongs to the old document: validators, whether
    they lied, a pause, which redirects were accepted. One that moved on from the address in config/ stays where it is.
    """
    every = source.every.total_seconds() / 60 if source.every else None
    connection.execute(
        """
        INSERT INTO sources (publisher, key, url, kind, class, every_minutes, enabled, next_at, next_reason)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'first')
        ON CONFLICT (publisher, key) DO UPDATE SET
          class = excluded.class, every_minutes = excluded.every_minutes, enabled = excluded.enabled
        """,
        (source.publisher, source.key, source.url, source.kind, source.item_class, every, int(source.enabled), now),
    )
    changed = connection.execute(
        """
        UPDATE sources SET url = ?3, old_url = NULL, kind = ?4, next_at = ?5, next_reason = 'first', etag = NULL,
          last_modified = NULL, body_hash = NULL, moved_to = NULL, moved_since = NULL, paused_at = NULL,
          conditional = 0, unmodified_since = NULL, validators_lied = NULL, hints = NULL, proposed = NULL,
          proposed_as = NULL, redirect_unchecked = 0
        WHERE publisher = ?1 AND key = ?2 AND (kind <> ?4 OR ?3 NOT IN (url, coalesce(old_url, url)))
        """,
        (source.publisher, source.key, source.url, source.kind, now),
    )
    # Somebody wrote the new address into config/: then there is nothing left to mend.
    written = connection.execute(
        "UPDATE sources SET old_url = NULL WHERE publisher = ? AND key = ? AND url = ? AND old_url IS NOT NULL",
        (source.publisher, source.key, source.url),
    )
    if changed.rowcount or written.rowcount:
        redirects.forget(connection, source.publisher, source.key)


def add_own_source(connection: sqlite3.Connection, source: Source, now: str) -> None:
    """The source that the wire's own reports come from, which nobody polls. DeskError: config/ uses its key."""
    connection.execute(
        """
        INSERT INTO sources (publisher, key, url, kind, class, enabled, next_at, next_reason)
        VALUES (?, ?, ?, ?, ?, 0, ?, ?) ON CONFLICT (publisher, key) DO NOTHING
        """,
        (source.publisher, source.key, source.url, source.kind, source.item_class, now, source.kind),
    )
    (kind,) = connection.execute(
        "SELECT kind FROM sources WHERE publisher = ? AND key = ?", (source.publisher, source.key)
    ).fetchone()
    if kind != source.kind:
        raise DeskError(f"{source.name}: this key belongs to a {kind} that is polled; give that another in config/")

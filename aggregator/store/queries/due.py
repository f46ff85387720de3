"""What is due, with what is remembered of it: reads those rows of `sources`."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from aggregator.model import DISCOVER, Due, ItemClass, Source, Validators
from aggregator.store.connection import Connection
from aggregator.store.queries import pauses, redirects, source_rules
from aggregator.text.dates import from_iso, to_iso


def due(
    connection: Connection, now: str | None, *, also_paused: bool = False, names: Collection[str] | None = None
) -> list[Due]:
    """The sources whose time has come, longest overdue first; with `now` None all that are switched on. Sites whose
    feed is sought come last: a search takes half a minute, and a thousand may be waiting for their first. `names`: of
    these alone.
    """
    not_paused = "" if also_paused else f"AND paused_at IS NULL AND NOT {pauses.by_person(connection)}"
    given: list[str] = [] if now is None else [now]
    of_these = ""
    if names is not None:
        of_these = f"AND (publisher, source_key) IN (VALUES {', '.join(['(?, ?)'] * len(names))})"
        given += [part for name in names for part in name.split("/")]
    rows = connection.execute(
        f"""
        SELECT publisher, source_key, url, source_kind, class, every_minutes, rules, etag, last_modified, body_hash,
          failures, id_trust,
          conditional_polls, validators_ignored, proposed, redirect_unchecked, last_poll, source_id
        FROM sources AS s WHERE likely(enabled) {not_paused} {"" if now is None else "AND next_at <= ?"} {of_these}
        ORDER BY source_kind = ?, next_at, source_id
        """,  # noqa: S608  (constants)
        (*given, DISCOVER),
    )
    accepted = redirects.accepted(connection)
    return [_due(*row[:-1], accepted.get(row[-1], ())) for row in rows]


def _due(publisher: str, key: str, url: str, kind: str, item_class: ItemClass, *others: Any) -> Due:
    every, rules, *remembered = others
    etag, last_modified, body_hash, failures, id_trust, conditional, ignored, proposed, unchecked, polled, accepted = (
        remembered
    )
    source = Source(
        publisher=publisher,
        key=key,
        url=url,
        kind=kind,
        item_class=item_class,
        every=timedelta(minutes=every) if every else None,
        rules=source_rules.read(rules),
    )
    return Due(
        source=source,
        validators=Validators(etag, last_modified),
        body_hash=body_hash,
        failures=failures,
        id_trust=id_trust,
        conditional_polls=conditional,
        validators_ignored=ignored is not None,
        proposed=proposed,
        accepted=accepted,
        redirect_unchecked=bool(unchecked),
        last_poll=polled,
    )


def oldest(connection: Connection, now: datetime) -> timedelta | None:
    """How long the source that waits longest has been due; None: none is."""
    row = connection.execute(
        f"""
        SELECT next_at FROM sources AS s
        WHERE enabled = 1 AND next_at <= ? AND paused_at IS NULL AND NOT {pauses.by_person(connection)}
        ORDER BY next_at LIMIT 1
        """,  # noqa: S608  (constants)
        (to_iso(now),),
    ).fetchone()
    return now - from_iso(row[0]) if row else None


def unpolled(connection: Connection, those: Sequence[Due]) -> list[Due]:
    """Those that nobody has polled since they were read."""
    asked = "SELECT last_poll FROM sources WHERE publisher = ? AND source_key = ?"
    found = ((one, connection.execute(asked, (one.source.publisher, one.source.key)).fetchone()) for one in those)
    return [one for one, row in found if row and row[0] == one.last_poll]

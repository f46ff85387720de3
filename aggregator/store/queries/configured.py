"""Brings the tables of what people configured in line with config/: publishers, sources, terms."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime

from aggregator.model import Publisher, PublisherTerms, Source, StoredConfig
from aggregator.model.errors import DeskError
from aggregator.model.plain import as_dict
from aggregator.store.connection import Connection
from aggregator.store.queries import agreements, excerpts, ledger, redirects, settings, source_rules
from aggregator.text.dates import from_iso, to_iso

_DIGEST = "config_digest"
_KEPT = "config_kept"
_IN_FORCE = "config_in_force"
_FAULT = "fault/"  # before the key of a publisher: what is wrong with its file; `health` reads it


def digest(connection: Connection) -> str | None:
    """That of the configuration that `write` was given last; None: of none."""
    row = connection.execute("SELECT value FROM settings WHERE name = ?", (_DIGEST,)).fetchone()
    return row[0] if row else None


def write(
    connection: Connection,
    publishers: Sequence[PublisherTerms],
    faulty: Mapping[str, str],
    digest: str,
    now: datetime,
    believed: datetime,
) -> None:
    """Writes publishers, their sources and their terms; nothing that was held is deleted. Within a transaction.

    What is no longer configured stays as a row that is switched off, since articles point to it. The publishers of the
    keys in `faulty`, which says what is wrong with their files, stay as they are under the terms that they have, but
    none of their sources is polled.
    """
    bounds = excerpts.bounds(connection)
    connection.execute(
        "UPDATE publishers SET configured = 0 WHERE publisher NOT IN (SELECT value FROM json_each(?))",
        (json.dumps(list(faulty)),),
    )
    connection.execute("UPDATE sources SET enabled = 0")
    connection.execute("DELETE FROM settings WHERE substr(name, 1, ?) = ?", (len(_FAULT), _FAULT))
    connection.executemany(
        "INSERT INTO settings (name, value) VALUES (?, ?)", [(_FAULT + key, said) for key, said in faulty.items()]
    )
    for each in publishers:
        key = each.publisher.key
        terms_before = ledger.terms_of(connection, key)
        put_terms(connection, [each])
        ledger.terms_changed(connection, key, terms_before, now, believed)
        for source in each.publisher.sources:
            _write_source(connection, source, to_iso(now))
    excerpts.queue(connection, bounds)
    settings.write(connection, _DIGEST, digest)


def put_terms(connection: Connection, publishers: Sequence[PublisherTerms]) -> None:
    """Puts publishers and their terms into the tables, without a line in the ledger. Within a transaction."""
    for each in publishers:
        key = each.publisher.key
        _write_publisher(connection, each.publisher)
        settings.write(connection, f"notices/{key}", json.dumps(each.notices))
        agreements.remember(connection, key, each.agreement)
        agreements.put_in_force(connection, key, each.in_force)


def keep(connection: Connection, digest: str, packed: str) -> None:
    settings.write(connection, _KEPT, f"{digest} {packed}")


def kept(connection: Connection, digest: str) -> str | None:
    row = connection.execute(
        "SELECT substr(value, ?2 + 1) FROM settings WHERE name = ?1 AND substr(value, 1, ?2) = ?3",
        (_KEPT, len(digest) + 1, f"{digest} "),
    ).fetchone()
    return row[0] if row else None


def in_force(connection: Connection) -> StoredConfig | None:
    """What `note_in_force` was given; None: nothing, or an older version of the program brought the tables in line."""
    stored = settings.read(connection, _IN_FORCE)
    if stored is None:
        return None
    noted = json.loads(stored)
    noted["at"] = from_iso(noted["at"])
    return StoredConfig(**noted)


def note_in_force(connection: Connection, stored: StoredConfig) -> None:
    """Within a transaction."""
    settings.write(connection, _IN_FORCE, json.dumps({**as_dict(stored), "at": to_iso(stored.at)}))


def _write_publisher(connection: Connection, publisher: Publisher) -> None:
    """All but its rights, which `agreements` writes."""
    connection.execute(
        """
        INSERT INTO publishers (publisher, name, place, country, publisher_kind, publisher_group, languages, homepage,
          corrections, first_key, permissions, rights, configured)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, '{}', 1)
        ON CONFLICT (publisher) DO UPDATE SET name = excluded.name, place = excluded.place, country = excluded.country,
          publisher_kind = excluded.publisher_kind, publisher_group = excluded.publisher_group,
          languages = excluded.languages, homepage = excluded.homepage, corrections = excluded.corrections,
          permissions = excluded.permissions, configured = 1
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
            None if publisher.first_key == publisher.key else publisher.first_key,
            publisher.contact.permissions,
        ),
    )


def _write_source(connection: Connection, source: Source, now: str) -> None:
    """A source whose address or kind changed in config/ forgets what belongs to the old document: validators, whether
    they lied, that it said 410, which redirects were accepted. One that moved on from the address in config/ stays
    where it is. One whose rules changed forgets its document, so that the next poll reads all of it by the new rules.
    """
    every = source.every.total_seconds() / 60 if source.every else None
    rules = source_rules.written(source.rules)
    same_rules = "sources.rules IS NOT DISTINCT FROM excluded.rules"
    connection.execute(
        f"""
        INSERT INTO sources (publisher, source_key, url, source_kind, class, every_minutes, rules, enabled, next_at,
          next_reason)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 'first')
        ON CONFLICT (publisher, source_key) DO UPDATE SET
          class = excluded.class, every_minutes = excluded.every_minutes, enabled = excluded.enabled,
          etag = CASE WHEN {same_rules} THEN sources.etag END,
          body_hash = CASE WHEN {same_rules} THEN sources.body_hash END,
          last_modified = CASE WHEN {same_rules} THEN sources.last_modified END, rules = excluded.rules
        """,  # noqa: S608  (constants)
        (
            source.publisher,
            source.key,
            source.url,
            source.kind,
            source.item_class,
            every,
            rules,
            int(source.enabled),
            now,
        ),
    )
    changed = connection.execute(
        """
        UPDATE sources SET url = ?3, old_url = NULL, source_kind = ?4, next_at = ?5, next_reason = 'first', etag = NULL,
          last_modified = NULL, body_hash = NULL, moved_to = NULL, moved_since = NULL, paused_at = NULL,
          conditional_polls = 0, unmodified_since = NULL, validators_ignored = NULL, poll_hints = NULL, proposed = NULL,
          proposed_as = NULL, redirect_unchecked = 0
        WHERE publisher = ?1 AND source_key = ?2 AND (source_kind <> ?4 OR ?3 NOT IN (url, coalesce(old_url, url)))
        """,
        (source.publisher, source.key, source.url, source.kind, now),
    )
    # Somebody wrote the new address into config/: then there is nothing left to do.
    written = connection.execute(
        "UPDATE sources SET old_url = NULL WHERE publisher = ? AND source_key = ? AND url = ? AND old_url IS NOT NULL",
        (source.publisher, source.key, source.url),
    )
    if changed.rowcount or written.rowcount:
        redirects.forget(connection, source.publisher, source.key)


def add_own_source(connection: Connection, source: Source, now: str) -> None:
    """The source that the wire's own reports come from, which nobody polls. DeskError: config/ uses its key."""
    connection.execute(
        """
        INSERT INTO sources (publisher, source_key, url, source_kind, class, enabled, next_at, next_reason)
        VALUES (?, ?, ?, ?, ?, 0, ?, ?) ON CONFLICT (publisher, source_key) DO NOTHING
        """,
        (source.publisher, source.key, source.url, source.kind, source.item_class, now, source.kind),
    )
    (kind,) = connection.execute(
        "SELECT source_kind FROM sources WHERE publisher = ? AND source_key = ?", (source.publisher, source.key)
    ).fetchone()
    if kind != source.kind:
        raise DeskError(f"{source.name}: this key belongs to a {kind} that is polled; give that another in config/")

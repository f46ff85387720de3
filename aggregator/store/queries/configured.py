"""Brings the tables of what people configured in line with config/: publishers, sources, terms."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime

from aggregator.model import Publisher, PublisherTerms, Source, StoredConfig
from aggregator.model.errors import DeskError
from aggregator.store.connection import Connection
from aggregator.store.queries import agreements, excerpts, ledger, redirects, settings, source_rules
from aggregator.store.queries.rows import not_there
from aggregator.text.dates import from_iso, to_iso

_DIGEST = "config_digest"
_KEPT = "config_kept"
_IN_FORCE = "config_in_force"
_AT_ONCE = 500  # publishers whose texts are in memory
_FAULT = "fault/"  # before the key of a publisher: what is wrong with its file; `health` reads it

_OF_PUBLISHER = (
    "publisher", "name", "place", "country", "publisher_kind", "publisher_group", "languages", "homepage",
    "corrections", "first_key", "permissions", "configured",
)  # fmt: skip
_SET_PUBLISHER = (
    f"INSERT INTO publishers ({', '.join(_OF_PUBLISHER)}, rights) VALUES ({'?, ' * len(_OF_PUBLISHER)}'{{}}')"  # noqa: S608
    f" ON CONFLICT (publisher) DO UPDATE SET {', '.join(f'{name} = excluded.{name}' for name in _OF_PUBLISHER[1:])}"
)
_OF_SOURCE = ("publisher", "source_key", "class", "every_minutes", "rules", "enabled")
_SAME_RULES = "sources.rules IS NOT DISTINCT FROM excluded.rules"
_SET_SOURCE = f"""
    INSERT INTO sources ({", ".join(_OF_SOURCE)}, url, source_kind, next_at, next_reason)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 'first')
    ON CONFLICT (publisher, source_key) DO UPDATE SET
      class = excluded.class, every_minutes = excluded.every_minutes, enabled = excluded.enabled,
      etag = CASE WHEN {_SAME_RULES} THEN sources.etag END,
      body_hash = CASE WHEN {_SAME_RULES} THEN sources.body_hash END,
      last_modified = CASE WHEN {_SAME_RULES} THEN sources.last_modified END, rules = excluded.rules
    """  # noqa: S608  (constants)
_START_ANEW = """
    UPDATE sources SET url = ?3, old_url = NULL, source_kind = ?4, next_at = ?5, next_reason = 'first', etag = NULL,
      last_modified = NULL, body_hash = NULL, moved_to = NULL, moved_since = NULL, paused_at = NULL,
      conditional_polls = 0, unmodified_since = NULL, validators_ignored = NULL, poll_hints = NULL, proposed = NULL,
      proposed_as = NULL, redirect_unchecked = 0
    WHERE publisher = ?1 AND source_key = ?2
    """


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
    names = [source.name for each in publishers for source in each.publisher.sources]
    connection.execute(
        "UPDATE publishers SET configured = 0"
        " WHERE configured = 1 AND publisher NOT IN (SELECT value FROM json_each(?))",
        (json.dumps([*faulty, *(each.publisher.key for each in publishers)]),),
    )
    connection.execute(
        "UPDATE sources SET enabled = 0 WHERE enabled = 1"
        " AND publisher || '/' || source_key NOT IN (SELECT value FROM json_each(?))",
        (json.dumps(names),),
    )
    connection.execute("DELETE FROM settings WHERE substr(name, 1, ?) = ?", (len(_FAULT), _FAULT))
    connection.executemany(
        "INSERT INTO settings (name, value) VALUES (?, ?)", [(_FAULT + key, said) for key, said in faulty.items()]
    )
    for start in range(0, len(publishers), _AT_ONCE):
        some = publishers[start : start + _AT_ONCE]
        keys = [each.publisher.key for each in some]
        before = ledger.terms_of(connection, keys)
        put_terms(connection, some)
        after = ledger.terms_of(connection, keys)
        for key in keys:
            ledger.terms_changed(connection, key, before[key], after[key], now, believed)
        _write_sources(connection, [source for each in some for source in each.publisher.sources], to_iso(now))
    excerpts.queue(connection, bounds)
    settings.write(connection, _DIGEST, digest)


def put_terms(connection: Connection, publishers: Sequence[PublisherTerms]) -> None:
    """Puts publishers and their terms into the tables, without a line in the ledger. Within a transaction."""
    connection.executemany(
        _SET_PUBLISHER,
        not_there(connection, "publishers", _OF_PUBLISHER, [_row(each.publisher) for each in publishers]),
    )
    notices = [(f"notices/{each.publisher.key}", json.dumps(each.notices)) for each in publishers]
    connection.executemany(
        "INSERT INTO settings (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        not_there(connection, "settings", ("name", "value"), notices),
    )
    agreements.remember(connection, {each.publisher.key: each.agreement for each in publishers})
    agreements.put_in_force(connection, {each.publisher.key: each.in_force for each in publishers})


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
    settings.write(connection, _IN_FORCE, json.dumps({**asdict(stored), "at": to_iso(stored.at)}))


def _row(publisher: Publisher) -> tuple[object, ...]:
    """Of `publishers`, but for its rights, which `agreements` writes."""
    return (
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
        1,
    )


def _write_sources(connection: Connection, sources: Sequence[Source], now: str) -> None:
    """A source whose address or kind changed in config/ forgets what belongs to the old document: validators, whether
    they lied, that it said 410, which redirects were accepted. One that moved on from the address in config/ stays
    where it is. One whose rules changed forgets its document, so that the next poll reads all of it by the new rules.
    """
    keys = json.dumps(sorted({source.publisher for source in sources}))
    rows = connection.execute(
        "SELECT publisher, source_key, url, old_url, source_kind FROM sources"
        " WHERE publisher IN (SELECT value FROM json_each(?))",
        (keys,),
    )
    known = {(publisher, key): rest for publisher, key, *rest in rows}
    wanted = {_source_row(source): source for source in sources}
    connection.executemany(
        _SET_SOURCE,
        [
            (*row, wanted[row].url, wanted[row].kind, now)
            for row in not_there(connection, "sources", _OF_SOURCE, wanted)
        ],
    )
    for source in sources:
        url, old_url, kind = known.get((source.publisher, source.key), (source.url, None, source.kind))
        if kind != source.kind or source.url not in (url, old_url):
            connection.execute(_START_ANEW, (source.publisher, source.key, source.url, source.kind, now))
        elif url == source.url and old_url is not None:
            # Somebody wrote the new address into config/: then there is nothing left to do.
            connection.execute(
                "UPDATE sources SET old_url = NULL WHERE publisher = ? AND source_key = ?",
                (source.publisher, source.key),
            )
        else:
            continue
        redirects.forget(connection, source.publisher, source.key)


def _source_row(source: Source) -> tuple[object, ...]:
    every = source.every.total_seconds() / 60 if source.every else None
    rules = source_rules.written(source.rules)
    return source.publisher, source.key, source.item_class, every, rules, int(source.enabled)


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

"""The rules of a source, in its column of `sources`, and what they left out of its last document."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime

from aggregator.model import LeftOut, SourceRules
from aggregator.model.plain import as_dict
from aggregator.store.connection import Connection
from aggregator.text.dates import to_iso


def read(text: str | None) -> SourceRules | None:
    """What `written` wrote."""
    return SourceRules(**{name: tuple(values) for name, values in json.loads(text).items()}) if text else None


def written(rules: SourceRules | None) -> str | None:
    return json.dumps({name: values for name, values in as_dict(rules).items() if values}) if rules else None


def left_out(connection: Connection, source_id: int) -> Mapping[str, tuple[bytes, str]]:
    """What the source's last document listed and its rules left out: hash and rule by first key."""
    rows = connection.execute("SELECT article_key, entry_hash, rule FROM left_out WHERE source_id = ?", (source_id,))
    return {key: (entry_hash, rule) for key, entry_hash, rule in rows}


def write_left_out(connection: Connection, source_id: int, those: Sequence[LeftOut], now: datetime) -> None:
    """Puts these in the place of what an earlier document listed. Within a transaction."""
    keys = json.dumps([each.key for each in those])
    connection.execute(
        "DELETE FROM left_out WHERE source_id = ? AND article_key NOT IN (SELECT value FROM json_each(?))",
        (source_id, keys),
    )
    connection.executemany(
        """
        INSERT INTO left_out (source_id, article_key, entry_hash, rule, first_seen, sort_time, is_dated)
        VALUES (?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (source_id, article_key) DO UPDATE SET entry_hash = excluded.entry_hash, rule = excluded.rule,
          first_seen = excluded.first_seen, sort_time = excluded.sort_time, is_dated = excluded.is_dated
        WHERE (left_out.entry_hash, left_out.rule) <> (excluded.entry_hash, excluded.rule)
        """,
        [
            (source_id, each.key, each.entry_hash, each.rule, to_iso(now), to_iso(each.sort_time), int(each.is_dated))
            for each in those
        ],
    )


def forget_document_of_other_rules(connection: Connection, source_id: int, rules: SourceRules | None) -> None:
    """A document that was read by other rules than those in force is to be read again, whole. Within a transaction."""
    connection.execute(
        "UPDATE sources SET etag = NULL, last_modified = NULL, body_hash = NULL"
        " WHERE source_id = ? AND rules IS DISTINCT FROM ?",
        (source_id, written(rules)),
    )

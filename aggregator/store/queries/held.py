"""One report as the desk sees it: all that is stored of it, whatever holds it back. Nothing here leaves the desk."""

from __future__ import annotations

from typing import Any

from aggregator.store.connection import StoreConnection
from aggregator.store.queries import acts, complaints, reading
from aggregator.text.html import plain
from aggregator.text.raw_words import decode

_REPORT = """
    SELECT a.id, a.publisher, p.name AS publisher_name, p.place AS publisher_place, a.country, a.title, a.byline,
      b.summary, b.text, a.url, a.published, a.updated, a.first_seen, a.language, a.class, a.sort_time,
      a.status, a.notice, a.embargoed_until, a.embargoed_until <= ?2 AS embargo_is_over,
      a.released_seq IS NOT NULL AS was_out, a.revision AS version, a.has_text,
      t.text_scope, t.licence, t.credit, replace(t.disclaimer, '{original_url}', coalesce(a.url, p.homepage))
        AS disclaimer, t.copyright_notice, t.complaints_url,
      CAST(json_extract(p.rights, '$.excerpt_max_words') AS INTEGER) AS excerpt_max_words, t.channels
    FROM articles AS a
    JOIN publishers AS p ON p.publisher = a.publisher
    LEFT JOIN terms AS t ON t.publisher = a.publisher AND t.class = a.class
    LEFT JOIN bodies AS b ON b.article_id = a.article_id
    WHERE a.id = ?1
"""
_VERSIONS = """
    SELECT r.number, (
        SELECT c.change_kind FROM changes AS c WHERE c.article_id = a.article_id AND c.revision = r.number
        ORDER BY c.seq LIMIT 1) AS change_kind,
      r.seen_at, s.publisher || '/' || s.source_key AS source_name, r.title, lower(hex(r.raw_hash)) AS sha256
    FROM articles AS a
    JOIN revisions AS r ON r.article_id = a.article_id
    JOIN sources AS s ON s.source_id = r.source_id
    WHERE a.id = ? ORDER BY r.number
"""
# Changes that wait: for a person, or for housekeeping, which stores them within a day.
_WAITING = """
    SELECT c.mass_kind, c.signal, s.publisher || '/' || s.source_key AS source_name, c.since, c.title, c.url,
      raw_words(c.raw, c.dictionary_id) AS words
    FROM articles AS a
    JOIN pending_changes AS c ON c.article_id = a.article_id AND c.refused_at IS NULL AND c.reason = 'mass'
    JOIN sources AS s ON s.source_id = c.source_id
    WHERE a.id = ?1
    UNION ALL
    SELECT NULL, 'entry', s.publisher || '/' || s.source_key, h.received_at, h.title, h.url,
      raw_words(h.raw, h.dictionary_id)
    FROM articles AS a
    JOIN pending_revisions AS h ON h.article_id = a.article_id
    JOIN sources AS s ON s.source_id = h.source_id
    WHERE a.id = ?1
"""


def report(connection: StoreConnection, public_id: str, released_by: str | None) -> dict[str, Any] | None:
    """None: there is no such report. Times are ISO 8601; `was_out`, `has_text`, `embargo_is_over` (by `released_by`)
    are true or false; `text_scope` and what follows it are None while nobody has configured the publisher. With
    `versions`, `acts`, `complaints`, each oldest first, and `pending`: changes that wait, those without a `mass_kind`
    for housekeeping, the others for a person.
    """
    found = reading.rows(connection, _REPORT, public_id, released_by or "")
    if not found:
        return None
    (row,) = found
    for name in ("was_out", "has_text", "embargo_is_over"):
        row[name] = bool(row[name])
    row["channels"] = (row["channels"] or "").split()
    row["versions"] = versions(connection, public_id)
    row["acts"] = acts.of(connection, public_id)
    row["complaints"] = complaints.complaints(connection, True, report=public_id)
    row["pending"] = [_waiting(one) for one in reading.rows(connection, _WAITING, public_id)]
    return row


def versions(connection: StoreConnection, public_id: str) -> list[dict[str, Any]]:
    """number, change_kind, seen_at, source_name, title, and `sha256`: of the words as they came, in hexadecimal digits.
    That is the digest of what `raw_words` of the version gives as UTF-8, unless words of it were let go since.
    """
    return reading.rows(connection, _VERSIONS, public_id)


def _waiting(row: dict[str, Any]) -> dict[str, Any]:
    words = row.pop("words")
    entry = decode(words) if words else None
    return {**row, "text": (plain(entry.content[0]) if entry.content else plain(entry.summary)) if entry else None}

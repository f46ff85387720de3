"""All that is held of reports, whatever their rights: what the gate is asked about."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from msgspec.structs import replace

from aggregator.model import Channel, Corrections, Entry, Images, Media, Rights, Text
from aggregator.model.picture import PictureCopy
from aggregator.model.publisher import Uses
from aggregator.model.release import FormerPublisher, Gone, Held
from aggregator.model.signals import Signal, StoredSignal
from aggregator.model.who import Who
from aggregator.store.connection import Connection
from aggregator.store.queries import pictures, signals, who
from aggregator.store.queries.reading import dictionaries
from aggregator.store.queries.views import is_migrated
from aggregator.text.dates import from_iso, to_iso
from aggregator.text.page_words import as_shown
from aggregator.text.raw_words import entry_of, values

_HELD = """
SELECT
  a.id, a.article_id, a.revision, a.status, a.notice, n.text AS notice_text, a.embargoed_until,
  a.publisher, p.name AS publisher_name, p.place AS publisher_place, p.publisher_kind, p.publisher_group, a.country,
  p.homepage, p.corrections, p.permissions, a.class AS item_class, a.title, b.summary, b.text, a.url, a.byline,
  a.language, a.published, a.updated, a.first_seen, a.sort_time,
  c.at AS changed_at, c.change_kind = 'corrected' AS corrected, lower(hex(r.words_hash)) AS words_hash,
  raw_words(r.raw, r.dictionary_id) AS words, p.rights,
  t.credit, replace(t.disclaimer, '{original_url}', coalesce(a.url, p.homepage)) AS disclaimer, t.licence,
  t.copyright_notice, t.complaints_url, s.value AS texts, r.seen_at AS received,
  (SELECT url FROM sources WHERE source_id = r.source_id) AS source_url, a.language_from, a.topics, a.about
FROM json_each(?) AS wanted
CROSS JOIN articles AS a ON a.id = wanted.value
JOIN publishers AS p ON p.publisher = a.publisher
JOIN terms AS t ON t.publisher = a.publisher AND t.class = a.class
JOIN bodies AS b ON b.article_id = a.article_id
JOIN revisions AS r ON r.article_id = a.article_id AND r.number = a.revision
LEFT JOIN changes AS c ON a.revision > 1 AND c.seq = (
  SELECT min(seq) FROM changes WHERE article_id = a.article_id AND revision = (
    SELECT max(number) FROM revisions AS v
    WHERE v.article_id = a.article_id AND v.number > 1 AND coalesce(v.changed, '') NOT LIKE '%"page"%'))
LEFT JOIN notices AS n ON n.article_id = a.article_id
LEFT JOIN settings AS s ON s.name = 'notices/' || a.publisher
"""
_MEDIA = """
SELECT a.id, m.place, m.url, m.medium, m.type, m.width, m.height, m.length, m.title, m.caption, m.credit, m.copyright,
  m.alt, m.language
FROM json_each(?) AS wanted CROSS JOIN articles AS a ON a.id = wanted.value CROSS JOIN media AS m USING (article_id)
"""


def to_release(connection: Connection, reports: Sequence[str]) -> list[Held]:
    """The reports of these ids, in their order. One that is not here, or has no terms, is left out: it has nothing that
    must stand beside it, so it may not leave.
    """
    those = json.dumps(list(reports))
    sql = _HELD
    if not is_migrated(connection):  # an older version made the file, and it is only read
        for column in ("p.permissions", "a.language_from", "a.topics", "a.about"):
            sql = sql.replace(column, f"NULL AS {column[2:]}")
    media: dict[str, list[Media]] = {}
    for row in sorted(dictionaries(connection.execute(_MEDIA, (those,))), key=lambda each: int(each.pop("place"))):
        media.setdefault(row.pop("id"), []).append(_media(row))
    rows = dictionaries(connection.execute(sql, (those,)))
    said = _Signals(connection, rows)
    copies = pictures.of_reports(connection, reports) if pictures.is_there(connection) else {}
    makers = who.of_articles(connection, [row["article_id"] for row in rows]) if is_migrated(connection) else {}
    found = {
        row["id"]: replace(
            _held(row, tuple(media.get(row["id"], ())), copies.get(row["id"], {}), said.of(row)),
            who=makers.get(row["article_id"], Who()),
        )
        for row in rows
    }
    return [found[each] for each in reports if each in found]


class _Signals:
    """What the publishers of these rows say to machines, and the pages of their articles."""

    def __init__(self, connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
        self._of: dict[str | int, list[StoredSignal]] = {}
        if not rows or not signals.is_there(connection):
            return
        of_publishers = signals.of_publishers(connection, {row["publisher"] for row in rows})
        of_pages = signals.of_articles(connection, [row["article_id"] for row in rows])
        for each in (*of_publishers, *of_pages):
            self._of.setdefault(each.publisher if each.article_id is None else each.article_id, []).append(each)

    def of(self, row: Mapping[str, Any]) -> tuple[Signal, ...]:
        """Those in force when the words of this row were received, which later silence does not undo, or now."""
        received = from_iso(row["received"])
        return tuple(
            each.signal
            for of in (row["publisher"], row["article_id"])
            for each in self._of.get(of, ())
            if each.ended_at is None or each.first_seen <= received < each.ended_at
        )


# Few lines of the ledger are of these kinds, and an index has them.
_GONE = """
SELECT n.id, n.publisher, n.publisher_name, n.publisher_place, n.status, n.at, n.text, n.channels
FROM changes AS c CROSS JOIN notices AS n ON n.article_id = c.article_id
WHERE c.seq > ?1 AND c.change_kind IN ('withheld', 'withdrawn', 'deleted') AND (?2 IS NULL OR n.publisher = ?2)
ORDER BY c.seq DESC LIMIT ?3
"""


def gone(connection: Connection, after: int, publisher: str | None, channel: Channel, most: int) -> list[Gone]:
    """The reports that left by the channel before and were taken back by a line of the ledger after this number, the
    last first; at most so many lines are looked at.
    """
    rows = dictionaries(connection.execute(_GONE, (after, publisher, most)))
    found = {row["id"]: Gone(**row) for row in reversed(rows) if channel in row.pop("channels").split()}
    return list(reversed(found.values()))


def former_publishers(connection: Connection) -> list[FormerPublisher]:
    rows = dictionaries(
        connection.execute(
            """
            SELECT publisher, name, place, country, publisher_kind AS kind, publisher_group AS "group", homepage, rights
            FROM publishers AS p
            WHERE configured = 0 AND EXISTS (SELECT 1 FROM articles AS a WHERE a.publisher = p.publisher)
            ORDER BY publisher
            """
        )
    )
    return [FormerPublisher(**{**row, "rights": rights_of(json.loads(row["rights"]))}) for row in rows]


def next_moment(connection: Connection, now: datetime) -> datetime | None:
    """When the next embargo or the next agreement ends; None: none that is known of."""
    row = connection.execute(
        """
        SELECT min(moment) FROM (
          SELECT min(embargoed_until) AS moment FROM articles WHERE embargoed_until > ?1
          UNION ALL SELECT min(ends_at) FROM agreements WHERE ended = 0 AND ends_at > ?1) AS next
        """,
        (to_iso(now),),
    ).fetchone()
    return from_iso(row[0]) if row[0] else None


def _held(
    row: dict[str, Any],
    media: tuple[Media, ...],
    copies: Mapping[str, PictureCopy],
    said_to_machines: tuple[Signal, ...],
) -> Held:
    said = {name: value for name, value in row.items() if name not in ("article_id", "words", "received")}
    return Held(
        **{
            **said,
            "entry": _entry(row["words"]),
            "media": media,
            "copies": copies,
            "signals": said_to_machines,
            "corrected": bool(row["corrected"]),
            "rights": rights_in_force(row["rights"]),
            "texts": json.loads(row["texts"] or "{}"),
            "topics": tuple(json.loads(row["topics"] or "[]")),
            "about": tuple(json.loads(row["about"] or "[]")),
        }
    )


def _entry(words: str | None) -> Entry | None:
    """None: the words were let go."""
    try:
        return as_shown(entry_of(values(words))) if words else None
    except (TypeError, ValueError):  # damaged on the disk: then there is no more than what is plain
        return None


def _media(row: Mapping[str, Any]) -> Media:
    return Media(**{**row, "caption": Text(row["caption"], "text/plain") if row["caption"] else None})


@lru_cache(maxsize=4_096)  # publishers; a list has many reports of one
def rights_in_force(stored: str) -> Rights:
    """Those of a row of `publishers`."""
    return rights_of(json.loads(stored))


def rights_of(said: Mapping[str, Any]) -> Rights:
    """The rights that were stored as JSON. What an older version did not know has its default."""
    known = {name: value for name, value in said.items() if name in Rights.__struct_fields__}
    for name in ("expires", "terms_checked"):
        if known.get(name):
            known[name] = date.fromisoformat(known[name])
    known["images"] = Images(**known["images"]) if "images" in known else Images(scope="none")
    if isinstance(known.get("ai_use"), dict):
        known["ai_use"] = Uses(**known["ai_use"])
    if "corrections" in known:
        known["corrections"] = Corrections(**known["corrections"])
    return Rights(**{**known, "redistribute": tuple(known.get("redistribute", ()))})

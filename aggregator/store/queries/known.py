"""What a poll has to know before it is judged: of its source, and of the articles that its entries may be. Reads only.

It costs by what is looked for: one question for a source whose document says nothing new, about ten for one that does.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from msgspec.structs import replace

from aggregator.model import Before, Deleted, Entry, Known, MassKind, Memory, Snapshot, Source, Wanted, Words
from aggregator.model.errors import SourceRenamed
from aggregator.store.connection import Connection
from aggregator.store.queries import acts, habits, history, source_rules, tombstones
from aggregator.text.dates import from_iso
from aggregator.text.folding import fold, opening
from aggregator.text.raw_words import decode

_LISTED = 200  # few documents list more; what is not asked for is compared when it is recorded


def load(connection: Connection, source: Source) -> Memory:
    """What is remembered of a source's last document; of what it said only the newest articles, since documents list
    those. A key that leads to another article, because it is used for two or a merge was undone, is not among them.
    """
    row = connection.execute(
        "SELECT source_id FROM sources WHERE publisher = ? AND source_key = ?", (source.publisher, source.key)
    ).fetchone()
    if row is None:  # it was renamed a moment ago, which `snapshot` says
        return Memory(digests={}, last_listed=())
    (number,) = row
    said = connection.execute(
        """
        SELECT s.article_key, s.entry_hash
        FROM (SELECT * FROM sightings WHERE source_id = ?1 ORDER BY article_id DESC LIMIT ?2) AS s
        CROSS JOIN article_keys AS k ON k.article_key = s.article_key AND k.article_id = s.article_id
          AND k.publisher = ?3
        """,
        (number, _LISTED, source.publisher),
    )
    return Memory(
        digests=dict(said.fetchall()),
        last_listed=tuple(_listed(connection, number, by_key=True)),
    )


def listed_before(connection: Connection, source_id: int) -> tuple[Before, ...]:
    """What the source's last document listed, in its order, articles by their numbers and what its rules left out by
    first key; empty: that is not known.
    """
    return tuple(_listed(connection, source_id, by_key=False))


def _listed(connection: Connection, source_id: int, *, by_key: bool) -> Iterator[Before]:
    """`by_key`: articles are named by the key that the source last gave them, where that is known."""
    (stored,) = connection.execute("SELECT last_listed FROM sources WHERE source_id = ?", (source_id,)).fetchone()
    listed: list[int | str] = json.loads(stored or "[]")
    found: dict[int | str, Before] = {}
    rows = connection.execute(
        """
        SELECT a.article_id, g.article_key, a.sort_time, coalesce(a.published, a.updated) FROM json_each(?1) AS named
        CROSS JOIN articles AS a ON a.article_id = CAST(named.value AS INTEGER)
        LEFT JOIN sightings AS g ON g.source_id = ?2 AND g.article_id = a.article_id
        """,
        (json.dumps([each for each in listed if isinstance(each, int)]), source_id),
    )
    for number, key, at, dated in rows:
        found[number] = Before(key if by_key and key is not None else number, from_iso(at), dated is not None)
    if keys := [each for each in listed if isinstance(each, str)]:
        rows = connection.execute(
            """
            SELECT l.article_key, l.sort_time, l.is_dated FROM json_each(?1) AS named
            CROSS JOIN left_out AS l ON l.source_id = ?2 AND l.article_key = named.value
            """,
            (json.dumps(keys), source_id),
        )
        found |= {key: Before(key, from_iso(at), bool(is_dated)) for key, at, is_dated in rows}
    return (found[each] for each in listed if each in found)


def snapshot(connection: Connection, wanted: Wanted, version: tuple[int, int]) -> Snapshot:
    """Within a snapshot of the database. Raises SourceRenamed."""
    known, has_purged = _of_source(connection, wanted.source, version)
    if not (wanted.entries or wanted.seen or wanted.deleted):
        return known
    articles, digests = _under_keys(connection, wanted, known.source_id)
    new = [entry for entry in wanted.entries if not _is_unchanged(entry, known.id_trust, articles, digests)]
    near = _near(connection, wanted.source.publisher, {key for entry in new for key in entry.near_keys})
    may_be = {articles[key] for entry in new for key in entry.keys if key in articles} | set(near.values())
    listed_as_deleted = {articles[key] for key in wanted.deleted if key in articles}
    candidates, words = _candidates(connection, may_be, known.source_id)
    named = {*may_be, *listed_as_deleted}
    buried = {key for entry in wanted.entries for key in entry.buried_keys}
    return replace(
        known,
        last_listed=listed_before(connection, known.source_id) if known.has_listed else (),
        articles=articles,
        near=near,
        digests=digests,
        candidates=candidates,
        words=words,
        pending_words=history.pending_words_of(
            connection, known.source_id, sorted(may_be.intersection(known.pending_revision_keys))
        ),
        purged=tombstones.buried(connection, wanted.source.publisher, buried) if has_purged else {},
        pending_changes=_waiting(connection, may_be, known.source_id),
        deleted=_deleted(connection, named) if wanted.deleted else {},
        states=acts.states(connection, sorted(named)) if named else {},
        in_latest=_in_latest(connection, wanted.source.publisher, {entry.day for entry in new}),
    )


def _of_source(connection: Connection, source: Source, version: tuple[int, int]) -> tuple[Snapshot, bool]:
    """What is known of the source itself, and whether anything was ever purged."""
    row = connection.execute(
        f"""
        SELECT {", ".join(habits.COLUMNS)}, source_id, id_trust, id_conflicts, unstable, most_changed,
          redirect_unchecked,
          EXISTS (SELECT 1 FROM redirects WHERE source_id = s.source_id AND state <> 'accepted'),
          EXISTS (SELECT 1 FROM sightings WHERE source_id = s.source_id),
          EXISTS (SELECT 1 FROM left_out WHERE source_id = s.source_id),
          EXISTS (SELECT 1 FROM pending_revisions WHERE source_id = s.source_id),
          EXISTS (SELECT 1 FROM pending_changes WHERE source_id = s.source_id AND signal = 'tombstone'),
          EXISTS (SELECT 1 FROM tombstones)
        FROM sources AS s WHERE publisher = ? AND source_key = ?
        """,  # noqa: S608  (constants)
        (source.publisher, source.key),
    ).fetchone()
    if row is None:
        raise SourceRenamed(source.name)
    of_habits, others = row[: len(habits.COLUMNS)], row[len(habits.COLUMNS) :]
    number, trust, conflicts, unstable_polls, most, unchecked, redirected, *has = others
    sighted, left_out, held, waits, has_purged = has
    known = Snapshot(
        source=source,
        source_id=number,
        version=version,
        habits=habits.of_row(of_habits),
        id_trust=trust,
        id_conflicts=conflicts,
        unstable_polls=tuple(map(from_iso, json.loads(unstable_polls or "[]"))),
        most_changed=json.loads(most or "{}"),
        has_listed=bool(sighted or left_out),
        left_out=source_rules.left_out(connection, number) if left_out else {},
        pending_revision_keys=_by_article(connection, "pending_revisions", "TRUE", number) if held else {},
        tombstones=_by_article(connection, "pending_changes", "signal = 'tombstone'", number) if waits else {},
        is_unchecked=bool(unchecked),
        has_pending_redirect=bool(redirected),
    )
    return known, bool(has_purged)


def _by_article(connection: Connection, table: str, which: str, source_id: int) -> dict[int, str]:
    sql = f"SELECT article_id, article_key FROM {table} WHERE source_id = ? AND {which}"  # noqa: S608  (constants)
    return dict(connection.execute(sql, (source_id,)).fetchall())


def _under_keys(connection: Connection, wanted: Wanted, source_id: int) -> tuple[dict[str, int], dict[int, bytes]]:
    """The publisher's articles by key, and the digests of what the source last said of them."""
    keys = {key for entry in wanted.entries for key in entry.keys} | {*wanted.seen, *wanted.deleted}
    rows = connection.execute(
        """
        SELECT k.article_key, k.article_id, s.entry_hash FROM json_each(?) AS asked
        CROSS JOIN article_keys AS k ON k.publisher = ? AND k.article_key = asked.value
        LEFT JOIN sightings AS s ON s.source_id = ? AND s.article_id = k.article_id
        """,
        (json.dumps(sorted(keys)), wanted.source.publisher, source_id),
    ).fetchall()
    articles = {key: article_id for key, article_id, _ in rows}
    return articles, {article_id: digest for _, article_id, digest in rows if digest is not None}


def _is_unchanged(entry: Any, trust: str, articles: Mapping[str, int], digests: Mapping[int, bytes]) -> bool:
    """Whether the source said the very same before, so that nothing more need be known of its article."""
    keys = [entry.first_key_without_ids] if trust == "url" else [entry.first_key, entry.first_key_without_ids]
    return all(key in articles and digests.get(articles[key]) == entry.entry_hash for key in keys)


def _near(connection: Connection, publisher: str, keys: Collection[str]) -> dict[str, int]:
    if not keys:
        return {}
    rows = connection.execute(
        """
        SELECT k.article_key, k.article_id FROM json_each(?) AS asked
        CROSS JOIN near_keys AS k ON k.publisher = ? AND k.article_key = asked.value
        """,
        (json.dumps(sorted(keys)), publisher),
    )
    return dict(rows.fetchall())


# Columns are named as the fields of `Known`; those behind `moved` are of the words in force. Where what the source said
# last is forgotten (`forgetting`), and the words in force are its own, those are what it said; no digest is known.
_CANDIDATES = """
    SELECT a.article_id, a.revision, r.words_hash, a.first_seen, coalesce(r.stored_at, r.seen_at) AS last_revision,
      coalesce(s.entry_hash, CASE WHEN r.source_id = ?2 THEN ?3 END) AS entry_hash,
      CASE WHEN s.entry_hash IS NULL AND r.source_id = ?2 THEN r.words_hash ELSE s.words_hash END AS listed_words_hash,
      s.media_hash AS listed_media_hash, a.url,
      a.published, a.language, a.title AS folded_title,
      CASE WHEN g.fields IS NOT NULL THEN '' WHEN b.text <> '' THEN substr(b.text, 1, 800)
        ELSE substr(b.summary, 1, 800) END AS opening,
      s.article_key AS key,
      EXISTS (SELECT 1 FROM merges AS m WHERE m.article_id = a.article_id AND m.undone_at IS NULL) AS merged,
      EXISTS (SELECT 1 FROM merges AS m WHERE m.article_id = a.article_id AND m.undone_at IS NULL
        AND m.joined_article_id IS NOT NULL) AS joined,
      a.revision > 1 AND EXISTS (
        SELECT 1 FROM revisions AS o WHERE o.article_id = a.article_id AND o.number > 1
          AND o.changed LIKE '%"url"%') AS moved,
      r.title, a.byline, a.updated,
      CASE WHEN s.entry_hash IS NOT NULL OR r.source_id = ?2 OR g.fields IS NOT NULL
        THEN raw_words(r.raw, r.dictionary_id) END,
      g.fields IS NOT NULL
    FROM json_each(?1) AS named
    CROSS JOIN articles AS a ON a.article_id = CAST(named.value AS INTEGER)
    JOIN revisions AS r ON r.article_id = a.article_id AND r.number = a.revision
    JOIN bodies AS b ON b.article_id = a.article_id
    LEFT JOIN sightings AS s ON s.source_id = ?2 AND s.article_id = a.article_id
    LEFT JOIN pages AS g ON g.article_id = a.article_id
"""


def _candidates(
    connection: Connection, articles: Collection[int], source_id: int
) -> tuple[dict[int, Known], dict[int, Words]]:
    """These articles, and the words in force of those that this source listed before. The dates are those that were
    last said, which a listing may move without making a revision.
    """
    if not articles:
        return {}, {}
    rows = connection.execute(_CANDIDATES, (json.dumps(sorted(articles)), source_id, b""))
    names = [column[0] for column in rows.description]
    candidates: dict[int, Known] = {}
    words: dict[int, Words] = {}
    for *fields, title, byline, updated, said, has_page in rows:
        known = _known(dict(zip(names, fields, strict=False)))
        if has_page:
            known = _without_page(known, decode(said))
        candidates[known.article_id] = known
        if said is not None and (known.entry_hash is not None or not has_page):
            words[known.article_id] = history.words_of_entry(
                decode(said),
                title,
                byline,
                url=known.url,
                published=known.published,
                updated=from_iso(updated) if updated else None,
                words_hash=known.words_hash,
            )
    return candidates, words


def _without_page(known: Known, entry: Entry) -> Known:
    """As its feed has it: entries are recognised by what feeds say. The hash of the version in force is of both, so
    that of the feed's words stands for it, where it is known.
    """
    title, begins = history.beginning(entry)
    words_hash = known.listed_words_hash or known.words_hash
    return replace(known, words_hash=words_hash, folded_title=title, opening=begins)


def _known(fields: dict[str, Any]) -> Known:
    fields["opening"], fields["folded_title"] = opening(fields["opening"]), fold(fields["folded_title"])
    times = {name: from_iso(fields[name]) for name in ("first_seen", "last_revision", "published") if fields[name]}
    return Known(**fields | times | {name: bool(fields[name]) for name in ("merged", "joined", "moved")})


def _waiting(connection: Connection, articles: Collection[int], source_id: int) -> dict[int, tuple[bool, MassKind]]:
    """Of these articles those of which a change waits for a person: whether this source said it, and its kind."""
    if not articles:
        return {}
    rows = connection.execute(
        """
        SELECT c.article_id, c.source_id = ?, c.mass_kind FROM json_each(?) AS named
        CROSS JOIN pending_changes AS c ON c.article_id = CAST(named.value AS INTEGER) AND c.signal = 'entry'
          AND c.reason = 'mass'
        """,
        (source_id, json.dumps(sorted(articles))),
    )
    return {article_id: (bool(is_own), kind) for article_id, is_own, kind in rows}


def _deleted(connection: Connection, articles: Collection[int]) -> dict[int, Deleted]:
    named = json.dumps(sorted(articles))
    rows = connection.execute(
        "SELECT t.article_id, actor, reason FROM json_each(?) AS named CROSS JOIN acts AS t"
        " ON t.article_id = CAST(named.value AS INTEGER)",
        (named,),
    ).fetchall()
    waiting = connection.execute(
        """
        SELECT c.article_id FROM json_each(?) AS named
        CROSS JOIN pending_changes AS c ON c.article_id = CAST(named.value AS INTEGER) AND c.signal = 'tombstone'
        """,
        (named,),
    )
    tombstoned = {article_id for (article_id,) in waiting}
    done: dict[int, set[tuple[str, str]]] = {article_id: set() for article_id in articles}
    for article_id, actor, reason in rows:
        done[article_id].add((actor, reason))
    return {
        article_id: Deleted(acts=frozenset(done[article_id]), has_tombstone=article_id in tombstoned)
        for article_id in done
    }


def _in_latest(connection: Connection, publisher: str, days: Collection[str]) -> dict[str, int]:
    """How many reports of the publisher stand in `latest`, by the days they are listed under; with those that will
    stand there when their embargoes end.
    """
    if not days:
        return {}
    # The added '' lets the index of embargoes be used, which has few rows.
    rows = connection.execute(
        """
        SELECT d.day, d.usable - d.backfill FROM json_each(?1) AS asked
        CROSS JOIN reports_per_day AS d ON d.publisher = ?2 AND d.day = asked.value
        UNION ALL
        SELECT substr(sort_time, 1, 10) AS day, count(*) FROM articles
        WHERE embargoed_until IS NOT NULL AND publisher || '' = ?2 AND status = 'usable' AND backfill = 0 GROUP BY day
        """,
        (json.dumps(sorted(days)), publisher),
    )
    found: dict[str, int] = {}
    for day, count in rows:
        found[day] = found.get(day, 0) + count
    return found

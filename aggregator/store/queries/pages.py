"""What was read of reports' own pages: reads and writes those rows, and keeps the page's words beside newer ones."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Any

from aggregator.model import Article, Decision, PageReading, PageState, PageWords
from aggregator.store.connection import Connection
from aggregator.store.queries import raw
from aggregator.text.page_words import with_page
from aggregator.text.raw_words import decode


def is_there(connection: Connection) -> bool:
    """Whether the database has the table: one that an older version made, and that is only read, has not."""
    return connection.has_table("pages")


def state(connection: Connection, article_id: int) -> PageState | None:
    """The report as it is held; None: it is not here any more, was purged, or its words are damaged."""
    row = connection.execute(
        """
        SELECT a.revision, r.raw, r.dictionary_id, a.language, a.stated_language, a.class,
          s.publisher || '/' || s.source_key,
          (SELECT article_key FROM sightings AS g WHERE g.source_id = r.source_id AND g.article_id = a.article_id)
        FROM articles AS a
        JOIN revisions AS r ON r.article_id = a.article_id AND r.number = a.revision
        JOIN sources AS s ON s.source_id = r.source_id
        WHERE a.article_id = ? AND a.notice IS DISTINCT FROM 'removed'
        """,
        (article_id,),
    ).fetchone()
    if row is None:
        return None
    revision, packed, dictionary, language, stated, item_class, source, key = row
    words = raw.unpacker(connection)(packed, dictionary)
    if words is None:
        return None
    return PageState(
        article_id=article_id,
        revision=revision,
        raw=words,
        language=language,
        stated_language=stated,
        item_class=item_class,
        key=key or "",
        source_name=source,
    )


def write(connection: Connection, reading: PageReading, at: str) -> bool:
    """What a reading came to. What failed leaves what was read before. False: the report has another version than when
    this was decided, or was purged, and nothing is written.
    """
    row = connection.execute(
        """
        SELECT g.evidence FROM articles AS a LEFT JOIN pages AS g ON g.article_id = a.article_id
        WHERE a.article_id = ? AND a.revision = coalesce(?, a.revision) AND a.notice IS DISTINCT FROM 'removed'
        """,
        (reading.article_id, reading.revision),
    ).fetchone()
    if row is None:
        return False
    is_read = reading.outcome != "failed"
    evidence = {**json.loads(row[0] or "{}"), **reading.evidence}
    revision = reading.revision
    if reading.decision is not None and revision is not None:
        revision += 1
    connection.execute(
        """
        INSERT INTO pages (article_id, mode, tried_at, outcome, reason, read_at, read_as, revision, fields, evidence)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (article_id) DO UPDATE SET mode = excluded.mode, tried_at = excluded.tried_at,
          outcome = excluded.outcome, reason = excluded.reason, read_at = coalesce(excluded.read_at, pages.read_at),
          read_as = coalesce(excluded.read_as, pages.read_as), revision = coalesce(excluded.revision, pages.revision),
          fields = CASE WHEN excluded.read_at IS NULL THEN pages.fields ELSE excluded.fields END,
          evidence = CASE WHEN excluded.read_at IS NULL THEN pages.evidence ELSE excluded.evidence END
        """,
        (
            reading.article_id,
            reading.mode,
            at,
            reading.outcome,
            reading.reason,
            at if is_read else None,
            reading.mode if is_read else None,
            revision if is_read else None,
            json.dumps(reading.fields) if reading.fields else None,
            json.dumps(evidence) if evidence else None,
        ),
    )
    return True


def note(connection: Connection, versions: Sequence[tuple[int, int, Article]], at: str) -> None:
    """That these versions have words of their pages, where that is not known: a person made one report two, or two one,
    and the words came from the other. Article id, number, article.
    """
    connection.executemany(
        """
        INSERT INTO pages (article_id, mode, tried_at, outcome, revision, fields)
        VALUES (?, 'metadata', ?, 'read', ?, ?) ON CONFLICT DO NOTHING
        """,
        [
            (number, at, revision, json.dumps([each.name for each in fields(PageWords) if getattr(a.page, each.name)]))
            for number, revision, a in versions
        ],
    )


def kept(connection: Connection, decisions: Sequence[Decision]) -> list[Decision]:
    """The same decisions, each with what its report's page said beside what its feed says now."""
    known = [each.known.article_id for each in decisions if each.known]
    found = _words(connection, known) if known else {}
    return [_with_page(each, found) for each in decisions] if found else list(decisions)


def _with_page(decision: Decision, found: dict[int, tuple[PageWords, int]]) -> Decision:
    if decision.known is None or decision.article.page is not None or decision.known.article_id not in found:
        return decision
    page, excerpt_words = found[decision.known.article_id]
    return replace(decision, article=with_page(decision.article, page, excerpt_words))


def _words(connection: Connection, articles: Sequence[int]) -> dict[int, tuple[PageWords, int]]:
    """Of these articles those that have words of their pages: these, and how many words an excerpt may have."""
    rows = connection.execute(
        """
        SELECT a.article_id, raw_words(r.raw, r.dictionary_id), json_extract(p.rights, '$.excerpt_max_words')
        FROM json_each(?) AS named
        CROSS JOIN pages AS g ON g.article_id = CAST(named.value AS INTEGER) AND g.fields IS NOT NULL
        CROSS JOIN articles AS a ON a.article_id = g.article_id
        JOIN revisions AS r ON r.article_id = a.article_id AND r.number = a.revision
        JOIN publishers AS p ON p.publisher = a.publisher
        """,
        (json.dumps(list(articles)),),
    )
    return {number: (page, int(most)) for number, words, most in rows if (page := decode(words).page) is not None}


def tried(connection: Connection, since: str, until: str) -> dict[str, tuple[int, dict[str, int]]]:
    """By publisher, how many of the pages that were tried last in this time were read, and how many were not, by the
    reason without its details.
    """
    found: dict[str, tuple[int, dict[str, int]]] = {}
    if not is_there(connection):
        return found
    rows = connection.execute(
        """
        SELECT a.publisher, CASE WHEN g.outcome = 'read' THEN NULL
            WHEN instr(g.reason, ': ') > 0 THEN substr(g.reason, 1, instr(g.reason, ': ') - 1)
            ELSE g.reason END AS why, count(*)
        FROM pages AS g CROSS JOIN articles AS a ON a.article_id = g.article_id
        WHERE g.tried_at >= ? AND g.tried_at <= ? GROUP BY 1, 2 ORDER BY 1, 3 DESC, 2
        """,
        (since, until),
    )
    for publisher, why, count in rows:
        read, others = found.get(publisher, (0, {}))
        found[publisher] = (read + count, others) if why is None else (read, {**others, why: count})
    return found


def failed(connection: Connection, since: str, until: str) -> dict[str, tuple[int, int, str]]:
    """By the name of the source that listed the reports first, where any page of this time could not be read: how many
    were tried, how many could not, and why the last one could not.
    """
    if not is_there(connection):
        return {}
    rows = connection.execute(
        """
        SELECT s.publisher || '/' || s.source_key, count(*), sum(g.outcome = 'failed'),
          max(CASE WHEN g.outcome = 'failed' THEN g.tried_at || ' ' || coalesce(g.reason, '') END)
        FROM pages AS g CROSS JOIN articles AS a ON a.article_id = g.article_id
        CROSS JOIN sources AS s ON s.source_id = a.source_id
        WHERE g.tried_at >= ? AND g.tried_at <= ? GROUP BY 1 HAVING sum(g.outcome = 'failed') > 0
        """,
        (since, until),
    )
    return {source: (tried, count, last.partition(" ")[2]) for source, tried, count, last in rows}


def of_report(connection: Connection, public_id: str) -> dict[str, Any] | None:
    """What came of reading a report's page: mode, tried_at, outcome, reason, read_at, fields, evidence (a list and an
    object); None: it was not tried.
    """
    if not is_there(connection):
        return None
    row = connection.execute(
        """
        SELECT g.mode, g.tried_at, g.outcome, g.reason, g.read_at, g.fields, g.evidence
        FROM articles AS a JOIN pages AS g ON g.article_id = a.article_id WHERE a.id = ?
        """,
        (public_id,),
    ).fetchone()
    if row is None:
        return None
    mode, tried, outcome, reason, read, named, evidence = row
    return {
        "mode": mode,
        "tried_at": tried,
        "outcome": outcome,
        "reason": reason,
        "read_at": read,
        "fields": json.loads(named or "[]"),
        "evidence": json.loads(evidence or "{}"),
    }

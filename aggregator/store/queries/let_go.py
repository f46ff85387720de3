"""Lets go of articles' words: everywhere that they are held, and of every revision. The one place that knows where.

"No revision is ever updated" is about what is kept. Rights that end and persons take it away.
What is deleted here is overwritten (`opening`); the letters in the search index go with `search.merge`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType

from aggregator.model import Entry, Lending
from aggregator.store.connection import StoreConnection
from aggregator.store.queries import tags, tombstones, who
from aggregator.store.queries.raw import Pack, packer, unpacker, with_headline_only, without_words
from aggregator.text import raw_words
from aggregator.text.dates import to_iso

_WAITING = ("pending_changes", "pending_revisions")  # tables with words of revisions to come
# The tables with raw words, and the columns of their keys.
_RAW: Mapping[str, Sequence[str]] = MappingProxyType(
    {
        "revisions": ("revision_id",),
        "pending_changes": ("article_id", "signal"),
        "pending_revisions": ("article_id",),
    }
)

_THESE = "(SELECT CAST(value AS INTEGER) FROM json_each(?1))"  # the articles, as a JSON array


# Articles whose words may be held no longer. ?1: JSON object, by publisher up to which time of first sight. CROSS: few
# publishers lend, and the planner, which cannot know that, would look at every article of the wire.
_OVER = """
    SELECT a.article_id FROM json_each(?1) AS lent
    CROSS JOIN articles AS a INDEXED BY articles_with_words ON a.publisher = lent.key AND likely(a.has_text)
      AND a.first_seen <= lent.value
    LIMIT ?2
"""
_BATCH = 100  # articles; a transaction of 500 kept other programs waiting for half a second

Over = Mapping[str, datetime]  # by publisher; words of what was first seen then or earlier may be held no longer


def lending(connection: StoreConnection) -> dict[str, Lending]:
    """For how long the publishers who do not let us keep words let us hold them."""
    rows = connection.execute(
        """
        SELECT publisher, json_extract(rights, '$.storage') AS storage, json_extract(rights, '$.retention_days')
        FROM publishers WHERE json_extract(rights, '$.storage') <> 'keep'
        """
    )
    return {
        publisher: Lending(storage=storage, days=None if days is None else int(days))
        for publisher, storage, days in rows
    }


def let_go(connection: StoreConnection, over: Over) -> int:
    """Lets go of the words of up to 100 articles; returns how many. Within a transaction.

    The articles keep headline, byline, link, dates and the hashes of what was received.
    """
    articles = [article_id for (article_id,) in connection.execute(_OVER, (_as_parameter(over), _BATCH)).fetchall()]
    if not articles:
        return 0
    these, pack = json.dumps(articles), packer(connection)
    readable = connection.execute(
        f"SELECT article_id FROM bodies WHERE article_id IN {_THESE}"  # noqa: S608
        " AND summary || text || coalesce(excerpt, '') <> ''",
        (these,),
    ).fetchall()
    if readable:  # of a publisher that lets us keep none, no words come in, and the index is as it should be
        connection.index.take_back(connection, [article_id for (article_id,) in readable])
        connection.execute(
            f"UPDATE bodies SET summary = '', text = '', excerpt = '' WHERE article_id IN {_THESE}",  # noqa: S608
            (these,),
        )  # the triggers queue the headlines
    for table in ("media", "picture_uses"):
        connection.execute(f"DELETE FROM {table} WHERE article_id IN {_THESE}", (these,))  # noqa: S608
    for table, stays in who.STAYS.items():
        connection.execute(f"DELETE FROM {table} WHERE article_id IN {_THESE} AND NOT ({stays})", (these,))  # noqa: S608
    for table in _RAW:
        _strip(connection, table, f"w.article_id IN {_THESE}", these, pack)
    tags.let_go(connection, articles)
    connection.execute(f"UPDATE articles SET has_text = 0 WHERE article_id IN {_THESE}", (these,))  # noqa: S608
    return len(articles)


def has_over(connection: StoreConnection, over: Over, *, by_index: bool) -> bool:
    """Whether there are words that `let_go` would let go of. `by_index`: `articles` is a table, and no view."""
    sql = _OVER if by_index else _OVER.replace(" INDEXED BY articles_with_words", "")
    return bool(over) and connection.execute(sql, (_as_parameter(over), 1)).fetchone() is not None


def shown(over: Over) -> dict[str, tuple[dict[str, str], str]]:
    """What `let_go` will leave of tables that hold words: by table the columns that are others then, as SQL, and for
    which rows, as SQL; both of a row `t`.
    """
    is_over = _is_over_sql(over, "t.article_id")
    emptied = {name: f"CASE WHEN {is_over} THEN '' ELSE t.{name} END" for name in ("summary", "text", "excerpt")}
    stripped = f"CASE WHEN {is_over} THEN {with_headline_only('t.dictionary_id')} ELSE t.dictionary_id END"
    return {
        "bodies": (emptied, "TRUE"),
        "revisions": ({"dictionary_id": stripped}, "TRUE"),
        "media": ({}, f"NOT {is_over}"),
        **{table: ({}, f"({stays} OR NOT {is_over})") for table, stays in who.STAYS.items()},
    }


def _is_over_sql(over: Over, article: str) -> str:
    """SQL for whether the words of an article may be held no longer; `article` is SQL."""
    lent = _as_parameter(over).replace("'", "''")
    return f"""EXISTS (
        SELECT 1 FROM json_each('{lent}') AS lent
        CROSS JOIN articles AS a ON a.publisher = lent.key AND a.first_seen <= lent.value
        WHERE a.article_id = {article} AND a.has_text = 1)"""  # noqa: S608  (keys of publishers, and times)


def let_go_pending(connection: StoreConnection, over: Over) -> None:
    """Lets go of words that are in force nowhere yet, those that came when the publisher's rights let us hold them no
    longer among them. Within a transaction.
    """
    pack = packer(connection)
    is_over = """EXISTS (
        SELECT 1 FROM articles AS a JOIN json_each(?1) AS lent ON lent.key = a.publisher AND a.first_seen <= lent.value
        WHERE a.article_id = w.article_id)"""
    for table in _WAITING:
        _strip(connection, table, is_over, _as_parameter(over), pack)


def _as_parameter(over: Over) -> str:
    return json.dumps({publisher: to_iso(until) for publisher, until in over.items()})


def _strip(connection: StoreConnection, table: str, which: str, value: str, pack: Pack) -> None:
    """Packs the raw words of some rows anew, without those that are let go of. `which`: SQL of a condition on rows `w`,
    with `value` as ?1.
    """
    unpack, key = unpacker(connection), _RAW[table]
    rows = connection.execute(
        f"SELECT {', '.join(key)}, raw, dictionary_id FROM {table} AS w WHERE raw IS NOT NULL AND {which}",  # noqa: S608
        (value,),
    )
    is_it = " AND ".join(f"{column} = ?" for column in key)
    for *row, raw, dictionary in rows.fetchall():
        words = unpack(raw, dictionary)
        kept = without_words(words)
        if kept != words:
            packed = pack(kept)
            connection.execute(f"UPDATE {table} SET raw = ?, dictionary_id = ? WHERE {is_it}", (*packed, *row))  # noqa: S608


def everything(
    connection: StoreConnection, articles: Sequence[int], keys: Iterable[tuple[str, str, str]], at: str
) -> None:
    """Nothing of the articles stays that their publisher said, but tombstones and a husk: the article's row with id,
    publisher and times, so that ids are never used again and the ledger has no gap; and one empty revision, because
    SQLite would give the number of the newest away again. Within a transaction. `keys`: what a copy would be found by,
    beside the keys that are stored: publisher, key, public id of the report.
    """
    these, pack = json.dumps(list(articles)), packer(connection)
    connection.index.take_back(connection, articles)
    _bury_keys(connection, these, keys, at)
    _empty_what_was_mixed_in(connection, these, pack)
    for sql in _GOING:
        connection.execute(sql, (these,))
    connection.execute(
        f"""
        UPDATE revisions SET title = '', words_hash = ?4, raw_hash = ?4, changed = NULL, raw = ?2, dictionary_id = ?3
        WHERE article_id IN {_THESE}
        """,  # noqa: S608
        (these, *pack(raw_words.encode(Entry())), b""),
    )
    # What ANALYZE of an SQLite with STAT4 took as samples: keys and addresses, if a person asked for these tables.
    if connection.has_table("sqlite_stat4"):
        connection.execute("DELETE FROM sqlite_stat4")


_PUBLISHERS = f"(SELECT DISTINCT publisher FROM articles WHERE article_id IN {_THESE})"  # noqa: S608

_GOING = (
    f"""
    DELETE FROM sightings
    WHERE source_id IN (SELECT source_id FROM sources WHERE publisher IN {_PUBLISHERS}) AND article_id IN {_THESE}
    """,  # noqa: S608
    f"DELETE FROM bodies WHERE article_id IN {_THESE}",  # noqa: S608
    f"DELETE FROM media WHERE article_id IN {_THESE}",  # noqa: S608
    # The codes stay, as class and language do: the ledger tells by them who is to hear of it.
    f"DELETE FROM tags WHERE article_id IN {_THESE}",  # noqa: S608
    f"DELETE FROM tag_queue WHERE article_id IN {_THESE}",  # noqa: S608
    *(f"DELETE FROM {table} WHERE article_id IN {_THESE}" for table in who.TABLES),  # noqa: S608
    f"DELETE FROM picture_uses WHERE article_id IN {_THESE}",  # noqa: S608  (and with the last one the picture)
    f"DELETE FROM rechecks WHERE article_id IN {_THESE}",  # noqa: S608
    f"DELETE FROM pages WHERE article_id IN {_THESE}",  # noqa: S608
    # What its page says to machines stands beside the page's address.
    f"DELETE FROM rights_signals WHERE article_id IN {_THESE}",  # noqa: S608
    f"""
    DELETE FROM app_states WHERE reader_id IN (SELECT reader_id FROM app_readers) AND article_id IN {_THESE}
    """,  # noqa: S608
    f"DELETE FROM merges WHERE article_id IN {_THESE}",  # noqa: S608
    *(f"DELETE FROM {table} WHERE article_id IN {_THESE}" for table in _WAITING),  # noqa: S608
    f"DELETE FROM excerpt_queue WHERE article_id IN {_THESE}",  # noqa: S608
    # A merge that was undone concerns another article too, and its record stays; the key is a purged report's.
    f"UPDATE merges SET article_key = '', evidence = '' WHERE split_article_id IN {_THESE}",  # noqa: S608
    f"UPDATE merges SET joined_keys = '[]' WHERE joined_article_id IN {_THESE}",  # noqa: S608
    # An act by the publisher's page refers to its address, in which the headline stands. Persons' words are theirs.
    f"UPDATE acts SET reference = NULL WHERE article_id IN {_THESE} AND actor LIKE 'publisher:%'",  # noqa: S608
    f"""
    DELETE FROM revisions WHERE article_id IN {_THESE}
      AND number < (SELECT max(number) FROM revisions AS newest WHERE newest.article_id = revisions.article_id)
    """,  # noqa: S608
    f"""
    UPDATE articles SET title = '', url = NULL, byline = NULL, stated_language = NULL, published_stated = NULL,
      updated_stated = NULL, status = 'canceled', notice = 'removed', embargoed_until = NULL, has_text = 0
    WHERE article_id IN {_THESE}
    """,  # noqa: S608
)


def _bury_keys(connection: StoreConnection, these: str, others: Iterable[tuple[str, str, str]], at: str) -> None:
    """Tombstones in the place of all keys of the articles, and for these others."""
    keys: list[tuple[str, str, str]] = []
    # These tables are ordered by publisher and not by article, so each is walked once, and of these publishers only.
    for table in ("article_keys", "near_keys"):
        found = connection.execute(
            f"""
            SELECT k.publisher, k.article_key, a.id FROM {table} AS k CROSS
              JOIN articles AS a ON a.article_id = k.article_id
            WHERE k.publisher IN {_PUBLISHERS} AND k.article_id IN {_THESE}
            """,  # noqa: S608
            (these,),
        ).fetchall()
        connection.executemany(
            f"DELETE FROM {table} WHERE publisher = ? AND article_key = ?",  # noqa: S608
            [row[:2] for row in found],
        )
        keys += found
    tombstones.bury(connection, [*keys, *others], at)


def _empty_what_was_mixed_in(connection: StoreConnection, these: str, pack: Pack) -> None:
    """A report that a split made was taken for another one before, and that one's older versions hold its words: what
    came from the source of the merge until it was undone, but for what the other report said before it and says now.
    """
    connection.execute(
        f"""
        UPDATE revisions SET title = '', words_hash = ?4, raw_hash = ?4, changed = NULL, raw = ?2, dictionary_id = ?3
        WHERE revision_id IN (
          SELECT r.revision_id FROM merges AS m
          CROSS JOIN articles AS a ON a.article_id = m.article_id
          CROSS JOIN revisions AS r ON r.article_id = a.article_id AND r.source_id = m.source_id
            AND r.number > m.revision
            AND r.seen_at <= m.undone_at
            AND r.words_hash NOT IN (
              SELECT own.words_hash FROM revisions AS own
              WHERE own.article_id = a.article_id AND own.number IN (m.revision, a.revision))
          WHERE m.split_article_id IN {_THESE})
        """,  # noqa: S608
        (these, *pack(raw_words.encode(Entry())), b""),
    )

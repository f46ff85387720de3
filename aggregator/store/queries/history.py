"""The versions of articles: the newest words of some, for comparing. It alone reads `Words` from rows."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from msgspec.structs import replace

from aggregator.model import Entry, Words
from aggregator.store.connection import Connection
from aggregator.text.dates import from_iso, to_iso
from aggregator.text.folding import fold, opening
from aggregator.text.html import byline as own_byline
from aggregator.text.html import clean_line, in_full, plain
from aggregator.text.page_words import is_dated_by_page
from aggregator.text.pictures import digest
from aggregator.text.raw_words import decode


def words_of(connection: Connection, articles: Sequence[int]) -> dict[int, Words]:
    """The words of the newest revision of these articles, by the article's id; one question for all of them.

    The dates are those that were last said, which a listing may move without making a revision.
    """
    return _read(
        connection,
        """
        SELECT a.article_id, r.title, a.byline, a.url, a.published, a.updated, r.words_hash, NULL,
          raw_words(r.raw, r.dictionary_id)
        FROM json_each(?) AS asked
        CROSS JOIN articles AS a ON a.article_id = CAST(asked.value AS INTEGER)
        JOIN revisions AS r ON r.article_id = a.article_id AND r.number = a.revision
        """,
        articles,
    )


def pending_words_of(connection: Connection, source_id: int, articles: Sequence[int]) -> dict[int, Words]:
    """What this source said last of these articles, where it is held back; see `pending_revisions`."""
    if not articles:
        return {}
    return _read(
        connection,
        """
        SELECT h.article_id, h.title, h.byline, h.url, h.published, h.updated, h.words_hash, h.media_hash,
          raw_words(h.raw, h.dictionary_id)
        FROM json_each(?) AS asked CROSS JOIN pending_revisions AS h ON h.article_id = CAST(asked.value AS INTEGER)
          AND h.source_id = ?
        """,
        articles,
        source_id,
    )


def _read(connection: Connection, sql: str, articles: Sequence[int], *others: int) -> dict[int, Words]:
    return {
        article_id: words_of_entry(
            entry := decode(said),
            title,
            byline,
            url=url,
            published=from_iso(published) if published else None,
            updated=from_iso(updated) if updated else None,
            words_hash=words_hash,
            media_hash=digest(entry.media) or None if media_hash is None else media_hash,  # older words have no media
        )
        for article_id, title, byline, url, published, updated, words_hash, media_hash, said in connection.execute(
            sql, (json.dumps(list(articles)), *others)
        )
    }


def beginning(entry: Entry) -> tuple[str, str]:
    """The headline and the first words of a report as its feed has them, folded; by these it is recognised."""
    begins = next(filter(None, map(plain, entry.content)), "") or plain(entry.summary)
    return fold(clean_line(entry.title)), opening(begins)


def words_of_entry(entry: Entry, title: str, byline: str | None, **beside: Any) -> Words:
    """The words of an entry: what it said, and the headline and byline that its article shows. What its page said is
    none of it, since feeds are compared with feeds.
    """
    if entry.page is not None:
        byline, title = (
            own_byline(person.name for person in entry.authors if person.name) or None,
            clean_line(entry.title),
        )
        published = beside.get("published")
        if is_dated_by_page(entry, to_iso(published) if published else None):
            beside["published"] = None
    title, byline = in_full(title, byline, entry)
    short, body = plain(entry.summary), "\n".join(filter(None, map(plain, entry.content)))
    words = Words(title=title, summary=short, text=body or short, byline=byline)
    return replace(words, raw_summary=entry.summary, raw_content=entry.content, **beside)

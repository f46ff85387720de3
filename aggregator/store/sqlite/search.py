"""The index of words: fed in batches after the polls' transactions, from a queue that loses none.

It holds a row for the newest revision of each article, and takes the row of an older one back. Rows that were indexed
before they had words of ours (`queries.indexing`) have none, until the index is made anew. An index without content
(FTS5, "contentless tables") takes back only what it is shown again exactly, so triggers keep that in `search_removals`
in the moment in which it changes. Words that were taken back leave the file with `merge`, or when it is made anew.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from aggregator.model import AllOf, Article, Part, Phrase
from aggregator.store.connection import Connection
from aggregator.store.queries import settings
from aggregator.store.queries.indexing import (
    BATCH,
    NEWEST,
    RANKED_OF,
    Row,
    folded,
    marks_of_choice,
    marks_of_row,
    new_in_queue,
    next_queued,
    queue_all,
)
from aggregator.text.dates import from_iso, to_iso

# Of how words are put into the index: raise it when `fold` or the tokenizer changes (a test notices). Then the
# index is made anew, since it could not take back what the old `fold` had put in.
FORM = "1"

_FORM, _LETTERS, _MERGING, _MERGED = "search_form", "search_letters", "search_merging", "search_merged_at"  # settings
_PAGES = 200  # of 4 kB, that one step of merging writes: 0.03 s, at most 0.3 (bench/README.md)
_APART = timedelta(days=1)  # a merge writes the whole index, and some publishers lend words that end every hour

_MARKED_FROM = "search_marked_from"  # setting: rows of this revision and later ones have such words

_FOLDED = "fold(?2), fold(?3), ?5 || iif(?4 = ?3, '', fold(?4))"  # title, summary, text behind the words of ours
_ADD = f"INSERT INTO article_search (rowid, title, summary, text) VALUES (?1, {_FOLDED})"  # noqa: S608  (constants)
_TAKE_BACK = f"""
    INSERT INTO article_search (article_search, rowid, title, summary, text) VALUES ('delete', ?1, {_FOLDED})
"""  # noqa: S608


def index_batch(connection: Connection) -> int:
    """Takes back up to BATCH rows that hold no longer or, where there are none, adds up to BATCH revisions from the
    queue, newest first; returns how many it looked at, 0 when the index is complete. Within a transaction.

    Only an article's newest words are worth finding, so a revision that was overtaken in the queue is passed over.
    """
    return _take_back_batch(connection) or _add_batch(connection)


def _take_back_batch(connection: Connection) -> int:
    rows = connection.execute(f"{_REMOVALS} ORDER BY g.revision_id LIMIT ?", (BATCH,)).fetchall()
    _remove(connection, rows)
    return len(rows)


_REMOVALS = """
    SELECT g.revision_id, g.title, g.summary, g.text, coalesce(p.first_key, p.publisher), g.class, g.language
    FROM search_removals AS g
    CROSS JOIN revisions AS r ON r.revision_id = g.revision_id
    CROSS JOIN articles AS a ON a.article_id = r.article_id
    CROSS JOIN publishers AS p ON p.publisher = a.publisher
"""


def _remove(connection: Connection, rows: Sequence[Row]) -> None:
    connection.executemany(_TAKE_BACK, _marked(connection, rows))
    connection.executemany("DELETE FROM search_removals WHERE revision_id = ?", [(row[0],) for row in rows])


def _add_batch(connection: Connection) -> int:
    found = next_queued(connection)
    if found is None:
        return 0
    number, *bounds = found
    rows = connection.execute(
        f"""
        {NEWEST} JOIN search_queue AS q ON q.revision_id = r.revision_id
        WHERE q.revision_id BETWEEN ? AND ? AND NOT EXISTS (SELECT 1 FROM article_search_docsize
          WHERE id = r.revision_id)
        ORDER BY r.revision_id
        """,  # noqa: S608  (made of constants)
        bounds,
    ).fetchall()
    connection.executemany(_ADD, _marked(connection, rows))
    connection.execute("DELETE FROM search_queue WHERE revision_id BETWEEN ? AND ?", bounds)
    return number


def add_new(connection: Connection, new: Mapping[int, Article]) -> None:
    """Adds what waits in the queue of these new articles, by their numbers, from the values at hand: to read and fold
    them again takes twice as long. Within the transaction in which they were written.
    """
    if not (rows := new_in_queue(connection, new)):
        return
    first = marked_from(connection)
    connection.executemany(
        "INSERT INTO article_search (rowid, title, summary, text) VALUES (?, ?, ?, ?)",
        [
            (
                revision,
                title,
                summary,
                _beginning(first, revision, a.first_key or a.publisher, a.item_class, a.language) + text,
            )
            for revision, a in rows
            for title, summary, text in [folded(a)]
        ],
    )
    connection.executemany("DELETE FROM search_queue WHERE revision_id = ?", [row[:1] for row in rows])


def take_back(connection: Connection, articles: Sequence[int]) -> None:
    """Takes every row of these articles out of the index, whatever waits for it included. Within a transaction.

    Their letters stay in the file until the index is merged, which is asked for here.
    """
    these = (json.dumps(list(articles)),)
    waiting = connection.execute(
        f"{_REMOVALS} WHERE r.article_id IN (SELECT value FROM json_each(?))",  # noqa: S608
        these,
    ).fetchall()
    _remove(connection, waiting)
    standing = connection.execute(
        f"""
        {NEWEST} JOIN article_search_docsize AS indexed ON indexed.id = r.revision_id
        WHERE a.article_id IN (SELECT value FROM json_each(?))
        """,  # noqa: S608  (made of constants)
        these,
    ).fetchall()
    _remove(connection, standing)
    connection.execute(
        """
        DELETE FROM search_queue WHERE revision_id IN (
          SELECT revision_id FROM revisions WHERE article_id IN (SELECT value FROM json_each(?)))
        """,
        these,
    )
    settings.write(connection, _LETTERS, "1")


def marked_from(connection: Connection) -> int | None:
    """The first revision whose row has words of ours, as all later ones; None: no row has."""
    found = settings.read(connection, _MARKED_FROM)
    return None if found is None else int(found)


def marks(first_keys: Sequence[str], classes: Sequence[str], languages: Sequence[str]) -> list[str]:
    """FTS5 expressions for the words of ours, one for the publishers, one for the classes and one for the languages,
    where there are some and not too many: a row has one word of each expression.
    """
    named = marks_of_choice(first_keys, classes, languages)
    return ["(" + " OR ".join([f'"{word}"' for word in words]) + ")" for words in named]


def _marked(connection: Connection, rows: Iterable[Row]) -> Iterator[tuple[int, str, str, str, str]]:
    """The rows with what the text begins with in the place of publisher, class and language."""
    first = marked_from(connection)
    for revision, title, summary, text, *of in rows:
        yield revision, title, summary, text, _beginning(first, revision, *of)


def _beginning(
    first: int | None, revision: int, first_key: str | None, item_class: str | None, language: str | None
) -> str:
    """What the text of a revision begins with. `first`: see `marked_from`."""
    if first is None or revision < first:
        return ""
    return "".join(f"{word} " for word in marks_of_row(first_key, item_class, language))


def renew(connection: Connection, *, always: bool = False) -> int:
    """Empties the index and queues all that is to be found, where it was made in another form than this program's;
    returns how many reports that are. Within a transaction, seconds for a million; `index_batch` does the rest.
    """
    if not always and settings.read(connection, _FORM) == FORM:
        if marked_from(connection) is None:  # what was indexed until now has no words of ours
            (last,) = connection.execute("SELECT coalesce(max(revision_id), 0) FROM revisions").fetchone()
            settings.write(connection, _MARKED_FROM, str(last + 1))
        return 0
    # What is emptied here is written over as the index grows again, and by `purge --vacuum` for certain; to write a
    # gigabyte of zeros within this transaction would keep others waiting.
    connection.execute("PRAGMA secure_delete = OFF")
    try:
        connection.execute("INSERT INTO article_search (article_search) VALUES ('delete-all')")
    finally:
        connection.execute("PRAGMA secure_delete = ON")
    queued = queue_all(connection)
    connection.execute("DELETE FROM settings WHERE name IN (?, ?)", (_LETTERS, _MERGING))
    settings.write(connection, _FORM, FORM)
    settings.write(connection, _MARKED_FROM, "0")
    return queued


def merge(connection: Any, now: datetime) -> bool:
    """One step of writing the index without the letters of what was taken back, once a day at most; False: there is
    nothing to do. Within a transaction.

    FTS5 keeps a deleted row's words until its parts are merged into one ("The 'merge' Command"): the first step, with a
    negative number of pages, begins that, and it has ended when a step changes nothing.
    """
    merging = settings.read(connection, _MERGING)
    if not merging:
        last = settings.read(connection, _MERGED)
        if not settings.read(connection, _LETTERS) or (last and timedelta() <= now - from_iso(last) < _APART):
            return False
        settings.write(connection, _LETTERS, None)
        settings.write(connection, _MERGING, "1")
    before = connection.total_changes
    connection.execute(
        "INSERT INTO article_search (article_search, rank) VALUES ('merge', ?)", (_PAGES if merging else -_PAGES,)
    )
    if merging and connection.total_changes - before < 2:
        settings.write(connection, _MERGING, None)
        settings.write(connection, _MERGED, to_iso(now))
        return False
    return True


PAGE: int | None = None

# SQL for the newest 2,000 matches of an expression, its one parameter: (revision, score), by bm25: the headline counts
# ten times, the summary three. By a computed score FTS5 would read and sort every match (bench/README.md).
RANKED = f"""
    SELECT rowid AS revision, bm25(article_search, 10.0, 3.0, 1.0) AS score
    FROM article_search WHERE article_search MATCH ? ORDER BY rowid DESC LIMIT {RANKED_OF}
"""  # noqa: S608  (a number of ours)


def expression(wanted: Sequence[Part], unwanted: Sequence[Part] = (), marks: Sequence[str] = ()) -> str:
    """All of `wanted`, one at least, and none of `unwanted`, for FTS5: nothing that a person typed is an operator."""
    said = " AND ".join(map(_part, wanted)) + "".join(f" NOT {_part(each)}" for each in unwanted)
    return " AND ".join([f"({said})", *marks]) if marks else said


def any_of(parts: Sequence[Part]) -> str:
    """One of these at least, for FTS5."""
    return " OR ".join(map(_part, parts))


def _part(part: Part) -> str:
    if isinstance(part, Phrase):
        forms = [f'"{form}"' + ("*" if part.begins else "") for form in part.forms]
        said = forms[0] if len(forms) == 1 else f"({' OR '.join(forms)})"
        return f"title : {said}" if part.in_title else said
    return f"({expression(part.wanted, part.unwanted) if isinstance(part, AllOf) else any_of(part.parts)})"


def matching(expression: str, within: str = "") -> str:
    """See `store.connection.WordIndex`."""
    sql = f"SELECT rowid AS revision FROM article_search WHERE article_search MATCH {expression}"  # noqa: S608
    return f"{sql} AND rowid {within}" if within else sql

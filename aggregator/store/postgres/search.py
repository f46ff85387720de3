"""The index of words in PostgreSQL: see `store.connection.WordIndex`.

A row is the newest revision of a report: a `tsvector` of the words that `text.separators` makes of folded text, as
FTS5 does, with the weight A in the headline, B in the summary and C in the text. A tsvector cannot say of a long report
where each word stands, nor hold a very long word (https://www.postgresql.org/docs/15/textsearch-limitations.html): such
a row has all its words beside it, and phrases are looked for in these.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence

from aggregator.model import Article
from aggregator.store.connection import Connection
from aggregator.store.postgres.expressions import LONG, any_of, expression, lexeme_of, marks, quoted
from aggregator.store.queries import settings
from aggregator.store.queries.indexing import (
    BATCH,
    MARK,
    NEWEST,
    RANKED_OF,
    folded,
    marks_of_row,
    new_in_queue,
    next_queued,
    queue_all,
)
from aggregator.text.folding import fold
from aggregator.text.matching import anywhere
from aggregator.text.separators import spaced, words_of

__all__ = [
    "PAGE",
    "RANKED",
    "add_new",
    "any_of",
    "expression",
    "marked_from",
    "marks",
    "matching",
    "take_back",
]  # WordIndex

# Of how words are put into the index: raise it when `fold` or `words_of` changes (a test notices), or the rows here.
FORM = "1"
_FORM = "search_form"  # setting
PAGE: int | None = 500

_LAST_PLACE = 16_382  # of a word in a tsvector
_MOST_PLACES = 255  # of one word
_MOST_BYTES = 1_000_000  # of a tsvector
_BYTES_BESIDE = 4  # a word, and two beside each place, of which there are few
_GAP = 2  # places between two columns, so that no phrase goes from one into the next
# Of D, C, B and A: a headline counts ten times as much as a text, a summary three times.
_WEIGHTS = "'{0, 0.1, 0.3, 1}'"


def index_batch(connection: Connection) -> int:
    """Takes out rows that hold no longer or, where there are none, adds up to BATCH revisions from the queue, newest
    first; returns how many it looked at, 0 when the index is complete. Within a transaction.
    """
    return _take_back_batch(connection) or _add_batch(connection)


def _take_back_batch(connection: Connection) -> int:
    return connection.execute(
        """
        WITH next AS (
          DELETE FROM search_removals
          WHERE revision_id IN (SELECT revision_id FROM search_removals ORDER BY revision_id LIMIT ?)
          RETURNING revision_id),
        gone AS (DELETE FROM article_search WHERE revision_id IN (SELECT revision_id FROM next))
        SELECT revision_id FROM next
        """,
        (BATCH,),
    ).rowcount


def _add_batch(connection: Connection) -> int:
    found = next_queued(connection)
    if found is None:
        return 0
    number, *bounds = found
    rows = connection.execute(
        f"""
        {NEWEST} JOIN search_queue AS q ON q.revision_id = r.revision_id
        WHERE q.revision_id BETWEEN ? AND ? AND NOT EXISTS (SELECT 1 FROM article_search AS s
          WHERE s.revision_id = r.revision_id)
        """,  # noqa: S608  (made of constants)
        bounds,
    ).fetchall()
    _add(
        connection,
        (
            (revision, fold(title), fold(summary), fold(text) if text != summary else "", marks_of_row(*of))
            for revision, title, summary, text, *of in rows
        ),
    )
    connection.execute("DELETE FROM search_queue WHERE revision_id BETWEEN ? AND ?", bounds)
    return number


def add_new(connection: Connection, new: Mapping[int, Article]) -> None:
    """Adds what waits in the queue of these new articles, by their numbers, from the values at hand. Within the
    transaction in which they were written.
    """
    if not (rows := new_in_queue(connection, new)):
        return
    _add(
        connection,
        (
            (
                revision,
                *folded(a),
                marks_of_row(a.first_key or a.publisher, a.item_class, a.language),
            )
            for revision, a in rows
        ),
    )
    connection.executemany("DELETE FROM search_queue WHERE revision_id = ?", [row[:1] for row in rows])


def _add(connection: Connection, rows: Iterable[tuple[int, str, str, str, list[str]]]) -> None:
    """`rows`: revision, title, summary and text, folded, and words of ours."""
    made = [(revision, *row_of(title, summary, text, marks)) for revision, title, summary, text, marks in rows]
    connection.executemany(
        "INSERT INTO article_search (revision_id, words) VALUES (?, ?)",
        [(revision, words) for revision, words, said in made if said is None],
    )
    connection.executemany(
        "INSERT INTO article_search (revision_id, words, said) VALUES (?, CAST(? AS tsvector), CAST(? AS jsonb))",
        [row for row in made if row[-1] is not None],
    )


def row_of(title: str, summary: str, text: str, marks: Sequence[str] = ()) -> tuple[str, str | None]:
    """The tsvector of folded words and, where it does not say all, these as JSON, for `has_words`. `text`: ''
    where it is the summary.
    """
    places: dict[str, list[str]] = {}
    is_whole = True
    place = size = 0
    for weight, said in (("A", title), ("B", summary), ("C", text)):
        for word in words_of(said):
            place += 1
            lexeme = lexeme_of(word)
            is_whole &= lexeme == word
            of = places.get(lexeme)
            if of is None:
                size += len(lexeme.encode()) + _BYTES_BESIDE
                if size > _MOST_BYTES or lexeme.startswith(MARK):
                    is_whole = False
                    continue
                of = places[lexeme] = []
            if place <= _LAST_PLACE and len(of) < _MOST_PLACES:
                of.append(f"{place}{weight}")
                continue
            is_whole = False
            if not of:  # without a place it would be found in the headline
                of.append(f"{_LAST_PLACE}{weight}")
        place += _GAP
    ours = marks if is_whole else [*marks, LONG]
    vector = " ".join([*map(quoted, ours), *(f"{quoted(each)}:{','.join(of)}" for each, of in places.items())])
    if is_whole:
        return vector, None
    return vector, json.dumps({"title": spaced(words_of(title)), "all": anywhere(title, summary, text or summary)})


def take_back(connection: Connection, articles: Sequence[int]) -> None:
    """Takes every row of these articles out of the index, whatever waits for it included. Within a transaction."""
    for table in ("article_search", "search_removals", "search_queue"):
        connection.execute(
            f"""
            DELETE FROM {table} WHERE revision_id IN (
              SELECT revision_id FROM revisions WHERE article_id IN (SELECT CAST(value AS INTEGER) FROM json_each(?)))
            """,  # noqa: S608  (constants)
            (json.dumps(list(articles)),),
        )


def renew(connection: Connection, *, always: bool = False) -> int:
    """Empties the index and queues all that is to be found, where it was made in another form than this program's;
    returns how many reports that are. Within a transaction; `index_batch` does the rest.
    """
    if not always and settings.read(connection, _FORM) == FORM:
        return 0
    connection.execute("TRUNCATE article_search")
    queued = queue_all(connection)
    settings.write(connection, _FORM, FORM)
    return queued


def marked_from(connection: Connection) -> int | None:
    """Every row has words of ours."""
    return 0


_HIT = """
    FROM (SELECT CAST({expression} AS jsonb) AS of) AS q
    JOIN article_search AS s ON s.words @@ CAST(q.of ->> 'words' AS tsquery)
    WHERE (s.said IS NULL OR q.of ->> 'path' IS NULL OR has_words(s.said, q.of))
"""


def matching(expression: str, within: str = "") -> str:
    """See `store.connection.WordIndex`."""
    sql = f"SELECT s.revision_id AS revision {_HIT.format(expression=expression)}"
    return f"{sql} AND s.revision_id {within}" if within else sql


# Of equal words in shorter reports more (1: divided by the logarithm of their number, plus one).
RANKED = f"""
    SELECT s.revision_id AS revision, -ts_rank({_WEIGHTS}, s.words, CAST(q.of ->> 'rank' AS tsquery), 1) AS score
    {_HIT.format(expression="?")} ORDER BY s.revision_id DESC LIMIT {RANKED_OF}
"""

"""The index of words: fed in batches after the polls' transactions, from a queue that loses none."""

from __future__ import annotations

import re
import sqlite3

from aggregator.text import fold

BATCH = 500
# Ranking every match of a common word in a million articles takes seconds; of the newest 2,000, milliseconds.
_RANKED_OF = 2_000
_PIECE = re.compile(r'(-?)"([^"]*)"?|(\S+)')


def index_batch(connection: sqlite3.Connection) -> int:
    """Indexes up to BATCH queued revisions and takes them off the queue; returns how many. Within a transaction.

    Only an article's newest words are worth finding, so a revision that was overtaken in the queue is passed over.
    """
    queued = connection.execute("SELECT revision FROM search_queue ORDER BY revision LIMIT ?", (BATCH,)).fetchall()
    if not queued:
        return 0
    bounds = (queued[0][0], queued[-1][0])
    connection.execute(
        """
        INSERT INTO article_search (rowid, title, summary, text)
        SELECT r.id, fold(a.title), fold(b.summary), iif(b.text = b.summary, '', fold(b.text))
        FROM search_queue AS q
        JOIN revisions AS r ON r.id = q.revision
        JOIN articles AS a ON a.id = r.article AND a.revision = r.number
        JOIN bodies AS b ON b.article = a.id
        WHERE q.revision BETWEEN ? AND ? ORDER BY r.id
        """,
        bounds,
    )
    connection.execute("DELETE FROM search_queue WHERE revision BETWEEN ? AND ?", bounds)
    return len(queued)


def expression(words: str) -> str:
    """The FTS5 expression for what a person typed: all words, "exact phrases", -without, begin*. '' for no word."""
    wanted: list[str] = []
    unwanted: list[str] = []
    for match in _PIECE.finditer(words):
        dash, phrase, word = match.groups()
        if word is not None:
            dash, phrase = ("-", word[1:]) if word.startswith("-") else ("", word)
        term = _term(phrase)
        if term:
            (unwanted if dash else wanted).append(term)
    if not wanted:
        return ""
    return " AND ".join(wanted) + "".join(f" NOT {term}" for term in unwanted)


def _term(phrase: str) -> str:
    """A phrase quoted for FTS5, so that nothing a person types is taken for an operator; '' without a letter."""
    folded = fold(phrase.rstrip("*")).replace('"', " ").strip()
    if not any(character.isalnum() for character in folded):
        return ""
    return f'"{folded}"*' if phrase.endswith("*") else f'"{folded}"'


def hits(ranked: bool) -> str:
    """SQL for the table `hits (revision, score)`: all of them or, with a score, the newest 2,000 (bm25: the headline
    counts ten times, the summary three). One parameter: the expression.
    """
    if not ranked:
        return "SELECT rowid AS revision FROM article_search WHERE article_search MATCH ?"
    return f"""
        SELECT rowid AS revision, bm25(article_search, 10.0, 3.0, 1.0) AS score
        FROM article_search WHERE article_search MATCH ? ORDER BY rowid DESC LIMIT {_RANKED_OF}
    """  # noqa: S608  (a number of ours)


def order(ranked: bool) -> str:
    """The ORDER BY that belongs to `hits`: best first or newest first. FTS5 itself walks from the newest row on, so
    a query with a limit stops there; by a computed score it would read and sort every match (bench/README.md).
    """
    return "hit.score" if ranked else "hit.revision DESC"

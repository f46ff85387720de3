"""Migration 0006: readings of bounded size, and addresses that are addresses.

The raw words of revisions stay as they are: what stands beside them is made as `normalise` makes it of a new report.
"""

from __future__ import annotations

import json
import sqlite3
from typing import Any

from aggregator.model import Text
from aggregator.text.html import MOST_BYLINE, MOST_HEADLINE, MOST_HEADLINE_WORDS, plain, shortened
from aggregator.text.printable import address, line

COLUMNS = (
    # JSON object: how many of the stored versions have a value cut or left out beside their raw words, by reason
    # (link_is_no_web_address, link_too_long, headline_cut, byline_cut); NULL: none
    "ALTER TABLE polls ADD COLUMN adjusted TEXT",
)
_MOST_OF_DATE = _MOST_OF_CATEGORY = 200  # characters
_MOST_CATEGORIES = 100


def make_fit(connection: sqlite3.Connection) -> None:
    """Addresses, headlines, bylines, literals of dates, excerpts and categories of what is held, and the addresses that
    were found for sources. Within a transaction, on a connection with the SQL functions `fold` and `raw_words`.
    """
    for name, function in (
        ("fit_address", address),
        ("fit_headline", lambda title: shortened(title, MOST_HEADLINE, MOST_HEADLINE_WORDS)),
        ("fit_byline", lambda byline: shortened(byline, MOST_BYLINE)),
        ("fit_literal", lambda stated: shortened(line(stated), _MOST_OF_DATE)),
        ("fit_categories", _categories),
    ):
        connection.create_function(name, 1, function, deterministic=True)
    connection.create_function("fit_excerpt", 2, shortened, deterministic=True)
    _cut_headlines(connection)  # before anything else, because the search index has to be shown what it holds
    for statement in _READINGS:
        connection.execute(statement)


_READINGS = (
    # NULL: no web address, or one that is longer than any server takes
    "UPDATE articles SET url = fit_address(url) WHERE url IS NOT fit_address(url)",
    "UPDATE articles SET byline = fit_byline(byline) WHERE length(byline) > 300",
    "UPDATE articles SET published_stated = fit_literal(published_stated) WHERE length(published_stated) > 200",
    "UPDATE articles SET updated_stated = fit_literal(updated_stated) WHERE length(updated_stated) > 200",
    """
    UPDATE bodies SET excerpt = fit_excerpt(excerpt, most) FROM (
      SELECT a.id, 100 + 12 * json_extract(p.rights, '$.excerpt_max_words') AS most
      FROM articles AS a JOIN publishers AS p ON p.key = a.publisher
    ) AS of_article
    WHERE of_article.id = bodies.article AND length(excerpt) > most
    """,
    "UPDATE bodies SET categories = fit_categories(categories) WHERE length(categories) > 200",
    # NULL, as what it carries: nothing was found yet
    """
    UPDATE sources SET proposed = fit_address(proposed),
      proposed_as = iif(fit_address(proposed) IS NULL, NULL, proposed_as)
    WHERE proposed IS NOT fit_address(proposed)
    """,
)


def _categories(said: str) -> str:
    names = [shortened(line(name), _MOST_OF_CATEGORY) for name in json.loads(said)[:_MOST_CATEGORIES]]
    return json.dumps(names, ensure_ascii=False)


_LONG_HEADLINES = """
    SELECT id FROM articles WHERE length(title) > 120 AND title <> fit_headline(title)
    UNION SELECT article FROM revisions WHERE length(title) > 120 AND title <> fit_headline(title)
"""  # 120: sixty words of one letter, and a blank behind each


def _cut_headlines(connection: sqlite3.Connection) -> None:
    """Of articles and their revisions, and in the search index: one without content takes back only what it is shown
    again (FTS5, "contentless tables"), and a purge will show it the headline that is held then.
    """
    for (article,) in connection.execute(_LONG_HEADLINES).fetchall():
        held = connection.execute(
            """
            SELECT r.id, r.number = a.revision, r.title, raw_words(r.raw, r.dictionary), a.title, b.summary, b.text
            FROM articles AS a
            JOIN revisions AS r ON r.article = a.id
            JOIN article_search_docsize AS indexed ON indexed.id = r.id
            JOIN bodies AS b ON b.article = a.id
            WHERE a.id = ?
            """,
            (article,),
        ).fetchall()
        for revision, is_newest, title_then, said, title, summary, text in held:
            shown = (title, summary, text) if is_newest else (title_then, *_readings(json.loads(said)))
            connection.execute(_TAKE_BACK, (revision, *shown))
            connection.execute(_SHOW, (revision, *shown))
        connection.execute("UPDATE articles SET title = fit_headline(title) WHERE id = ?", (article,))
        connection.execute("UPDATE revisions SET title = fit_headline(title) WHERE article = ?", (article,))


_TAKE_BACK = """
    INSERT INTO article_search (article_search, rowid, title, summary, text)
    VALUES ('delete', ?1, fold(?2), fold(?3), iif(?4 = ?3, '', fold(?4)))
"""
_SHOW = """
    INSERT INTO article_search (rowid, title, summary, text)
    VALUES (?1, fold(fit_headline(?2)), fold(?3), iif(?4 = ?3, '', fold(?4)))
"""


def _readings(said: dict[str, Any]) -> tuple[str, str]:
    summary = plain(Text(**said["summary"])) if "summary" in said else ""
    body = "\n".join(filter(None, (plain(Text(**words)) for words in said.get("content", ()))))
    return summary, body or summary

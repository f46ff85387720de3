"""What SQLite's planner is told of how many rows there are: figures of ours, the same in every database.

SQLite chooses indexes by `sqlite_stat1`, which ANALYZE fills by counting (https://sqlite.org/lang_analyze.html).
Counted while a wire was young, or for some tables alone, it sends a question through every article of the wire. These
figures are of a wire of a million articles, counted once; whatever the database holds, its plans are the ones that
`tests/store/test_plans.py` looks at. They also say that publishers are few, so that "articles of all publishers since a
day" is answered by skipping from publisher to publisher (https://sqlite.org/optoverview.html, skip-scan).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping

# By table, and by its index (None: the table's rowid): rows, and then how many rows there are to each value of the
# index's first column, of its first two, and so on. A table WITHOUT ROWID is an index of its own name.
FIGURES: Mapping[str, Mapping[str | None, str]] = {
    "acts": {"acts_of_article": "2000 2", "acts_of_complaint": "100 2"},
    "agencies": {"agencies": "400000 2 1"},
    "alert_items": {"alert_items": "500 20 1"},
    "alert_messages": {"messages_of_tell": "100 2"},
    "agreements": {"agreements": "100 1"},
    "article_countries": {"article_countries": "1000000 5000 1 1", "article_countries_of_article": "1000000 2"},
    "article_topics": {"article_topics": "1500000 10000 1 1", "article_topics_of_article": "1500000 2"},
    "app_feeds": {"sqlite_autoindex_app_feeds_1": "150 1"},
    "app_folders": {"sqlite_autoindex_app_folders_1": "60 60 1"},
    "app_marks": {"app_marks": "1000 100 1"},
    "app_readers": {"sqlite_autoindex_app_readers_1": "10 1"},
    "app_states": {
        "app_stars": "2000 200 1",
        "app_states": "200000 20000 1",
        "app_unread": "2000 200 1",
    },
    "article_keys": {"article_keys": "3000000 20000 1"},
    "articles": {
        "articles_by_class": "1000000 125000 10000 2000 1",
        "articles_by_country": "1000000 25000 1",
        "articles_by_number": "1000000 6700",
        "articles_by_publisher": "1000000 6700 1 1 1 1",
        "articles_listed": "1000000 2",
        "articles_under_embargo": "20 2",
        "articles_with_notice": "2000 400",
        "articles_with_words": "1000000 6700 8",
        "sqlite_autoindex_articles_1": "1000000 1",
    },
    "authors": {"authors": "800000 2 1"},
    "bodies": {None: "1000000"},
    "changes": {
        "changes_by_time": "1100000 20",
        "changes_of_article": "1100000 2",
        "changes_of_publisher": "1000 5",
        "changes_taken_back": "2500 1",
    },
    "claims": {"claims": "100 50 1"},
    "closed_channels": {"closed_channels": "50 10 2 1"},
    "complaints": {
        "complaints_by_reference": "150 1",
        "complaints_of_form": "150 2 2",
        "complaints_open": "20 2",
        "complaints_to_tell": "2 1",
        "complaints_untold": "2 1",
    },
    "cursors": {"cursors": "20 1"},
    "datelines": {None: "300000"},
    "confirmations": {"confirmations": "20000 10 1"},
    "dead_letters": {"dead_letters": "200 10 1"},
    "desk_sessions": {"desk_sessions": "20 1"},
    "dictionaries": {None: "2"},
    "excerpt_queue": {None: "1000"},
    "former_readings": {"former_readings_of_article": "2000 1"},
    "health_counts": {None: "200"},
    "figures": {"figures": "1000 1"},
    "found": {"found": "500000 2500 1"},
    "hits": {"hits": "500000 3 1", "hits_of_search": "500000 5000 1"},
    "left_out": {"left_out": "2000 100 1"},
    "letters": {"letters_waiting": "5 1"},
    "match_queue": {None: "1000"},
    "media": {"media": "1500000 2 1"},
    "merges": {"merges_of_article": "5000 2", "merges_of_joined": "200 2"},
    "near_keys": {"near_keys": "2000000 13400 1"},
    "notifications": {None: "10"},
    "owed": {"owed": "1000 20 1"},
    "pages": {"pages_by_time": "300000 2"},
    "pauses": {"pauses_in_force": "10 1", "pauses_of_source": "200 2 1"},
    "pending_changes": {"pending_of_source": "200 20", "sqlite_autoindex_pending_changes_1": "200 2 1"},
    "pending_revisions": {"pending_revisions_of_source": "1000 20"},
    "picture_removals": {"picture_removals": "1000 1", "picture_removals_due": "10 1"},
    "picture_uses": {"picture_uses": "100000 2 1", "picture_uses_of_picture": "100000 2000 1"},
    "pictures": {
        "pictures": "100000 2000 1",
        "pictures_by_digest": "80000 1 1 1",
        "pictures_due": "200 2",
    },
    "poll_days": {"poll_days": "200000 1000 1"},
    "polls": {
        "polls_of_source": "2000000 10000 1",
        "polls_that_were_read": "400000 2000 1 1",
        "polls_with_gap": "20000 100 1",
    },
    "publisher_history": {None: "300"},
    "publishers": {"publishers": "150 1"},
    "rechecks": {"rechecks_due": "5000 2"},
    "redirects": {"redirects": "50 2 1"},
    "released_by_day": {"released_by_day": "100000 300 2 1"},
    "reports_per_day": {"reports_per_day": "100000 700 1"},
    "revisions": {"sqlite_autoindex_revisions_1": "1100000 2 1"},
    "rights_signals": {"rights_signals_of_article": "20000 2", "rights_signals_of_publisher": "1000 7"},
    "robots": {"sqlite_autoindex_robots_1": "150 1"},
    "search_queue": {None: "1000"},
    "search_removals": {None: "1000"},
    "searches": {"sqlite_autoindex_searches_1": "200 1"},
    "settings": {"settings": "500 1"},
    "sightings": {"sightings": "1000000 5000 1"},
    "signal_files": {"sqlite_autoindex_signal_files_1": "400 1"},
    "source_events": {None: "2000"},
    "source_states": {"source_states": "50 1 1"},
    "sources": {"sources_due": "200 2", "sqlite_autoindex_sources_1": "200 2 1"},
    "subscribers": {"subscribers": "20 1"},
    "tag_queue": {None: "1000"},
    "tags": {None: "1000000"},
    "tells": {"sqlite_autoindex_tells_1": "400 2 1"},
    "terms": {"terms": "1000000 8 1"},  # more than there are: SQLite would read few of them all, for a Bloom filter
    "tokens": {"tokens": "20 1", "tokens_in_force": "10 1"},
    "taken": {
        "sqlite_autoindex_taken_1": "20000 1",
        "taken_by_time": "20000 1",
        "taken_of_article": "20000 2",
    },
    "taken_letters": {"taken_letters": "100 1"},
    "told": {"told": "500000 1250 1"},
    "tombstones": {"tombstones": "1000 10 1"},
}
_ROWS = sorted((table, index or "", stat) for table, of in FIGURES.items() for index, stat in of.items())


def set_figures(connection: sqlite3.Connection) -> None:
    """Puts these figures in the place of others, those of somebody's ANALYZE. Within a transaction; writes only where
    they are not there. What ANALYZE counted of tables that are none of ours stays.
    """
    tables = _statistics(connection)
    if "sqlite_stat1" in tables and _stored(connection) == _ROWS and "sqlite_stat4" not in tables:
        return
    connection.execute("ANALYZE settings")  # makes the tables that hold statistics
    for table in _statistics(connection):
        connection.executemany(f"DELETE FROM {table} WHERE tbl = ?", [(name,) for name in FIGURES])  # noqa: S608
    connection.executemany("INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES (?, nullif(?, ''), ?)", _ROWS)
    connection.execute("ANALYZE sqlite_schema")  # counts nothing: the figures are read from now on


def _statistics(connection: sqlite3.Connection) -> list[str]:
    """The tables that hold some: `sqlite_stat4` is there where SQLite takes samples too."""
    rows = connection.execute("SELECT name FROM sqlite_schema WHERE name IN ('sqlite_stat1', 'sqlite_stat4')")
    return [name for (name,) in rows.fetchall()]


def _stored(connection: sqlite3.Connection) -> list[tuple[str, str, str]]:
    rows = connection.execute("SELECT tbl, coalesce(idx, ''), stat FROM sqlite_stat1").fetchall()
    return sorted(row for row in rows if row[0] in FIGURES)

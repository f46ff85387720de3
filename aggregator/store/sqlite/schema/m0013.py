"""Migration 0013: `daily` counts what is in the wire, kept right by triggers; sources know what they listed last."""

from __future__ import annotations

# Whether a report of `articles` (by this name) is in the wire. The end of an embargo is a stored state: whoever ends it
# sets `embargoed_until` to NULL.
_IS_IN = """{0}.status = 'usable' AND {0}.embargoed_until IS NULL AND EXISTS (
        SELECT 1 FROM terms AS t
        WHERE t.publisher = {0}.publisher AND t.class = {0}.class AND t.text_scope <> 'none')"""

_COMES = f"""
      INSERT INTO daily (publisher, day, articles, backfill)
      SELECT new.publisher, substr(new.listed_at, 1, 10), 1, new.backfill WHERE {_IS_IN.format("new")}
      ON CONFLICT (publisher, day) DO UPDATE SET articles = articles + 1, backfill = backfill + excluded.backfill;
"""
_GOES = f"""
      UPDATE daily SET articles = articles - 1, backfill = backfill - old.backfill
      WHERE publisher = old.publisher AND day = substr(old.listed_at, 1, 10) AND {_IS_IN.format("old")};
      DELETE FROM daily WHERE publisher = old.publisher AND day = substr(old.listed_at, 1, 10) AND articles = 0;
"""  # noqa: S608
_COUNTED = f"""
      INSERT INTO daily (publisher, day, articles, backfill)
      SELECT publisher, substr(listed_at, 1, 10) AS day, count(*), sum(backfill) FROM articles AS a
      WHERE {_IS_IN.format("a")}
"""  # noqa: S608


def _counted_anew(row: str) -> str:
    """Whether a publisher's rights let anything out has changed for a class: all its days are counted again."""
    return f"""
      DELETE FROM daily WHERE publisher = {row}.publisher;
      {_COUNTED} AND a.publisher = {row}.publisher GROUP BY day;
"""  # noqa: S608


DAILY = (
    # One line a publisher and day with any: the reports in the wire that are listed under that day. Nobody but these
    # triggers writes it.
    f"CREATE TRIGGER daily_report_comes AFTER INSERT ON articles BEGIN {_COMES} END",
    f"""
    CREATE TRIGGER daily_report_changes
    AFTER UPDATE OF publisher, class, listed_at, status, embargoed_until, backfill ON articles
    WHEN old.publisher <> new.publisher OR old.class <> new.class OR old.listed_at <> new.listed_at
      OR old.status <> new.status OR old.embargoed_until IS NOT new.embargoed_until OR old.backfill <> new.backfill
    BEGIN {_GOES} {_COMES} END
    """,
    f"CREATE TRIGGER daily_report_goes AFTER DELETE ON articles BEGIN {_GOES} END",
    f"""
    CREATE TRIGGER daily_terms_come AFTER INSERT ON terms
    WHEN EXISTS (SELECT 1 FROM articles WHERE publisher = new.publisher)
    BEGIN {_counted_anew("new")} END
    """,  # noqa: S608
    f"""
    CREATE TRIGGER daily_terms_change AFTER UPDATE OF text_scope ON terms
    WHEN (old.text_scope = 'none') <> (new.text_scope = 'none')
    BEGIN {_counted_anew("new")} END
    """,
    f"CREATE TRIGGER daily_terms_go AFTER DELETE ON terms BEGIN {_counted_anew('old')} END",
    "DELETE FROM daily",
    f"{_COUNTED} GROUP BY publisher, day",
)

LISTED = (
    # JSON array: the articles of the last document that listed any, in its order, at most 250 from each end; NULL:
    # none was read since this is kept
    "ALTER TABLE sources ADD COLUMN listed TEXT",
)

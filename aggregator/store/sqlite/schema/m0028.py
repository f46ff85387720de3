"""Migration 0028: reports that a person joins, and reports a day as people count them."""

from __future__ import annotations

JOINED = (
    # What a person joined was a report with versions of its own, which stays, out of the wire.
    "ALTER TABLE merges ADD COLUMN joined_article_id INTEGER REFERENCES articles (article_id)",  # NULL: an entry
    # JSON array: the keys that led to that report, and lead to the other one while this is in force; NULL: an entry
    "ALTER TABLE merges ADD COLUMN joined_keys TEXT",
    # Few merges are of persons; a report is looked up here before an act upon it.
    "CREATE INDEX merges_of_joined ON merges (joined_article_id) WHERE joined_article_id IS NOT NULL",
)

# Whether a report of `articles` (by this name) is in the wire; see m0013.
_IS_IN = """({0}.status = 'usable' AND {0}.embargoed_until IS NULL AND EXISTS (
        SELECT 1 FROM terms AS t
        WHERE t.publisher = {0}.publisher AND t.class = {0}.class AND t.text_scope <> 'none'))"""
_IS_HELD = "coalesce({0}.notice, '') <> 'removed'"
_IS_WITHDRAWN = "({0}.status = 'canceled' AND coalesce({0}.notice, '') <> 'removed')"

_COMES = f"""
      INSERT INTO reports_per_day (publisher, day, held, usable, withdrawn, backfill)
      SELECT new.publisher, substr(new.sort_time, 1, 10), 1, {_IS_IN.format("new")}, {_IS_WITHDRAWN.format("new")},
        {_IS_IN.format("new")} AND new.backfill
      WHERE {_IS_HELD.format("new")}
      ON CONFLICT (publisher, day) DO UPDATE SET held = held + 1, usable = usable + excluded.usable,
        withdrawn = withdrawn + excluded.withdrawn, backfill = backfill + excluded.backfill;
"""
_GOES = f"""
      UPDATE reports_per_day SET held = held - 1, usable = usable - {_IS_IN.format("old")},
        withdrawn = withdrawn - {_IS_WITHDRAWN.format("old")},
        backfill = backfill - ({_IS_IN.format("old")} AND old.backfill)
      WHERE publisher = old.publisher AND day = substr(old.sort_time, 1, 10) AND {_IS_HELD.format("old")};
      DELETE FROM reports_per_day
      WHERE publisher = old.publisher AND day = substr(old.sort_time, 1, 10) AND held = 0;
"""  # noqa: S608
_COUNTED = f"""
      INSERT INTO reports_per_day (publisher, day, held, usable, withdrawn, backfill)
      SELECT a.publisher, substr(a.sort_time, 1, 10) AS day, count(*), sum({_IS_IN.format("a")}),
        sum({_IS_WITHDRAWN.format("a")}), sum({_IS_IN.format("a")} AND a.backfill)
      FROM articles AS a WHERE {_IS_HELD.format("a")}
"""  # noqa: S608


def _counted_anew(row: str) -> str:
    """Whether a publisher's rights let anything out has changed for a class: all its days are counted again."""
    return f"""
      DELETE FROM reports_per_day WHERE publisher = {row}.publisher;
      {_COUNTED} AND a.publisher = {row}.publisher GROUP BY day;
"""  # noqa: S608


COUNTED = (
    "DROP TRIGGER daily_report_comes",
    "DROP TRIGGER daily_report_changes",
    "DROP TRIGGER daily_report_goes",
    "DROP TRIGGER daily_terms_come",
    "DROP TRIGGER daily_terms_change",
    "DROP TRIGGER daily_terms_go",
    "DROP TABLE daily",
    # A day has a row where reports are stored, in the wire or not. Nobody but the triggers writes it.
    """
    CREATE TABLE reports_per_day (    -- the reports of a publisher by the day of `sort_time`
      publisher TEXT NOT NULL,
      day TEXT NOT NULL,
      held INTEGER NOT NULL,          -- stored, whatever keeps them out; without those that were purged
      usable INTEGER NOT NULL,        -- of these, in the view `wire`
      withdrawn INTEGER NOT NULL,     -- of these, withdrawn by their publisher
      backfill INTEGER NOT NULL,      -- of the usable ones, those kept out of `latest`
      PRIMARY KEY (publisher, day)
    ) STRICT, WITHOUT ROWID
    """,
    f"{_COUNTED} GROUP BY a.publisher, day",
    f"CREATE TRIGGER reports_per_day_report_comes AFTER INSERT ON articles BEGIN {_COMES} END",
    f"""
    CREATE TRIGGER reports_per_day_report_changes
    AFTER UPDATE OF publisher, class, sort_time, status, notice, embargoed_until, backfill ON articles
    WHEN old.publisher <> new.publisher OR old.class <> new.class OR old.sort_time <> new.sort_time
      OR old.status <> new.status OR old.notice IS NOT new.notice OR old.embargoed_until IS NOT new.embargoed_until
      OR old.backfill <> new.backfill
    BEGIN {_GOES} {_COMES} END
    """,
    f"CREATE TRIGGER reports_per_day_report_goes AFTER DELETE ON articles BEGIN {_GOES} END",
    f"""
    CREATE TRIGGER reports_per_day_terms_come AFTER INSERT ON terms
    WHEN EXISTS (SELECT 1 FROM articles WHERE publisher = new.publisher)
    BEGIN {_counted_anew("new")} END
    """,  # noqa: S608
    f"""
    CREATE TRIGGER reports_per_day_terms_change AFTER UPDATE OF text_scope ON terms
    WHEN (old.text_scope = 'none') <> (new.text_scope = 'none')
    BEGIN {_counted_anew("new")} END
    """,
    f"CREATE TRIGGER reports_per_day_terms_go AFTER DELETE ON terms BEGIN {_counted_anew('old')} END",
)

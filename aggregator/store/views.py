"""The views, a public interface: code, replaced at every open. `wire` is the one way out of the database.

It alone knows for which version of the tables the views are written.
"""

from __future__ import annotations

import sqlite3

NEWEST_MIGRATION = "0001_the_wire_runs"

# The inner join with `terms` fails closed: a report without credit, disclaimer and rights is not in the wire.
_WIRE = """
CREATE VIEW wire AS
SELECT
  a.public_id AS id,
  a.publisher,
  p.name AS publisher_name,
  p.place AS publisher_place,
  a.country,
  a.title,
  CASE t.text_scope WHEN 'full_text' THEN b.summary WHEN 'excerpt' THEN b.excerpt END AS summary,
  CASE t.text_scope WHEN 'full_text' THEN b.text WHEN 'excerpt' THEN b.excerpt END AS text,
  a.url,
  a.published,
  a.updated,
  a.first_seen,
  a.language,
  CASE WHEN t.text_scope <> 'headline_only' THEN a.byline END AS byline,
  a.class,
  t.credit,
  replace(t.disclaimer, '{original_url}', coalesce(a.url, p.homepage)) AS disclaimer,
  t.text_scope,
  t.licence,
  t.copyright_notice,
  t.complaints_url,
  a.status,
  a.listed_at,
  a.id AS article
FROM articles AS a
JOIN publishers AS p ON p.key = a.publisher
JOIN terms AS t ON t.publisher = a.publisher AND t.class = a.class
JOIN bodies AS b ON b.article = a.id
WHERE a.status = 'usable' AND t.text_scope <> 'none'
"""

_HEALTH = """
CREATE VIEW health AS
SELECT
  s.publisher || '/' || s.key AS source,
  p.name AS publisher_name,
  s.url,
  s.enabled,
  s.last_poll,
  s.last_success,
  s.failures,
  s.last_error,
  (SELECT coalesce(sum(new), 0) FROM polls
    WHERE source = s.id AND started >= strftime('%Y-%m-%dT%H:%M:%SZ', 'now', '-7 days')) AS articles_7_days,
  s.next_at,
  s.next_reason
FROM sources AS s
JOIN publishers AS p ON p.key = s.publisher
"""


def is_migrated(connection: sqlite3.Connection) -> bool:
    """Whether the tables are those that the views are written for."""
    if not connection.execute("SELECT 1 FROM sqlite_schema WHERE name = '_sqlite_migrations'").fetchone():
        return False
    names = connection.execute("SELECT name FROM _sqlite_migrations WHERE migration_set = 'aggregator'").fetchall()
    return (NEWEST_MIGRATION,) in names


def replace_views(connection: sqlite3.Connection) -> None:
    """Puts the views of this version in place, unless they stand there already; raises sqlite3.Error."""
    stored = dict(connection.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'view'").fetchall())
    for name, sql in (("wire", _WIRE.strip()), ("health", _HEALTH.strip())):
        if stored.get(name) != sql:
            connection.execute(f'DROP VIEW IF EXISTS "{name}"')
            connection.execute(sql)

"""The views, a public interface: code, replaced at every open. `wire` is the one way out of the database.

They ask no clock: whatever a time ends is a stored state, because other programs read the file too. Whoever reads by a
clock of their own has other views (`as_of`). It alone knows for which version of the tables the views are written.
"""

from __future__ import annotations

from aggregator.model import DEFAULT_DISCLAIMERS
from aggregator.store.connection import Connection

# The migrations that the tables of this version have; named here, since reading their own list loads a library.
MIGRATIONS = (
    "0001_the_wire_runs",
    "0002_one_of_each",
    "0003_the_poller",
    "0003a_what_it_lacked",
    "0004_addresses",
    "0005_redirects",
    "0006_fit_to_leave",
    "0007_the_ledger",
    "0008_pending_changes",
    "0009_let_go",
    "0010_rights_in_force",
    "0011_time",
    "0012_claims",
    "0013_daily",
    "0014_held_words",
    "0015_trust",
    "0016_plain_words",
    "0017_media",
    "0018_old_names",
    "0019_poll_days",
    "0020_excerpts",
    "0021_plans",
    "0022_kept",
    "0023_renamed_publishers",
    "0024_notified",
    "0025_health",
    "0026_cursors",
    "0027_accents",
    "0028_joins",
    "0029_way_out",
    "0031_tokens",
    "0032_released",
    "0033_signals",
    "0034_subscribers",
    "0035_searches",
    "0036_apps",
    "0037_chosen_by",
    "0038_found",
    "0039_tags",
    "0040_pages",
    "0041_who",
    "0042_pictures",
    "0043_purged_signals",
    "0044_taken",
    "0045_complaints",
    "0046_people",
    "0047_figures",
)
_NAMES = "0016_plain_words"  # the last one that renamed tables or columns

# An embargo is over when housekeeping has ended it.
NOT_UNDER_EMBARGO = "a.embargoed_until IS NULL"

# An excerpt that was cut when more words were allowed does not leave until it has been cut anew. Its words have one
# space between them; the "…" of one that was cut in the middle of a sentence is none of them.
_CUT = "coalesce(b.excerpt, b.summary)"
_EXCERPT = f"""CASE WHEN length({_CUT}) - length(replace({_CUT}, ' ', ''))
    < t.excerpt_max_words + CASE WHEN {_CUT} LIKE '% …' THEN 1 ELSE 0 END THEN {_CUT} END"""

# `newest_revision` is the rowid in `article_search`, by which other programs join the two. Every article has one. It is
# no LEFT JOIN: SQLite would read the whole wire to find a few words (of 22,500 reports, in 45 s in the place of 0.06).
# The inner join with `terms` fails closed: a report without credit, disclaimer and rights is not in the wire.
_WIRE = f"""
CREATE VIEW wire AS
SELECT
  a.id AS id,
  a.publisher,
  p.name AS publisher_name,
  p.place AS publisher_place,
  a.country,
  a.title,
  CASE t.text_scope WHEN 'full_text' THEN b.summary WHEN 'excerpt' THEN {_EXCERPT} END AS summary,
  CASE t.text_scope WHEN 'full_text' THEN b.text WHEN 'excerpt' THEN {_EXCERPT} END AS text,
  a.url,
  a.published,
  a.updated,
  a.first_seen,
  a.language,
  CASE WHEN t.text_scope <> 'headline_only' THEN a.byline END AS byline,
  a.class,
  t.credit,
  replace(t.disclaimer, '{{original_url}}', coalesce(a.url, p.homepage)) AS disclaimer,
  t.text_scope,
  t.licence,
  t.copyright_notice,
  t.complaints_url,
  a.status,
  a.sort_time,
  a.article_id AS article_id,
  a.backfill,
  t.channels,
  n.revision_id AS newest_revision,
  a.language_from,
  a.topics,
  a.about
FROM articles AS a
JOIN publishers AS p ON p.publisher = a.publisher
JOIN terms AS t ON t.publisher = a.publisher AND t.class = a.class
JOIN bodies AS b ON b.article_id = a.article_id
JOIN revisions AS n ON n.article_id = a.article_id AND n.number = a.revision
WHERE a.status = 'usable' AND t.text_scope <> 'none'
  AND {NOT_UNDER_EMBARGO}
"""  # noqa: S608  (made of constants)

# The rows of `wire` with what they are chosen by, for counts: every report has its words and its versions in two other
# tables, and to look there as well takes two thirds of the time.
_ROWS_OF_WIRE = f"""(
    SELECT a.article_id, a.publisher, a.country, a.language, a.class, a.sort_time, a.first_seen, a.backfill
    FROM articles AS a CROSS JOIN terms AS t ON t.publisher = a.publisher AND t.class = a.class
    WHERE a.status = 'usable' AND t.text_scope <> 'none' AND {NOT_UNDER_EMBARGO})"""  # noqa: S608  (made of constants)


def rows_to_count(connection: Connection) -> str:
    """What to count reports in the wire from, as SQL: where a view of this connection stands for `wire`, that."""
    return "wire" if connection.shows_instead("wire") or not is_migrated(connection) else _ROWS_OF_WIRE


# A report that the wire removed itself has words of nobody left; there is no publisher's own text for that.
_REMOVED = "We removed this report from the wire on {time} and keep only this record. Reason: {reason}."


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


_DEFAULT_TEXTS = " ".join(
    f"WHEN '{name}' THEN {_quoted(text)}"
    for name, text in (*((name, DEFAULT_DISCLAIMERS[name]) for name in ("withheld", "withdrawn", "legal", "gone")),
                       ("removed", _REMOVED))
)  # fmt: skip

# What stands in the place of a report that is out of the wire. The publisher's own text, where config/ has one, is in
# `settings`, filled in but for what differs from report to report. The headline of a report that is `gone` stays; of
# an address only that of a report that may come back, because the words of a headline stand in many an address.
# Under an embargo nobody is to know that there is a report, so it has no notice either, nor has one that was purged
# before it was ever out.
_NOTICES = f"""
CREATE VIEW notices AS
SELECT
  a.id AS id,
  a.publisher,
  p.name AS publisher_name,
  p.place AS publisher_place,
  a.country,
  CASE a.notice WHEN 'gone' THEN a.title END AS title,
  CASE WHEN a.notice IN ('withheld', 'gone') THEN a.url END AS url,
  a.notice,
  replace(replace(replace(replace(replace(
    coalesce(json_extract(s.value, '$.' || a.notice), CASE a.notice {_DEFAULT_TEXTS} END),
    '{{publisher}}', p.name),
    '{{time}}', replace(substr(c.at, 1, 16), 'T', ' ') || ' UTC'),
    '{{original_url}}', coalesce(a.url, p.homepage)),
    '{{demand_detail}}', coalesce(' (' || (
      SELECT k.reference FROM acts AS k WHERE k.article_id = a.article_id
        AND k.act = 'withhold' ORDER BY k.act_id DESC LIMIT 1
    ) || ')', '')),
    '{{reason}}', rtrim(coalesce(c.note, 'not stated'), '.')) AS text,
  c.at,
  a.status,
  a.article_id AS article_id,
  t.channels
FROM articles AS a
JOIN publishers AS p ON p.publisher = a.publisher
JOIN terms AS t ON t.publisher = a.publisher AND t.class = a.class AND t.text_scope <> 'none'
JOIN changes AS c ON c.seq = coalesce(
  (SELECT max(seq) FROM changes WHERE article_id = a.article_id AND change_kind IN ('withheld', 'withdrawn',
    'deleted')),
  (SELECT max(seq) FROM changes WHERE article_id = a.article_id))
LEFT JOIN settings AS s ON s.name = 'notices/' || a.publisher
WHERE a.notice IS NOT NULL AND a.status <> 'usable' AND (a.notice <> 'removed' OR a.released_seq IS NOT NULL)
  AND {NOT_UNDER_EMBARGO}
"""  # noqa: S608  (made of constants)


# One row a state that a report was in, from one line of the ledger to the next. A line that only changes words leaves a
# report that is withheld where it is; and whatever a report was before it was restored, it was not in the wire: it was
# under embargo, if nothing else. Credit and rights are today's, because they are what must stand beside it today.
_WIRE_AT = f"""
CREATE VIEW wire_at AS
SELECT
  a.id AS id,
  a.publisher,
  p.name AS publisher_name,
  p.place AS publisher_place,
  a.country,
  CASE a.status WHEN 'usable' THEN r.title END AS title,
  CASE WHEN a.status = 'usable' AND t.text_scope = 'full_text' THEN r.raw END AS raw,
  CASE WHEN a.status = 'usable' AND t.text_scope = 'full_text' THEN r.dictionary_id END AS dictionary_id,
  CASE a.status WHEN 'usable' THEN a.url END AS url,
  a.published,
  a.first_seen,
  a.language,
  a.class,
  t.credit,
  replace(t.disclaimer, '{{original_url}}', coalesce(CASE a.status WHEN 'usable' THEN a.url END, p.homepage))
    AS disclaimer,
  t.text_scope,
  t.licence,
  t.copyright_notice,
  t.complaints_url,
  a.sort_time,
  a.backfill,
  c.revision,
  c.change_kind,
  CASE (
    SELECT k.change_kind FROM changes AS k
    WHERE k.article_id = c.article_id AND k.seq <= c.seq
      AND k.change_kind IN ('new', 'restored', 'withheld', 'withdrawn', 'deleted')
    ORDER BY k.seq DESC LIMIT 1
  )
    WHEN 'withheld' THEN 'withheld' WHEN 'withdrawn' THEN 'canceled' WHEN 'deleted' THEN 'canceled'
    ELSE CASE
      WHEN 'restored' = (
        SELECT k.change_kind FROM changes AS k
        WHERE k.article_id = c.article_id AND k.seq > c.seq
          AND k.change_kind IN ('restored', 'withheld', 'withdrawn', 'deleted')
        ORDER BY k.seq LIMIT 1
      ) OR 'embargo' = (
        SELECT k.act FROM acts AS k
        WHERE k.article_id = c.article_id AND k.at <= c.at AND k.act IN ('embargo', 'release', 'restore')
        ORDER BY k.act_id DESC LIMIT 1
      ) THEN 'withheld'
      ELSE 'usable'
    END
  END AS status,
  c.at AS valid_from,
  (SELECT k.at FROM changes AS k WHERE k.article_id = c.article_id
    AND k.seq > c.seq ORDER BY k.seq LIMIT 1) AS valid_until,
  c.seq,
  a.article_id AS article_id,
  t.channels
FROM changes AS c
JOIN articles AS a ON a.article_id = c.article_id
JOIN revisions AS r ON r.article_id = c.article_id AND r.number = c.revision
JOIN publishers AS p ON p.publisher = a.publisher
JOIN terms AS t ON t.publisher = a.publisher AND t.class = a.class
WHERE t.text_scope <> 'none'
  AND {NOT_UNDER_EMBARGO}
"""  # noqa: S608  (made of constants)


# What reports in the wire are about. A topic that is there for a narrower one has no weight and no evidence of its own.
# Of the evidence there is what may leave with the report: not words of a text that may not.
_EVIDENCE = """(
  SELECT json_group_array(json(s.value)) FROM json_each(g.{of}) AS t CROSS JOIN json_each(t.value, '$.evidence') AS s
  WHERE json_extract(t.value, '$.code') = x.{code} AND json_extract(s.value, '$.words') IS NOT NULL
    AND (w.text_scope = 'full_text' OR json_extract(s.value, '$.where') = 'headline'))"""
_TAGS = """
CREATE VIEW {view} AS
SELECT w.id, w.publisher, w.country AS publisher_country, x.sort_time, x.{code}, x.weight, {evidence} AS evidence,
  x.article_id AS article_id
FROM {table} AS x CROSS JOIN wire AS w ON w.article_id = x.article_id
LEFT JOIN tags AS g ON g.article_id = x.article_id
"""
_REPORT_TOPICS = _TAGS.format(
    view="report_topics", table="article_topics", code="topic", evidence=_EVIDENCE.format(of="topics", code="topic")
)
_REPORT_COUNTRIES = _TAGS.format(
    view="report_countries",
    table="article_countries",
    code="country",
    evidence=_EVIDENCE.format(of="countries", code="country"),
)


# What `reports_per_day` was called in 0.4.0, with what it counted then; it goes with the next version.
_DAILY = """
CREATE VIEW daily AS
SELECT publisher, day, usable AS articles, backfill FROM reports_per_day WHERE usable > 0
"""


def is_migrated(connection: Connection) -> bool:
    """Whether the tables are those that the views are written for."""
    return set(MIGRATIONS) <= connection.migrations()


def has_new_names(connection: Connection) -> bool:
    """Whether tables and columns are named as in this version, though some may be missing."""
    return _NAMES in connection.migrations()


def of_this_version(health: str) -> tuple[tuple[str, str], ...]:
    """The views by name, as SQL; `health`: the SQL of that view."""
    return (
        ("wire", _WIRE.strip()),
        ("health", health.strip()),
        ("notices", _NOTICES.strip()),
        ("wire_at", _WIRE_AT.strip()),
        ("daily", _DAILY.strip()),
        ("report_topics", _REPORT_TOPICS.strip()),
        ("report_countries", _REPORT_COUNTRIES.strip()),
    )

"""All that is known of one source, for whoever looks after it; and what sources brought, day by day."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from aggregator.store.connection import Connection
from aggregator.store.queries import reading
from aggregator.store.queries.habits import rhythm_of
from aggregator.store.queries.pauses import is_kept

_BY_NAME = "publisher = ? AND source_key = ?"
_SOURCE = f"""
SELECT source_id, publisher, source_key, url, source_kind, class, every_minutes, enabled, next_at, next_reason, etag,
  last_modified, last_poll, last_success, last_new, failures, last_error, id_trust, id_trust_reason, poll_hints,
  old_url, moved_to, moved_since, paused_at, validators_ignored, rhythm, silent_after, proposed, proposed_as, rules
FROM sources WHERE {_BY_NAME}
"""  # noqa: S608  (constants)
_POLLS = """
SELECT started, seconds, outcome, http_status, error, format, bytes, entries, new, revised, unchanged, drops, gap,
  pending, over_limit, next_at, next_reason
FROM polls WHERE source_id = ? ORDER BY started DESC LIMIT ?
"""
_PAUSES = """
SELECT paused_at, paused_until, actor, reason, ended_at, ended_by FROM pauses WHERE source_id = ?
ORDER BY paused_at DESC, pause_id DESC LIMIT ?
"""
_REDIRECTS = """
SELECT url, state, accepted_by, reason, at FROM redirects WHERE source_id = ? ORDER BY at DESC, url LIMIT ?
"""
_DROPS = """
SELECT d.key AS why, sum(CAST(d.value AS INTEGER)) AS entries FROM (
  SELECT drops FROM polls WHERE source_id = ?1 AND drops IS NOT NULL ORDER BY started DESC LIMIT ?2
) AS l, json_each(l.drops) AS d GROUP BY d.key ORDER BY entries DESC, why
"""
_RECEIVED = """
SELECT w.value, substr(l.started, 1, 10), sum(l.new)
FROM json_each(?1) AS w
CROSS JOIN sources AS s ON s.publisher = substr(w.value, 1, instr(w.value, '/') - 1)
  AND s.source_key = substr(w.value, instr(w.value, '/') + 1)
CROSS JOIN polls AS l ON l.source_id = s.source_id AND l.started >= ?2
WHERE l.new > 0 GROUP BY w.value, 2
"""
_PROPOSED = """
SELECT s.publisher || '/' || s.source_key AS source_name, s.publisher, p.name AS publisher_name, p.homepage, s.url,
  s.proposed, s.proposed_as, s.last_poll
FROM sources AS s JOIN publishers AS p ON p.publisher = s.publisher
WHERE s.enabled = 1 AND s.source_kind = 'discover' AND s.proposed IS NOT NULL ORDER BY 1
"""


def found(connection: Connection, name: str, most: int) -> dict[str, Any] | None:
    """The columns of `sources` of one; None: there is none of this name. Beside them

    - `rhythm`: a `Rhythm`; `poll_hints`: an object, what its document asks for; `rules`: a list, or None;
    - `polls`: the newest, at most `most`, with `drops` as an object; `drops`: entries left out by them, by reason;
    - `pauses` and `redirects`: the newest, at most `most`.
    """
    publisher, _, key = name.partition("/")
    cursor = connection.execute(_SOURCE, (publisher, key))
    rows = reading.dictionaries(cursor)
    if not rows:
        return None
    (row,) = rows
    number = row.pop("source_id")
    polls = reading.dictionaries(connection.execute(_POLLS, (number, most)))
    return {
        **row,
        "source_name": name,
        "rhythm": rhythm_of(row["rhythm"]),
        "poll_hints": json.loads(row["poll_hints"] or "{}"),
        "polls": [{**poll, "drops": json.loads(poll["drops"] or "{}")} for poll in polls],
        "drops": dict(connection.execute(_DROPS, (number, most)).fetchall()),
        "pauses": reading.dictionaries(connection.execute(_PAUSES, (number, most))) if is_kept(connection) else [],
        "redirects": reading.dictionaries(connection.execute(_REDIRECTS, (number, most))),
    }


def received(connection: Connection, names: Sequence[str], since: date) -> Mapping[str, Mapping[str, int]]:
    """How many new reports each source brought by day of UTC since then; days and sources without any are not there."""
    by_source: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for name, day, new in connection.execute(_RECEIVED, (json.dumps(list(names)), since.isoformat())):
        by_source[name][day] = new
    return dict(by_source)


def proposed(connection: Connection) -> list[dict[str, Any]]:
    """The feeds that were found at sites whose feed is sought, and wait for a person: `source_name`, `publisher`,
    `publisher_name`, `homepage`, `url` (of the site), `proposed`, `proposed_as` (what it carries), `last_poll`.
    """
    return reading.dictionaries(connection.execute(_PROPOSED))

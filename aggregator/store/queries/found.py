"""From which line of the ledger on a saved search has each report that it found, for those who follow one.

A line of an article is a search's if some version of the article, up to that of the line, has its words, and the line
is in its selection (`queries.ledger`). From then on every line of the article is, whatever becomes of its words, of its
versions, and of the search: nothing is ever taken out of `found`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime

from msgspec.structs import replace

from aggregator.model import Selection
from aggregator.store.connection import Connection
from aggregator.store.queries import ledger
from aggregator.store.queries.searches import selection_of
from aggregator.store.queries.views import is_migrated
from aggregator.text.query import parse

_LINES = 2_000  # of the ledger, that one step looks at
_LATEST = datetime(9000, 1, 1, tzinfo=UTC)  # so that no time that `changed:` names is in the future
# Those that have been tried on all that is here. `left_at`: a version before 0.8.0 left out what came since then.
_TRIED = "state <> 'removed' AND match_to IS NULL AND left_at IS NULL"
_ARE_BEHIND = f"""
    SELECT 1 FROM searches WHERE {_TRIED}
      AND found_seq < (SELECT coalesce(max(seq), 0) FROM changes) LIMIT 1
"""  # noqa: S608  (constants)
# Those that stand where the first of them stands: one step is for all of these.
_FIRST = f"""
    SELECT search_id, words, selection, found_seq FROM searches
    WHERE {_TRIED} AND found_seq = (SELECT min(found_seq) FROM searches WHERE {_TRIED})
"""  # noqa: S608  (constants)
_HAVE_WORDS = """
    SELECT DISTINCT h.search_id, c.seq, c.revision > 1 FROM changes AS c
    CROSS JOIN revisions AS r ON r.article_id = c.article_id AND r.number <= c.revision
    CROSS JOIN hits AS h ON h.revision_id = r.revision_id
    WHERE c.seq > ? AND c.seq <= ?
      AND NOT EXISTS (SELECT 1 FROM found AS f
        WHERE f.search_id = h.search_id AND f.article_id = c.article_id AND f.seq <= c.seq)
"""


def are_behind(connection: Connection) -> bool:
    """Whether `collect` would do anything. Words that are not matched yet hold it, for a moment."""
    is_held = connection.execute("SELECT 1 FROM match_queue LIMIT 1").fetchone()
    return not is_held and connection.execute(_ARE_BEHIND).fetchone() is not None


def has_search(connection: Connection, name: str) -> bool:
    """Whether there is one of this name, or was."""
    if not is_migrated(connection):
        return False
    return connection.execute("SELECT 1 FROM searches WHERE name = ?", (name,)).fetchone() is not None


def looked_at(connection: Connection) -> int:
    """Another number after each step; 0 where there are no searches."""
    if not is_migrated(connection):
        return 0
    (lines,) = connection.execute("SELECT coalesce(sum(found_seq), 0) FROM searches").fetchone()
    return int(lines)


def collect(connection: Connection) -> bool:
    """Notes what searches have found by some more lines of the ledger; False: all is noted, or is yet to be matched.
    Within a transaction.
    """
    if not are_behind(connection):
        return False
    (last,) = connection.execute("SELECT max(seq) FROM changes").fetchone()
    searches = connection.execute(_FIRST).fetchall()
    found_seq = searches[0][-1]
    end = min(last, found_seq + _LINES)
    have_words: dict[int, list[tuple[int, bool]]] = {}
    for search_id, seq, is_revision in connection.execute(_HAVE_WORDS, (found_seq, end)):
        have_words.setdefault(search_id, []).append((seq, bool(is_revision)))
    for search_id, words, said, _ in searches:
        if lines := have_words.get(search_id):
            is_of_revisions = parse(words, _LATEST).changed_since is not None
            seqs = [seq for seq, is_revision in lines if is_revision or not is_of_revisions]
            _note(connection, search_id, selection_of(said), seqs)
    connection.executemany(
        "UPDATE searches SET found_seq = ? WHERE search_id = ?", [(end, search_id) for search_id, *_ in searches]
    )
    return True


def _note(connection: Connection, search_id: int, selection: Selection, seqs: Sequence[int]) -> None:
    """Those of these lines that are in the selection of a search."""
    known = _known(connection, selection)
    connection.execute(
        """
        INSERT INTO found (search_id, article_id, seq)
        SELECT CAST(?1 AS INTEGER), c.article_id, min(c.seq)
        FROM json_each(?2) AS l CROSS JOIN changes AS c ON c.seq = CAST(l.value AS INTEGER)
        GROUP BY c.article_id
        ON CONFLICT (search_id, article_id) DO UPDATE SET seq = min(found.seq, excluded.seq)
        """,
        (search_id, json.dumps(ledger.selected(connection, known, seqs) if known else [])),
    )


def _known(connection: Connection, selection: Selection) -> Selection | None:
    """Without publishers that nobody knows yet; None: it names no other."""
    if not selection.publishers:
        return selection
    rows = connection.execute("SELECT publisher FROM publishers UNION SELECT former_key FROM publisher_history")
    known = {key for (key,) in rows}
    here = tuple(key for key in selection.publishers if key in known)
    return replace(selection, publishers=here) if here else None

"""Saved searches, and the versions of reports whose words they find.

A version is matched where its document is read, and its hits are written with it (`queue`). Whatever is to be
indexed and was not matched so waits in `match_queue`: words of another way in, or read by a program with other
searches. What was there before a search was is found by the index of words, a part at a time (`match_backwards`).
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from aggregator.model import Article, SavedSearch, Selection, Tell
from aggregator.model.plain import as_dict
from aggregator.store.connection import Connection, StoreConnection, WordIndex
from aggregator.store.queries import settings
from aggregator.store.queries.indexing import ARE_MATCHED
from aggregator.text import matching
from aggregator.text.folding import fold
from aggregator.text.query import parse

_CONFIGURED, _MATCHED_BY = "searches", "searches_matched_by"  # settings
_LATEST = datetime(9000, 1, 1, tzinfo=UTC)  # so that no time that `changed:` names is in the future
_REVISIONS = 20_000  # versions that one step looks for in the index
_OF_SELECTION = ("publishers", "countries", "kinds", "groups", "languages", "item_classes", "topics", "about")


def configured(searches: Sequence[SavedSearch], faulty: Collection[str]) -> str:
    """What says whether the tables are in line with these."""
    return matching.digest(repr((matching.FORM, tuple(searches), sorted(faulty))).encode("utf-8", "surrogatepass"))


def are_configured(connection: Connection, searches: Sequence[SavedSearch], faulty: Collection[str]) -> bool:
    """Whether `follow` would write nothing."""
    stored = settings.read(connection, _CONFIGURED)
    return stored == configured(searches, faulty) or (stored is None and not searches and not faulty)


def follow(connection: Connection, searches: Sequence[SavedSearch], faulty: Collection[str]) -> None:
    """Brings the tables in line with the files. A search that is new or has other words is matched with what is there,
    and it is sent to nobody. One whose file is faulty goes on finding what it found before. Within a transaction;
    whoever is owed anything by the searches of before has been noted.
    """
    (last,) = connection.execute("SELECT coalesce(max(seq), 0) FROM changes").fetchone()
    (newest,) = connection.execute("SELECT coalesce(max(revision_id), 0) FROM revisions").fetchone()
    columns = "search_id, name, words, selection, state, match_from, match_to, left_at"
    rows = connection.execute(f"SELECT {columns} FROM searches").fetchall()  # noqa: S608  (constants)
    stored = {name: (search_id, *others) for search_id, name, *others in rows}
    is_other_form = settings.read(connection, _MATCHED_BY + "_form") not in (None, matching.FORM)
    for search in searches:
        selection = json.dumps({name: getattr(search.selection, name) for name in _OF_SELECTION})
        before = stored.get(search.name)
        if before is None or before[3] == "removed" or (before[1], before[2]) != (search.words, selection):
            is_same = before is not None and before[1] == search.words and before[3] == "in_force"
            _begin(connection, search, selection, last, None if is_same and not is_other_form else newest)
        elif is_other_form:
            _match_anew(connection, before[0], 0, newest)
        elif before[6] is not None:  # a version before 0.8.0 matched nothing by a search whose file was faulty
            _, _, _, _, match_from, match_to, left_at = before
            begin = left_at if match_to is None else min(match_from, left_at)
            _match_anew(connection, before[0], begin, newest, keep=True)
        connection.execute("UPDATE searches SET state = 'in_force', left_at = NULL WHERE name = ?", (search.name,))
        _follow_tells(connection, search, last)
    here = {search.name for search in searches}
    for name, (search_id, _, _, state, *_) in stored.items():
        if name in faulty and state == "in_force":
            connection.execute("UPDATE searches SET state = 'faulty' WHERE name = ?", (name,))
        elif name not in here and name not in faulty and state != "removed":
            connection.execute(
                "UPDATE searches SET state = 'removed', left_at = NULL, match_from = NULL, match_to = NULL"
                " WHERE search_id = ?",
                (search_id,),
            )
            tells = connection.execute("SELECT tell_id FROM tells WHERE search_id = ?", (search_id,)).fetchall()
            for (tell_id,) in tells:
                _leave(connection, tell_id)
    if connection.execute("SELECT 1 FROM searches LIMIT 1").fetchone():  # what waits is found by no index yet
        connection.execute(
            "INSERT INTO match_queue SELECT revision_id FROM search_queue WHERE TRUE ON CONFLICT DO NOTHING"
        )
    settings.write(connection, _CONFIGURED, configured(searches, faulty))
    settings.write(connection, _MATCHED_BY, matching.digest(matching.packed(_words(connection))) or None)
    settings.write(connection, _MATCHED_BY + "_form", matching.FORM)


def _words(connection: Connection) -> dict[str, str]:
    """By which searches reports are matched, by name; those whose file is faulty among them."""
    return dict(connection.execute("SELECT name, words FROM searches WHERE state <> 'removed'").fetchall())


def packed(searches: Iterable[SavedSearch]) -> bytes:
    """As `matching.packed`, of these."""
    return matching.packed({each.name: each.words for each in searches})


def _begin(connection: Connection, search: SavedSearch, selection: str, last: int, newest: int | None) -> None:
    """`newest` None: its hits stay, because its words are the same."""
    connection.execute(
        """
        INSERT INTO searches (name, words, selection, state, since_seq, told_seq)
        VALUES (?1, ?2, ?3, 'in_force', ?4, ?4)
        ON CONFLICT (name) DO UPDATE SET words = ?2, selection = ?3, since_seq = ?4, found_seq = 0
        """,
        (search.name, search.words, selection, last),
    )
    if newest is not None:
        (search_id,) = connection.execute("SELECT search_id FROM searches WHERE name = ?", (search.name,)).fetchone()
        _match_anew(connection, search_id, 0, newest)


def _match_anew(connection: Connection, search_id: int, begin: int, end: int, *, keep: bool = False) -> None:
    if not keep:
        connection.execute("DELETE FROM hits WHERE search_id = ?", (search_id,))
    bounds = (begin, end) if end > begin else (None, None)
    connection.execute("UPDATE searches SET match_from = ?, match_to = ? WHERE search_id = ?", (*bounds, search_id))


def _leave(connection: Connection, tell_id: int) -> None:
    """Somebody is in the file no more: nothing is owed but that a report which was sent is taken back. Who got what is
    kept.
    """
    connection.execute("DELETE FROM owed WHERE tell_id = ? AND owed_kind <> 'taken_back'", (tell_id,))
    of_tell = "message_id IN (SELECT message_id FROM alert_messages WHERE tell_id = ?)"
    connection.execute(f"DELETE FROM alert_items WHERE owed_kind <> 'taken_back' AND {of_tell}", (tell_id,))  # noqa: S608
    connection.execute(
        """
        DELETE FROM alert_messages
        WHERE tell_id = ? AND NOT EXISTS (SELECT 1 FROM alert_items AS i WHERE i.message_id = alert_messages.message_id)
        """,
        (tell_id,),
    )
    connection.execute("UPDATE tells SET in_force = 0 WHERE tell_id = ?", (tell_id,))


def _follow_tells(connection: Connection, search: SavedSearch, last: int) -> None:
    (search_id,) = connection.execute("SELECT search_id FROM searches WHERE name = ?", (search.name,)).fetchone()
    rows = connection.execute("SELECT whom, tell_id, in_force FROM tells WHERE search_id = ?", (search_id,))
    before = {whom: (tell_id, in_force) for whom, tell_id, in_force in rows.fetchall()}
    for tell in search.tells:
        said = json.dumps(as_dict(tell))
        if tell.whom in before and before[tell.whom][1]:
            connection.execute("UPDATE tells SET tell = ? WHERE tell_id = ?", (said, before[tell.whom][0]))
            continue
        connection.execute(
            """
            INSERT INTO tells (search_id, whom, tell, in_force, since_seq) VALUES (?1, ?2, ?3, 1, ?4)
            ON CONFLICT (search_id, whom) DO UPDATE SET tell = ?3, in_force = 1, since_seq = ?4
            """,
            (search_id, tell.whom, said, last),
        )
    for whom in before.keys() - {tell.whom for tell in search.tells}:
        _leave(connection, before[whom][0])


def tell_of(stored: str) -> Tell:
    """As it was stored."""
    read: dict[str, Any] = json.loads(stored)
    return Tell(**{**read, "command": tuple(read["command"])})


def selection_of(stored: str) -> Selection:
    """As it was stored."""
    read: dict[str, Any] = {name: tuple(values) for name, values in json.loads(stored).items()}
    return Selection(**read)


# What they find


def queue(connection: Connection, written: Sequence[tuple[int, Article]]) -> None:
    """Puts versions that were written just now into the queue of the search index, by their numbers. Those that were
    not matched by the searches of now wait for that too; of the others the hits are written. Within a transaction.
    """
    by = settings.read(connection, _MATCHED_BY)
    matched = [(revision, a.matched.searches) for revision, a in written if by and a.matched and a.matched.by == by]
    if matched:
        done = {revision for revision, _ in matched}
        settings.write(connection, ARE_MATCHED, "1")
        connection.executemany("INSERT INTO search_queue VALUES (?)", [(revision,) for revision in sorted(done)])
        settings.write(connection, ARE_MATCHED, None)
        _write_hits(connection, matched)
        written = [(revision, a) for revision, a in written if revision not in done]
    connection.executemany("INSERT INTO search_queue VALUES (?)", [(revision,) for revision, _ in written])


def _write(connection: Connection, done: Sequence[tuple[int, Sequence[str]]]) -> None:
    connection.executemany("DELETE FROM match_queue WHERE revision_id = ?", [(revision,) for revision, _ in done])
    _write_hits(connection, done)


def _write_hits(connection: Connection, done: Sequence[tuple[int, Sequence[str]]]) -> None:
    if any(names for _, names in done):
        numbers: dict[str, int] = dict(connection.execute("SELECT name, search_id FROM searches").fetchall())
        connection.executemany(
            "INSERT INTO hits (revision_id, search_id) VALUES (?, ?) ON CONFLICT DO NOTHING",
            sorted((revision, numbers[name]) for revision, names in done for name in names if name in numbers),
        )


def to_match(connection: Connection, most: int) -> tuple[bytes, list[tuple[int, str, str, str]]]:
    """The searches in force, as `matching.matcher` takes them, and versions that wait: number, title, summary and text,
    folded. A version that was overtaken waits for nothing, and has no words.
    """
    rows = connection.execute(
        """
        SELECT q.revision_id, a.title, b.summary, b.text
        FROM (SELECT revision_id FROM match_queue ORDER BY revision_id LIMIT ?) AS q
        CROSS JOIN revisions AS r ON r.revision_id = q.revision_id
        LEFT JOIN articles AS a ON a.article_id = r.article_id AND a.revision = r.number
        LEFT JOIN bodies AS b ON b.article_id = a.article_id
        ORDER BY q.revision_id
        """,
        (most,),
    ).fetchall()
    return matching.packed(_words(connection)), [(row[0], fold(row[1]), fold(row[2]), fold(row[3])) for row in rows]


def save_matches(connection: Connection, by: str, found: Mapping[int, Sequence[str]]) -> bool:
    """False: the searches are others meanwhile, and nothing was written. Within a transaction."""
    if settings.read(connection, _MATCHED_BY) not in (by, by or None):
        return False
    _write(connection, list(found.items()))
    return True


def are_behind(connection: Connection) -> bool:
    """Whether `match_backwards` would do anything."""
    sql = "SELECT 1 FROM searches WHERE match_to IS NOT NULL AND state <> 'removed' LIMIT 1"
    return connection.execute(sql).fetchone() is not None


def match_backwards(connection: StoreConnection) -> bool:
    """One part of what was there before a search was; False: none is left. Within a transaction."""
    row = connection.execute(
        """
        SELECT search_id, words, match_from, match_to FROM searches
        WHERE match_to IS NOT NULL AND state <> 'removed' ORDER BY search_id LIMIT 1
        """
    ).fetchone()
    if row is None:
        return False
    search_id, words, match_from, match_to = row
    begin = max(match_from, match_to - _REVISIONS)
    connection.execute(
        f"""
        INSERT INTO hits (revision_id, search_id)
        SELECT found.revision, CAST(:search AS INTEGER) FROM ({_in_index(connection.index, words)}) AS found
        WHERE found.revision NOT IN (SELECT revision_id FROM search_queue)
          AND found.revision NOT IN (SELECT revision_id FROM search_removals)
          AND EXISTS (SELECT 1 FROM revisions AS v WHERE v.revision_id = found.revision)
        ON CONFLICT DO NOTHING
        """,  # noqa: S608  (constants)
        {"search": search_id, "begin": begin, "end": match_to, **_expressions(connection.index, words)},
    )
    bounds = (None, None) if begin <= match_from else (match_from, begin)
    connection.execute("UPDATE searches SET match_from = ?, match_to = ? WHERE search_id = ?", (*bounds, search_id))
    return True


def _expressions(index: WordIndex, words: str) -> dict[str, str]:
    query = parse(words, _LATEST)
    if query.wanted:
        return {"said": index.expression(query.wanted, query.unwanted)}
    return {"but": index.any_of(query.unwanted)} if query.unwanted else {}


def _in_index(index: WordIndex, words: str) -> str:
    """SQL for the versions between `begin` and `end` that have these words."""
    query = parse(words, _LATEST)
    if query.wanted:
        return index.matching(":said", "BETWEEN :begin + 1 AND :end")
    but = f"NOT IN ({index.matching(':but')})" if query.unwanted else "> 0"
    return f"""
        SELECT r.revision_id AS revision FROM revisions AS r
        JOIN articles AS a ON a.article_id = r.article_id AND a.revision = r.number
        WHERE r.revision_id > :begin AND r.revision_id <= :end AND r.revision_id {but}
    """  # noqa: S608  (constants)

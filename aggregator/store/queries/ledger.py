"""The ledger: writes its lines, each with a hash that runs over all lines before it, and reads them for subscribers.

No other file writes `changes` or `articles.released_seq`. docs/changes.md says how the hash is computed and what the
lines mean.

Which lines are listed is settled when they are written, and never changes afterwards: a line of an article is listed
from the moment on at which the article was released, that is, at which readers could first learn of it (its publisher's
rights let something out, and no embargo hid it). So no later change of rights, no embargo and no selection can hide a
line that takes back what a subscriber holds, and no line appears behind a cursor.

The same holds for a selection: a line of an article is in it if, at some moment since the article was released and up
to that line, the article and its publisher were all that the selection asks for. By what they were before, and up to
which line, is noted when it changes: in `publisher_history` here, in `former_readings` by a trigger. So a subscriber is
given the same lines whenever he asks, whatever becomes of kinds, groups, channels, keys, classes and languages later.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

from aggregator.model import ChangeKind, Cursor, Selection
from aggregator.model.errors import CursorError, StoreError
from aggregator.store.connection import Connection
from aggregator.store.queries.selections import LAST
from aggregator.store.queries.views import is_migrated
from aggregator.text.dates import to_iso

START = bytes(32)  # stands for the hash before the first line
_BATCH = 1_000

# A publisher, and from which line of the ledger up to which it was something.
Era: TypeAlias = tuple[str, int, int]
_ALWAYS = (0, LAST)

# Whether a publisher's rights let anything out: `t` is a row of `terms`, or NULL where there is none.
_IS_OPEN = "coalesce(t.text_scope, 'none') <> 'none'"

# What readers and subscribers see of a publisher's terms: by class in `terms`, and for all its reports in `publishers`
# and in its `rights`. What the wire alone acts on (how long words are stored, say) is not among them.
_TERMS = ("text_scope", "excerpt_max_words", "licence", "copyright_notice", "credit", "channels", "complaints_url")
_COLUMNS = (*_TERMS, "disclaimer")
_OF_EXCERPTS = "excerpt_max_words"  # None where no excerpt leaves
_NAMES = ("name", "place", "publisher_kind", "publisher_group")
_RIGHTS = ("expires", "edits", "translation", "commercial_use", "images", "ai_use", "index", "canonical")

_OF_PUBLISHERS = f"""
    SELECT p.publisher, p.rights, s.value, {", ".join(f"p.{name}" for name in _NAMES)} FROM publishers AS p
    LEFT JOIN settings AS s ON s.name = 'notices/' || p.publisher
    WHERE p.publisher IN (SELECT value FROM json_each(?))
    """  # noqa: S608  (constants)


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What readers see of a publisher's terms."""

    of_classes: Mapping[str, Mapping[str, str | int | None]]  # by class
    of_publisher: Mapping[str, Any]  # a key that an older version did not store is not among them
    chosen_by: tuple[str, ...] = ()  # as in `publisher_history`; (): the publisher is not known yet


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line to be written: about an article and its revision, or about a publisher."""

    change_kind: ChangeKind
    at: str
    article_id: int | None = None  # None: the line is about a publisher
    revision: int | None = None
    publisher: str | None = None  # None: the line is about an article
    note: str | None = None  # the reason of an act; None: the publisher's own change


# Writing; within a transaction of the caller's


# The hash runs over the words that these kinds had before version 0.2.0, so that every cursor stays good.
_HASHED_AS = {"resent": "refile", "deleted": "removed_by_wire"}


def chained(previous: bytes, seq: int, kind: str, subject: str, at: str) -> bytes:
    """The hash of a line: SHA-256 of the hash before it and what the line says, in the form of docs/changes.md.

    `subject` is the public id of the article, or the key of the publisher. Words, reasons and revisions are left out,
    so that a purge leaves the hash as it is.
    """
    return hashlib.sha256(f"{previous.hex()} {seq} {_HASHED_AS.get(kind, kind)} {subject} {at}".encode()).digest()


def append(connection: Connection, lines: Sequence[Line]) -> None:
    """Writes lines, in this order. The state of their articles must have been written before: it decides whether the
    article is released by its line.
    """
    if not lines:
        return
    last, previous = _last(connection)
    articles = _articles(connection, {line.article_id for line in lines if line.article_id is not None})
    rows = []
    released: dict[int, int] = {}
    for seq, line in enumerate(lines, last + 1):
        subject, is_first = (line.publisher or "", False) if line.article_id is None else articles[line.article_id]
        previous = chained(previous, seq, line.change_kind, subject, line.at)
        rows.append(
            (seq, line.article_id, line.revision, line.publisher, line.change_kind, line.at, line.note, previous)
        )
        if line.article_id is not None and is_first:
            released.setdefault(line.article_id, seq)
    connection.executemany(
        "INSERT INTO changes (seq, article_id, revision, publisher, change_kind, at, note, hash) VALUES (?, ?, ?, ?,"
        " ?, ?, ?, ?)",
        rows,
    )
    connection.executemany(
        "UPDATE articles SET released_seq = ? WHERE article_id = ?",
        [(seq, article_id) for article_id, seq in released.items()],
    )


def bring_back(connection: Connection, times: Mapping[int, str]) -> None:
    """Gives lines that a clock wrote which ran ahead their right times, by number; none comes after the line that
    follows it. The hash stays: it is of the time that was written, which `hashed_at` keeps.
    """
    for seq in sorted(times, reverse=True):
        connection.execute(
            """
            UPDATE changes SET hashed_at = coalesce(hashed_at, at),
              at = min(?2, coalesce((SELECT at FROM changes WHERE seq = ?1 + 1), ?2))
            WHERE seq = ?1
            """,
            (seq, times[seq]),
        )


def not_released(connection: Connection, article_id: int) -> None:
    """The article was made in this very transaction, and is to stay unknown after all: nobody has read its lines."""
    connection.execute("UPDATE articles SET released_seq = NULL WHERE article_id = ?", (article_id,))


def _last(connection: Connection) -> tuple[int, bytes]:
    row: tuple[int, bytes] | None = connection.execute(
        "SELECT seq, hash FROM changes WHERE seq = (SELECT max(seq) FROM changes)"
    ).fetchone()
    return row or (0, START)


def _articles(connection: Connection, articles: Iterable[int]) -> dict[int, tuple[str, bool]]:
    """The public id of each article, and whether it can be known from now on and could not before."""
    rows = connection.execute(
        f"""
        SELECT a.article_id, a.id, a.released_seq IS NULL AND a.embargoed_until IS NULL AND {_IS_OPEN}
        FROM json_each(?) AS named
        CROSS JOIN articles AS a ON a.article_id = CAST(named.value AS INTEGER)
        LEFT JOIN terms AS t ON t.publisher = a.publisher AND t.class = a.class
        """,  # noqa: S608  (constants)
        (json.dumps(list(articles)),),
    )
    return {article_id: (public_id, bool(is_first)) for article_id, public_id, is_first in rows}


# When the terms of a publisher change


def terms_of(connection: Connection, publishers: Sequence[str]) -> dict[str, Terms]:
    """What `terms_changed` compares, by publisher; empty for one that is not known yet."""
    these = (json.dumps(list(publishers)),)
    rows = connection.execute(
        f"SELECT publisher, class, {', '.join(_COLUMNS)} FROM terms"  # noqa: S608
        " WHERE publisher IN (SELECT value FROM json_each(?))",
        these,
    )
    of_classes: dict[str, dict[str, dict[str, Any]]] = {publisher: {} for publisher in publishers}
    for publisher, item_class, *values in rows:
        columns = of_classes[publisher][item_class] = dict(zip(_COLUMNS, values, strict=True))
        if columns["text_scope"] != "excerpt":
            columns[_OF_EXCERPTS] = None
    of_publishers = {publisher: values for publisher, *values in connection.execute(_OF_PUBLISHERS, these)}
    chosen_by = _chosen_by(connection, publishers)
    found = {}
    for publisher, classes in of_classes.items():
        of_publisher: dict[str, Any] = {}
        if publisher in of_publishers:
            rights, notices, *names = of_publishers[publisher]
            kept = json.loads(rights)
            of_publisher = dict(zip(_NAMES, names, strict=True)) | {key: kept[key] for key in _RIGHTS if key in kept}
            if notices is not None:
                of_publisher["notices"] = json.loads(notices)
        found[publisher] = Terms(of_classes=classes, of_publisher=of_publisher, chosen_by=chosen_by.get(publisher, ()))
    return found


def terms_changed(
    connection: Connection, publisher: str, before: Terms, after: Terms, now: datetime, believed: datetime
) -> None:
    """Writes what subscribers must know when the stored terms of a publisher, `after`, are no longer those of `before`:
    one line for all that they hold of it, and one for each report that its rights keep in no longer. By `believed`
    embargoes are over.
    """
    if after == before or not before.chosen_by:  # nothing is held of a publisher that was not known
        return
    at = to_iso(now)
    if before.chosen_by != after.chosen_by:
        _remember(connection, publisher, before.chosen_by)
    opened = [each for each in after.of_classes if _is_open(after, each) and not _is_open(before, each)]
    closed = [each for each in after.of_classes if _is_open(before, each) and not _is_open(after, each)]
    _release_due(connection, publisher, closed, to_iso(believed))
    _note_closed(connection, publisher, before, after)
    coming = _unreleased(connection, publisher, opened)
    note = _difference(before, after)
    if note and (coming or _has_released(connection, publisher)):
        append(connection, [Line(change_kind="terms_changed", at=at, publisher=publisher, note=note)])
    let_out = [
        Line(
            change_kind="restored",
            at=at,
            article_id=article_id,
            revision=revision,
            note="its publisher's rights let it out now",
        )
        for article_id, revision in coming
    ]
    for start in range(0, len(let_out), _BATCH):
        append(connection, let_out[start : start + _BATCH])


def _note_closed(connection: Connection, publisher: str, before: Terms, after: Terms) -> None:
    """Remembers by which channels reports left before and leave no longer: whoever was given them is shown a notice."""
    last, _ = _last(connection)
    for item_class in after.of_classes:
        was, now = _channels(before, item_class), _channels(after, item_class)
        connection.executemany(
            "DELETE FROM closed_channels WHERE publisher = ? AND class = ? AND channel = ?",
            [(publisher, item_class, channel) for channel in now],
        )
        connection.executemany(
            "INSERT INTO closed_channels (publisher, class, channel, seq) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (publisher, class, channel) DO UPDATE SET seq = excluded.seq",
            [(publisher, item_class, channel, last) for channel in sorted(was - now)],
        )


def _channels(terms: Terms, item_class: str) -> set[str]:
    """By which reports of a class leave."""
    return set(str(terms.of_classes[item_class]["channels"]).split()) if _is_open(terms, item_class) else set()


def renamed(connection: Connection, old: str, new: str, now: datetime) -> None:
    """Says that a publisher has another key, where subscribers may hold reports of it. Its lines, which have the new
    one already, keep the key that their hash is of; by the old one it is still found.
    """
    _remember(connection, new, (old, *_chosen_by(connection, [new])[new][1:]))
    connection.execute(
        """
        UPDATE changes SET hashed_publisher = nullif(coalesce(hashed_publisher, ?1), ?2)
        WHERE publisher = ?2
        """,
        (old, new),
    )
    if _has_released(connection, new):
        note = f"publisher was {old}, is {new}"
        append(connection, [Line(change_kind="terms_changed", at=to_iso(now), publisher=new, note=note)])


def _chosen_by(connection: Connection, publishers: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """What each publisher is chosen by now, as a row of `publisher_history` has it; those that are known."""
    rows = connection.execute(
        """
        SELECT publisher, name, country, publisher_kind, publisher_group,
          coalesce((SELECT channels FROM terms AS t WHERE t.publisher = p.publisher ORDER BY class LIMIT 1), '')
        FROM publishers AS p WHERE publisher IN (SELECT value FROM json_each(?))
        """,
        (json.dumps(list(publishers)),),
    )
    return {row[0]: row for row in rows}


def _remember(connection: Connection, publisher: str, was: Sequence[str]) -> None:
    """Notes what a publisher was up to the last line."""
    connection.execute(
        """
        INSERT INTO publisher_history
          (publisher, former_key, name, country, publisher_kind, publisher_group, channels, until_seq)
        VALUES (?, ?, ?, ?, ?, ?, ?, (SELECT coalesce(max(seq), 0) FROM changes))
        """,
        (publisher, *was),
    )


def signals_changed(
    connection: Connection, publisher: str, before: Sequence[str], after: Sequence[str], at: str
) -> None:
    """Says that the site of a publisher refuses machines other uses than before, where subscribers may hold reports of
    it.
    """
    if _has_released(connection, publisher):
        was, now = (", ".join(uses) or "none" for uses in (before, after))
        note = f"uses by machines that its site refuses were {was}, are {now}"
        append(connection, [Line(change_kind="terms_changed", at=at, publisher=publisher, note=note)])


def _difference(before: Terms, after: Terms) -> str:
    """In words, in one line; '' where readers see nothing else than before."""
    said = []
    old_classes, new_classes = before.of_classes, after.of_classes
    shared = sorted(old_classes.keys() & new_classes.keys())
    for name in _TERMS:
        pairs = {(old_classes[each][name], new_classes[each][name]) for each in shared}
        if name == _OF_EXCERPTS:
            pairs = {pair for pair in pairs if None not in pair}  # else `text_scope` says it
        said += [_was_and_is(name, old, new) for old, new in sorted(pairs, key=str) if old != new]
    for name in (*_NAMES, *_RIGHTS):
        if name in before.of_publisher and name in after.of_publisher:
            old, new = before.of_publisher[name], after.of_publisher[name]
            said += [_was_and_is(name, _shown(old), _shown(new))] if old != new else []
    # Texts are too long for a line, and mostly follow from what is said already: an excerpt has another disclaimer.
    if not said and any(old_classes[each]["disclaimer"] != new_classes[each]["disclaimer"] for each in shared):
        said.append("disclaimer changed")
    old, new = before.of_publisher.get("notices"), after.of_publisher.get("notices")
    if not said and old is not None and old != new:
        said.append("the text in the place of a report changed")
    return " ".join("; ".join(said).split())


def _shown(value: object) -> object:
    """A table as `train refused, input allowed`."""
    if not isinstance(value, dict):
        return value
    return ", ".join(f"{key} {str(said).lower() if isinstance(said, bool) else said}" for key, said in value.items())


def _was_and_is(name: str, old: object, new: object) -> str:
    return f"{name} was {old or 'none'}, is {new or 'none'}"


def _is_open(terms: Terms, item_class: str) -> bool:
    return item_class in terms.of_classes and terms.of_classes[item_class]["text_scope"] != "none"


def _release_due(connection: Connection, publisher: str, closed: Sequence[str], at: str) -> None:
    """An embargo that is over lets its report out at once, also before the line that says so: what subscribers may
    have read so far must be known to be out before the rights close over it.
    """
    connection.execute(
        """
        UPDATE articles SET released_seq = (SELECT coalesce(max(seq), 0) + 1 FROM changes)
        WHERE publisher = ? AND class IN (SELECT value FROM json_each(?)) AND released_seq IS NULL
          AND embargoed_until <= ?
        """,
        (publisher, json.dumps(closed), at),
    )


def _unreleased(connection: Connection, publisher: str, classes: Sequence[str]) -> list[tuple[int, int]]:
    """The articles of these classes that only the rights kept in, and their revisions."""
    return connection.execute(
        """
        SELECT article_id, revision FROM articles
        WHERE publisher = ? AND class IN (SELECT value FROM json_each(?)) AND released_seq IS NULL
          AND status = 'usable' AND embargoed_until IS NULL
        ORDER BY article_id
        """,
        (publisher, json.dumps(classes)),
    ).fetchall()


def _has_released(connection: Connection, publisher: str) -> bool:
    row = connection.execute(
        "SELECT 1 FROM articles WHERE publisher = ? AND released_seq IS NOT NULL LIMIT 1", (publisher,)
    ).fetchone()
    return row is not None


# Reading


def lines(connection: Connection, selection: Selection) -> list[dict[str, Any]]:
    """The ledger of a selection, oldest first: seq, cursor, change_kind, at, id, publisher, publisher_name,
    publisher_place, title, url, revision, note, channels (a list: those by which the report may be passed on now), and
    where `at` was put right since, hashed_at, the time that the hash is of. Of a line about a publisher id, title, url
    and revision are None, and it has no channels; where that has another key since, it has hashed_publisher, the key
    that the hash is of.

    Title and link are those that may leave now. A line new, revised, corrected or restored has a title, be it an empty
    one, if and only if its report is in the wire now. CursorError: the ledger does not hold the line of `after`. Within
    a transaction of the caller's, so that the lines are of the ledger that was checked.
    """
    if selection.after is not None:
        check(connection, selection.after)
    in_selection, wanted = _condition(connection, selection)
    which = "c.seq > :after AND c.seq <= :up_to"
    if few := _of_few(connection, wanted):
        seqs = connection.execute(_OF_FEW.format(few=few, in_selection=in_selection), wanted).fetchall()
        which = _THESE
        wanted["seqs"] = json.dumps([seq for (seq,) in seqs])
    hashed = "c.hashed_publisher" if is_migrated(connection) else "NULL"
    sql = _LINES.format(which=which, in_selection=in_selection, hashed_publisher=hashed)
    cursor = connection.execute(sql, wanted)
    names = [column[0] for column in cursor.description[2:-3]]
    return [
        {
            "seq": seq,
            "cursor": str(Cursor.of(seq, hashed)),
            **dict(zip(names, others, strict=True)),
            "channels": (channels or "").split(),
            **({"hashed_at": hashed_at} if hashed_at else {}),
            **({"hashed_publisher": hashed_publisher} if hashed_publisher else {}),
        }
        for seq, hashed, *others, hashed_at, hashed_publisher, channels in cursor
    ]


def selected(connection: Connection, selection: Selection, seqs: Sequence[int]) -> list[int]:
    """Those of these lines of the ledger, by their numbers, that are listed and in a selection. Raises StoreError."""
    if not seqs:
        return []
    in_selection, wanted = _condition(connection, selection)
    sql = f"""
        SELECT c.seq FROM changes AS c LEFT JOIN articles AS a ON a.article_id = c.article_id
        WHERE {_THESE} AND {in_selection}
    """  # noqa: S608  (constants)
    return [seq for (seq,) in connection.execute(sql, {**wanted, "seqs": json.dumps(list(seqs))})]


def _condition(connection: Connection, selection: Selection) -> tuple[str, dict[str, Any]]:
    """SQL: whether line `c` of article `a` is in a selection, and the values of its names, with those of `which`."""
    _check_selection(selection)
    search_id, found_seq = _search(connection, selection.search) if selection.search is not None else (None, LAST)
    eras = _eras(connection, selection)
    keys = None if eras is None else tuple(dict.fromkeys(key for key, *_ in eras))
    partly = [era for era in eras or () if era[1:] != _ALWAYS]
    named = {
        "publishers": keys,
        "partly": partly or None,
        "countries": selection.countries or None,
        "classes": selection.item_classes or None,
        "languages": selection.languages or None,
        "topics": selection.topics or None,
        "about": selection.about or None,
    }
    wanted: dict[str, Any] = {
        "after": selection.after.seq if selection.after else 0,
        "up_to": min(selection.up_to.seq if selection.up_to else LAST, found_seq),
        "limit": LAST if selection.limit is None else selection.limit,
        **{name: None if values is None else json.dumps(values) for name, values in named.items()},
    }
    once = is_migrated(connection)
    covers = _WAS.format(of="c", since="c.seq", until="c.seq")
    in_selection = _IN_SELECTION.format(fits=_fits("a", once=once), fitted=_fits("b", once=once), covers=covers)
    if search_id is not None:
        return f"{in_selection} AND {_FOUND}", {**wanted, "search": search_id}
    return in_selection, wanted


def _search(connection: Connection, name: str) -> tuple[int, int]:
    """The number of a saved search, and up to which line it is known what it has found. Raises StoreError."""
    row: tuple[int, int] | None = (
        connection.execute("SELECT search_id, found_seq FROM searches WHERE name = ?", (name,)).fetchone()
        if is_migrated(connection)
        else None
    )
    if row is None:
        said = "no saved search of this name has been read into the database; `aggregator run` and `fetch` do it"
        raise StoreError(f"{name}: {said}")
    return row


def _of_few(connection: Connection, wanted: Mapping[str, Any]) -> str | None:
    """SQL for the articles `a` of publishers or countries that are of so few that their lines are looked for one by
    one: they lie far apart among those of all others. None: there are many, or an older version made the file.
    """
    if not is_migrated(connection):
        return None
    for column, name in (("publisher", "publishers"), ("country", "countries")):
        if wanted[name] is not None:
            articles = f"AS t CROSS JOIN articles AS a ON a.{column} = t.value"
            (count,) = connection.execute(
                f"SELECT count(*) FROM (SELECT 1 FROM json_each(?) {articles} LIMIT ?) AS counted",  # noqa: S608  (constants)
                (wanted[name], FEW + 1),
            ).fetchone()
            if count <= FEW:
                return f"json_each(:{name}) {articles}"
    return None


def few_articles(connection: Connection, after: int, up_to: int) -> list[int] | None:
    """The articles of the lines behind the one and up to the other; None: these are many lines."""
    rows = connection.execute(
        "SELECT article_id FROM changes WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT ?", (after, up_to, FEW + 1)
    ).fetchall()
    return None if len(rows) > FEW else list({article_id for (article_id,) in rows if article_id is not None})


def last_cursor(connection: Connection, search: str | None = None) -> Cursor | None:
    """The cursor of the last line, listed or not, or of the last up to which it is known what a saved search has found;
    None: there is no line yet. Raises StoreError where there is no such search.
    """
    if search is not None:
        return cursor_at(connection, _search(connection, search)[1])
    seq, hashed = _last(connection)
    return Cursor.of(seq, hashed) if seq else None


def cursor_at(connection: Connection, seq: int) -> Cursor | None:
    """The cursor of the line with this number; None for 0, the beginning. CursorError: there is no such line."""
    if seq == 0:
        return None
    row = connection.execute("SELECT hash FROM changes WHERE seq = ?", (seq,)).fetchone()
    if row is None:
        last, _ = _last(connection)
        raise CursorError(f"line {seq}: this ledger ends with line {last}. {_START_AGAIN}")
    return Cursor.of(seq, row[0])


def searched_up_to(connection: Connection, after: Cursor | None) -> Cursor | None:
    """The last line of the ledger up to which a search finds all reports whose lines are behind `after`; None: none."""
    if connection.execute("SELECT 1 FROM search_queue LIMIT 1").fetchone():
        row = connection.execute(
            """
            SELECT c.seq FROM changes AS c
            CROSS JOIN articles AS a ON a.article_id = c.article_id
            CROSS JOIN revisions AS r ON r.article_id = a.article_id AND r.number = a.revision
            CROSS JOIN search_queue AS q ON q.revision_id = r.revision_id
            WHERE c.seq > ? ORDER BY c.seq LIMIT 1
            """,
            (after.seq if after else 0,),
        ).fetchone()
        if row is not None:
            return cursor_at(connection, row[0] - 1)
    return last_cursor(connection)


def named_cursor(connection: Connection, name: str) -> Cursor | None:
    row = connection.execute(
        "SELECT c.seq, c.hash FROM cursors AS n JOIN changes AS c ON c.seq = n.seq WHERE n.cursor_name = ?", (name,)
    ).fetchone()
    return Cursor.of(*row) if row else None


def move_cursor(connection: Connection, name: str, before: Cursor | None, to: Cursor) -> bool:
    """False: it is no longer where it was before. Within a transaction of the caller's."""
    if named_cursor(connection, name) != before:
        return False
    check(connection, to)
    connection.execute(
        "INSERT INTO cursors (cursor_name, seq) VALUES (?, ?)"
        " ON CONFLICT (cursor_name) DO UPDATE SET seq = excluded.seq",
        (name, to.seq),
    )
    return True


def cursor_before(connection: Connection, since: datetime) -> Cursor | None:
    """The cursor after which the ledger goes on at this time: that of the line before the first one written then or
    later, or of the last line of all; None: the beginning. All that follows is listed, whatever its time is, because
    a clock may have been set back meanwhile.
    """
    row = connection.execute(
        """
        SELECT seq, hash FROM changes
        WHERE seq < coalesce((SELECT min(seq) FROM changes WHERE at >= ?), 9223372036854775807)
        ORDER BY seq DESC LIMIT 1
        """,
        (to_iso(since),),
    ).fetchone()
    return Cursor.of(*row) if row else None


_START_AGAIN = (
    "The database was restored from a backup, or it is another one. Forget what you hold of it and start again with"
    " `aggregator changes --after 0`"
)


def check(connection: Connection, after: Cursor) -> None:
    """CursorError: this ledger does not hold its line."""
    row = connection.execute("SELECT hash FROM changes WHERE seq = ?", (after.seq,)).fetchone()
    if row is None:
        last, _ = _last(connection)
        raise CursorError(f"cursor {after}: this ledger ends with line {last}. {_START_AGAIN}")
    if Cursor.of(after.seq, row[0]) != after:
        raise CursorError(f"cursor {after}: line {after.seq} of this ledger has another hash. {_START_AGAIN}")


def _check_selection(selection: Selection) -> None:
    if (selection.since, selection.until, selection.before) != (None, None, None):
        raise StoreError("the ledger is followed by its lines: expected `after` and `up_to`, no time and no report")


def _eras(connection: Connection, selection: Selection) -> list[Era] | None:
    """When which publishers were what a selection asks for; None: it asks for nothing of them. Raises StoreError for a
    publisher that nobody knows: whoever follows a misspelt one would wait for ever.

    Of a store that shows terms which are not in force yet, the stored ones count: the lines were written under them.
    """
    if not (selection.publishers or selection.kinds or selection.groups or selection.channel):
        return None
    of = connection.stored if is_migrated(connection) else ""
    now = connection.execute(
        f"""
        SELECT publisher, publisher, publisher_kind, publisher_group,
          coalesce((SELECT channels FROM {of}terms AS t WHERE t.publisher = p.publisher ORDER BY class LIMIT 1), ''), ?
        FROM {of}publishers AS p
        """,  # noqa: S608  (constants)
        (LAST,),
    ).fetchall()
    before = connection.execute(
        """
        SELECT publisher, former_key, publisher_kind, publisher_group, channels, until_seq FROM publisher_history
        ORDER BY until_seq, rowid
        """
    ).fetchall() if of else []  # fmt: skip
    here = {key for key, *_ in now}
    found: list[Era] = []
    begins: dict[str, int] = {}
    is_cut: set[str] = set()  # publishers that were not all the time what is asked for
    keys = {key for key in here if key in selection.publishers}
    keys |= {key for key, former, *_ in before if former in selection.publishers and former not in here}
    for said in selection.publishers:
        if said not in here and all(former != said for _, former, *_ in before):
            raise StoreError(f"{said}: there is no publisher with this key; `aggregator publishers` lists them")
    for key, _, kind, group, channels, until in (*before, *now):
        since, begins[key] = begins.get(key, 0), until + 1
        fits = (
            kind in (selection.kinds or (kind,))
            and group in (selection.groups or (group,))
            and (selection.channel is None or selection.channel in channels.split())
        )
        if since > until or (selection.publishers and key not in keys):
            continue
        if fits:
            found.append((key, since, until))
        else:
            is_cut.add(key)
    always = dict.fromkeys(key for key, *_ in found if key not in is_cut)
    return [*((key, *_ALWAYS) for key in always), *(era for era in found if era[0] in is_cut)]


# `wire` and `notices` are in subqueries: joined from the left they would be built whole before the first line.
# An article keeps the publisher and the country that it came with. A line about a publisher is in the selections that
# hold a report of it which was released before; what is put behind it keeps the planner from looking for it among all
# reports of the country.
_OUT = "c.change_kind IN ('withheld', 'withdrawn', 'deleted')"
_IN_SELECTION = """(c.article_id IS NULL OR c.seq >= a.released_seq)
      AND (CAST(:publishers AS TEXT) IS NULL
        OR coalesce(c.publisher, a.publisher) IN (SELECT value FROM json_each(:publishers)))
      AND (c.article_id IS NOT NULL AND {fits}
        OR c.article_id IS NULL AND (
          coalesce(:countries, :classes, :languages, :topics, :about) IS NULL AND {covers}
          OR EXISTS (
            SELECT 1 FROM articles AS b WHERE b.publisher = c.publisher AND b.released_seq <= c.seq AND {fitted})))
"""
# What a saved search has found, and the publishers of that.
_FOUND = """CASE WHEN c.article_id IS NOT NULL THEN
        EXISTS (SELECT 1 FROM found AS f
          WHERE f.search_id = :search AND f.article_id = c.article_id AND f.seq <= c.seq)
        ELSE EXISTS (SELECT 1 FROM found AS f CROSS JOIN articles AS b ON b.article_id = f.article_id
          WHERE f.search_id = :search AND f.seq <= c.seq AND b.publisher = c.publisher) END"""
_THESE = "c.seq IN (SELECT CAST(value AS INTEGER) FROM json_each(:seqs))"
_SAYS = """(CAST(:classes AS TEXT) IS NULL OR {of}.class || '' IN (SELECT value FROM json_each(:classes)))
        AND (CAST(:languages AS TEXT) IS NULL OR EXISTS (SELECT 1 FROM json_each(:languages) AS l
          WHERE lower({of}.language) = lower(l.value) OR lower({of}.language) LIKE lower(l.value) || '-%'))"""
# What it is about now, by the tables that have the broader topics too, and what a former reading was about.
_IS_ABOUT = """ AND (CAST(:topics AS TEXT) IS NULL OR EXISTS (SELECT 1 FROM article_topics AS x
          WHERE x.article_id = {of}.article_id AND x.topic IN (SELECT value FROM json_each(:topics))))
        AND (CAST(:about AS TEXT) IS NULL OR EXISTS (SELECT 1 FROM article_countries AS x
          WHERE x.article_id = {of}.article_id AND x.country IN (SELECT value FROM json_each(:about))))"""
_WAS_ABOUT = """ AND (CAST(:topics AS TEXT) IS NULL OR EXISTS (SELECT 1 FROM json_each({of}.topics) AS x
          WHERE x.value IN (SELECT value FROM json_each(:topics))))
        AND (CAST(:about AS TEXT) IS NULL OR EXISTS (SELECT 1 FROM json_each({of}.about) AS x
          WHERE x.value IN (SELECT value FROM json_each(:about))))"""
# Whether a publisher was what is asked for in some moment from one line on up to another.
_WAS = """(CAST(:partly AS TEXT) IS NULL
          OR {of}.publisher NOT IN (SELECT json_extract(value, '$[0]') FROM json_each(:partly))
          OR EXISTS (SELECT 1 FROM json_each(:partly) AS e WHERE json_extract(e.value, '$[0]') = {of}.publisher
            AND max({since}, CAST(json_extract(e.value, '$[1]') AS INTEGER))
              <= min({until}, CAST(json_extract(e.value, '$[2]') AS INTEGER))))"""


def _fits(article: str, *, once: bool) -> str:
    """SQL: whether an article was in a selection up to line `c`; where it is not known what it was, whether it is."""
    always = _meanwhile(article, "0", f"{LAST}")
    of_these = f"{article}.country || '' IN (SELECT value FROM json_each(:countries))"  # noqa: S608  (constants)
    country = f"(CAST(:countries AS TEXT) IS NULL OR {of_these})"
    says = _SAYS.format(of=article)
    if not once:
        return f"{country} AND {says} AND {always} AND coalesce(:topics, :about) IS NULL"
    says += _IS_ABOUT.format(of=article)
    said = (_SAYS + _WAS_ABOUT).format(of="f")
    former = f"FROM former_readings AS {{of}} WHERE {{of}}.article_id = {article}.article_id"
    now = f"coalesce((SELECT max(g.until_seq) + 1 {former.format(of='g')}), 0)"
    before = f"coalesce((SELECT max(g.until_seq) + 1 {former.format(of='g')} AND g.until_seq < f.until_seq), 0)"
    until = f"coalesce(f.until_seq, {LAST})"
    return f"""{country} AND CASE WHEN coalesce(:classes, :languages, :topics, :about) IS NULL THEN {always}
        ELSE {says} AND {_meanwhile(article, now, f"{LAST}")}
        OR EXISTS (SELECT 1 {former.format(of="f")} AND {said}
          AND {_meanwhile(article, before, until)}) END"""


def _meanwhile(article: str, since: str, until: str) -> str:
    """SQL: whether an article was out in some moment from a line on, up to another one and to line `c`, in which its
    publisher was what is asked for.
    """
    since, until = f"max({article}.released_seq, {since})", f"min(c.seq, {until})"
    return f"{since} <= {until} AND {_WAS.format(of=article, since=since, until=until)}"


_LINES = f"""
    SELECT c.seq, c.hash, c.change_kind, c.at, a.id AS id, p.publisher AS publisher, p.name AS publisher_name,
      p.place AS publisher_place,
      CASE
        WHEN NOT {_OUT} THEN (SELECT w.title FROM wire AS w WHERE w.article_id = a.article_id)
        WHEN a.notice IS NOT NULL THEN (SELECT n.title FROM notices AS n WHERE n.article_id = a.article_id)
      END AS title,
      CASE
        WHEN NOT {_OUT} THEN (SELECT w.url FROM wire AS w WHERE w.article_id = a.article_id)
        WHEN a.notice IS NOT NULL THEN (SELECT n.url FROM notices AS n WHERE n.article_id = a.article_id)
      END AS url,
      c.revision, c.note, c.hashed_at, {{hashed_publisher}}, t.channels
    FROM changes AS c
    LEFT JOIN articles AS a ON a.article_id = c.article_id
    LEFT JOIN terms AS t ON t.publisher = a.publisher AND t.class = a.class
    CROSS JOIN publishers AS p ON p.publisher = coalesce(c.publisher, a.publisher)
    WHERE {{which}} AND {{in_selection}}
    ORDER BY c.seq LIMIT :limit
"""  # noqa: S608  (constants)

# The numbers of the lines of few reports, and of their publishers; of all publishers there are few lines.
FEW = 5_000  # reports: some milliseconds
_OF_FEW = """
    SELECT seq FROM (
      SELECT c.seq FROM {few} CROSS JOIN changes AS c ON c.article_id = a.article_id
      WHERE c.seq > :after AND c.seq <= :up_to AND {in_selection}
      UNION ALL
      SELECT c.seq FROM changes AS c INDEXED BY changes_of_publisher
      LEFT JOIN articles AS a ON a.article_id = c.article_id
      WHERE c.publisher IS NOT NULL AND c.seq > :after AND c.seq <= :up_to AND {in_selection}) AS lines
    ORDER BY seq LIMIT :limit
"""

"""What publishers say to machines: what was seen where, since when and until when, and the documents that say it."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta

from aggregator.model.publisher import Uses
from aggregator.model.signals import Looked, Signal, SignalFile, StoredSignal
from aggregator.store.connection import Connection
from aggregator.store.queries import ledger
from aggregator.text.dates import from_iso, to_iso

_SEEN_AGAIN = timedelta(days=1)  # so seldom it is written down that a signal is still there
_COLUMNS = "signal_form, signal_place, url, about, literal, train, input, search, path_pattern, rank, policy, origin"
_STORED = f"publisher, article_id, first_seen, last_seen, ended_at, {_COLUMNS}"


def is_there(connection: Connection) -> bool:
    """Whether the database has the table: one that an older version made, and that is only read, has not."""
    return connection.has_table("rights_signals")


def note(connection: Connection, looks: Sequence[Looked], now: datetime) -> None:
    """Writes what was seen: what is new, what is still there, and that what is not seen any more has ended. Where that
    changes what a publisher refuses for all its reports, a line of the ledger says so. Within a transaction.
    """
    at = to_iso(now)
    publishers = sorted({look.publisher for look in looks if look.article_id is None})
    before = {publisher: _refused(connection, publisher) for publisher in publishers}
    for look in looks:
        _note(connection, look, now, at)
    for publisher in publishers:
        after = _refused(connection, publisher)
        if after != before[publisher]:
            ledger.signals_changed(connection, publisher, before[publisher], after, at)


def _note(connection: Connection, look: Looked, now: datetime, at: str) -> None:
    """Of the page of a report that was purged while it was visited, nothing."""
    purged = "SELECT 1 FROM articles WHERE article_id = ? AND notice = 'removed'"
    if look.article_id is not None and connection.execute(purged, (look.article_id,)).fetchone():
        return
    rows = connection.execute(
        f"""
        SELECT signal_id, last_seen, {_COLUMNS} FROM rights_signals
        WHERE publisher = ? AND article_id IS NOT DISTINCT FROM ? AND signal_place = ? AND url = ? AND ended_at IS NULL
        """,  # noqa: S608  (constants)
        (look.publisher, look.article_id, look.place, look.url),
    ).fetchall()
    known = {_signal(row[2:]): (row[0], row[1]) for row in rows}
    here = set(look.signals)
    gone = [(at, number) for signal, (number, _) in known.items() if signal not in here]
    connection.executemany("UPDATE rights_signals SET ended_at = ? WHERE signal_id = ?", gone)
    old = to_iso(now - _SEEN_AGAIN)
    again = [(at, number) for signal, (number, seen) in known.items() if signal in here and seen < old]
    connection.executemany("UPDATE rights_signals SET last_seen = ? WHERE signal_id = ?", again)
    new = [each for each in dict.fromkeys(look.signals) if each not in known]
    connection.executemany(
        f"""
        INSERT INTO rights_signals (publisher, article_id, first_seen, last_seen, {_COLUMNS})
        VALUES ({", ".join("?" * 16)})
        """,  # noqa: S608  (constants)
        [(look.publisher, look.article_id, at, at, *_row(each)) for each in new],
    )


def _refused(connection: Connection, publisher: str) -> tuple[str, ...]:
    """The uses that a site or a feed of the publisher refuses now."""
    row = connection.execute(
        """
        SELECT sum(train = 'refused'), sum(input = 'refused'), sum(search = 'refused') FROM rights_signals
        WHERE publisher = ? AND article_id IS NULL AND ended_at IS NULL
        """,
        (publisher,),
    ).fetchone()
    return tuple(use for use, said in zip(("train", "input", "search"), row, strict=True) if said)


def of_publishers(connection: Connection, publishers: Collection[str] | None = None) -> list[StoredSignal]:
    """What sites and feeds of these publishers say and said; None: of all, what they say now."""
    if not is_there(connection):
        return []
    wanted = "ended_at IS NULL" if publishers is None else "publisher IN (SELECT value FROM json_each(?))"
    rows = connection.execute(
        f"""
        SELECT {_STORED} FROM rights_signals WHERE article_id IS NULL AND {wanted}
        """,  # noqa: S608  (constants)
        () if publishers is None else (json.dumps(sorted(publishers)),),
    )
    return sorted(map(_stored, rows), key=_in_order)


def of_articles(connection: Connection, articles: Iterable[int]) -> list[StoredSignal]:
    """What the pages of these articles say and said."""
    rows = connection.execute(
        f"""
        SELECT {_STORED} FROM json_each(?) AS named
        CROSS JOIN rights_signals AS r ON r.article_id = CAST(named.value AS INTEGER)
        """,  # noqa: S608  (constants)
        (json.dumps(list(articles)),),
    )
    return sorted(map(_stored, rows), key=_in_order)


def of_report(connection: Connection, public_id: str) -> list[StoredSignal]:
    """What the page of a report says and said."""
    if not is_there(connection):
        return []
    row = connection.execute("SELECT article_id FROM articles WHERE id = ?", (public_id,)).fetchone()
    return of_articles(connection, row or ())


def of_pages(connection: Connection) -> list[StoredSignal]:
    """What pages of articles say now, of each publisher and each form and place the last that was seen."""
    if not is_there(connection):
        return []
    rows = connection.execute(
        f"SELECT {_STORED} FROM rights_signals WHERE article_id IS NOT NULL AND ended_at IS NULL"  # noqa: S608
    )
    last: dict[tuple[object, ...], StoredSignal] = {}
    for each in map(_stored, rows):
        last[each.publisher, each.signal.form, each.signal.place, each.signal.uses] = each
    return sorted(last.values(), key=_in_order)


def _in_order(each: StoredSignal) -> tuple[object, ...]:
    return each.publisher, each.signal.place, each.signal.url, each.signal.rank, each.first_seen


def remember_file(connection: Connection, file: SignalFile) -> None:
    """What was there before stays where the site does not answer."""
    connection.execute(
        """
        INSERT INTO signal_files (url, fetched_at, http_status, body) VALUES (?1, ?2, ?3, ?4)
        ON CONFLICT (url) DO UPDATE SET fetched_at = excluded.fetched_at,
          http_status = coalesce(excluded.http_status, signal_files.http_status),
          body = CASE WHEN excluded.http_status IS NULL THEN signal_files.body ELSE excluded.body END
        """,
        (file.url, to_iso(file.fetched_at), file.http_status, file.body),
    )


def asked_since(connection: Connection, urls: Sequence[str], since: str) -> set[str]:
    """Those of these documents that were asked for at this time or later."""
    rows = connection.execute(
        "SELECT url FROM signal_files WHERE url IN (SELECT value FROM json_each(?)) AND fetched_at >= ?",
        (json.dumps(list(urls)), since),
    )
    return {url for (url,) in rows}


def _row(each: Signal) -> tuple[object, ...]:
    uses = each.uses
    return (
        each.form, each.place, each.url, each.about, each.literal, uses.train, uses.input, uses.search, each.pattern,
        each.rank, each.policy, each.origin,
    )  # fmt: skip


def _signal(row: Sequence[object]) -> Signal:
    form, place, url, about, literal, train, input_, search, pattern, rank, policy, origin = row
    said = {"form": form, "place": place, "url": url, "about": about, "literal": literal, "pattern": pattern,
            "rank": rank, "policy": policy, "origin": origin}  # fmt: skip
    return Signal(**said, uses=Uses(train=train, input=input_, search=search))  # type: ignore[arg-type]  # as written


def _stored(row: Sequence[object]) -> StoredSignal:
    publisher, article_id, first, last, ended, *rest = row
    return StoredSignal(
        publisher=str(publisher),
        article_id=article_id if isinstance(article_id, int) else None,
        signal=_signal(rest),
        first_seen=from_iso(str(first)),
        last_seen=from_iso(str(last)),
        ended_at=from_iso(str(ended)) if ended else None,
    )

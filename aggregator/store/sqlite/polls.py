"""What is due, and what polls brought: reads and writes those rows. It alone knows their order."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta

from aggregator.model import DISCOVER, Article, ChangeKind, Decision, NextPoll, Poll, PollSettings, Source, Validators
from aggregator.revisions.mass import at_the_front
from aggregator.scheduling.polls import is_answer
from aggregator.store.sqlite import ledger
from aggregator.text.dates import to_iso
from aggregator.text.order import order_of

Pack = Callable[[bytes], tuple[bytes, int | None]]

# A stated time up to this far ahead of us is taken for a clock that runs fast; beyond, first sight decides the place.
AHEAD = timedelta(minutes=15)
_LATE = timedelta(days=2)  # by which a publisher may list a report after dating it


def source_id(connection: sqlite3.Connection, source: Source) -> int:
    row = connection.execute(
        "SELECT id FROM sources WHERE publisher = ? AND key = ?", (source.publisher, source.key)
    ).fetchone()
    return int(row[0])


def write_poll(connection: sqlite3.Connection, source: int, poll: Poll, following: NextPoll) -> None:
    """The poll's row, and what the source remembers of it: validators, body, failures in a row, next time."""
    started, next_at = to_iso(poll.started), to_iso(following.at)
    connection.execute(
        "INSERT INTO polls (source, started, seconds, outcome, status, error, format, bytes, entries, new, revised,"
        " unchanged, drops, adjusted, next_at, next_reason, overlap, gap, pages, waiting, excess)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            source,
            started,
            round(poll.seconds, 3),
            poll.outcome,
            poll.status,
            poll.error,
            poll.format,
            poll.body_bytes,
            poll.entries,
            poll.new,
            poll.revised,
            poll.unchanged,
            json.dumps(poll.drops) if poll.drops else None,
            json.dumps(poll.adjusted) if poll.adjusted else None,
            next_at,
            following.reason,
            poll.overlap,
            poll.gap,
            poll.pages,
            poll.waiting,
            poll.excess,
        ),
    )
    if poll.excess:
        connection.execute(
            "UPDATE sources SET flooded = flooded + ?, flooded_at = ? WHERE id = ?", (poll.excess, started, source)
        )
    when = (next_at, following.reason, started)
    if poll.source.kind == DISCOVER:
        _remember_search(connection, source, poll, when)
    else:
        _remember(connection, source, poll, when)


def _remember_search(connection: sqlite3.Connection, source: int, poll: Poll, when: tuple[str, str, str]) -> None:
    """What was found is proposed. It is no success of the source: nothing of it has been read yet. A search in vain
    leaves what was found before.
    """
    if poll.proposal is None:
        _remember(connection, source, poll, when)
        return
    connection.execute(
        """
        UPDATE sources SET next_at = ?1, next_reason = ?2, last_poll = ?3, failures = 0, last_error = NULL,
          proposed = ?4, proposed_as = ?5,
          etag = iif(proposed IS ?4, etag, NULL), last_modified = iif(proposed IS ?4, last_modified, NULL),
          body_hash = iif(proposed IS ?4, body_hash, NULL)
        WHERE id = ?6
        """,
        (*when, poll.proposal.url, poll.proposal.carries, source),
    )


def _remember(connection: sqlite3.Connection, source: int, poll: Poll, when: tuple[str, str, str]) -> None:
    """`when`: the next time, its reason, and when this poll began."""
    if is_answer(poll):
        told = poll.validators or Validators()
        connection.execute(
            """
            UPDATE sources SET next_at = ?1, next_reason = ?2, last_poll = ?3, last_success = ?3, failures = 0,
              last_error = NULL, body_hash = coalesce(?4, body_hash), last_new = iif(?5, ?3, last_new),
              etag = iif(?6, ?7, etag), last_modified = iif(?6, ?8, last_modified)
            WHERE id = ?9
            """,
            (*when, poll.body_hash, poll.new > 0, poll.validators is not None, told.etag, told.last_modified, source),
        )
        return
    # Where the fault is ours, it counts against nobody; what is held came from somebody who answered. Validators that
    # may be at fault are forgotten.
    connection.execute(
        """
        UPDATE sources SET next_at = ?1, next_reason = ?2, last_poll = ?3, failures = iif(?6, 0, failures + ?4),
          last_error = iif(?4, ?5, last_error), etag = iif(?8, NULL, etag), last_modified = iif(?8, NULL, last_modified)
        WHERE id = ?7
        """,
        (
            *when,
            poll.outcome != "offline",
            poll.error,
            poll.outcome == "held",
            source,
            poll.outcome != "held" and poll.validators is not None,
        ),
    )


def write_decisions(
    connection: sqlite3.Connection, source: int, decisions: Iterable[Decision], now: datetime, pack: Pack
) -> list[tuple[int, Article]]:
    """The rows of what one document brought; returns the new articles with their ids, in its order. The caller holds
    the transaction, so numbers can be counted on here.

    Ids rise with the time of first sight. Of reports first seen in one document the newest has the least, which lists
    go by where times are equal, or there are none (`reading.NEWEST_FIRST`): that is the first, unless the document's
    dates show that it is the last.
    """
    seen = to_iso(now)
    new, changed, relisted = [], [], []
    decisions = list(decisions)
    for decision in decisions:
        if decision.waits or decision.held_back:  # see `pending` and `held_words`
            continue
        if decision.known is None:
            new.append(decision.article)
        elif decision.change is not None:
            changed.append(decision)
        elif decision.known.entry_hash != decision.article.entry_hash:
            relisted.append(decision)
    first = _next_id(connection, "articles")
    ids = range(first, first + len(new))
    is_rising = order_of(d.article.published or d.article.updated for d in decisions) == "oldest_first"
    numbered = list(zip(reversed(ids) if is_rising else ids, new, strict=True))
    if new:
        _write_new(connection, source, numbered, now, pack)
    for decision in changed:
        _write_change(connection, source, decision, seen, pack)
    for decision in relisted:
        _write_relisted(connection, source, decision)
    return numbered


def flag_backfill(
    connection: sqlite3.Connection,
    last: datetime | None,
    numbered: Sequence[tuple[int, Article]],
    now: datetime,
    settings: PollSettings,
) -> tuple[list[Article], int]:
    """Marks the new articles of a poll that are kept out of `latest`, and held like all others. Those that are older
    than the source's document before, which was read at `last`: its publisher saved an archive anew. And those beyond
    what one poll, or one day of a publisher, may add there; see `revisions.mass`.

    Returns those that teach how much the source publishes, and how many are beyond a bound.
    """
    if not numbered:
        return [], 0
    # Everything is old to the first poll: an archive stands where its dates are.
    old = {n for n, a in numbered if last and a.published and a.published < last - _LATE}
    newest_first = sorted(numbered, key=lambda each: each[0])
    others = [(number, article) for number, article in newest_first if number not in old]
    listed = [_listed_at(article, now) for _, article in others]
    front = at_the_front(listed, _in_latest(connection, numbered, now), settings, now)
    kept_out = [(n, a) for n, a in numbered if n in old] + [others[place] for place in sorted(front.excess)]
    connection.executemany("UPDATE articles SET backfill = 1 WHERE id = ?", [(number,) for number, _ in kept_out])
    return [others[place][1] for place in sorted(front.lesson)], len(front.excess)


def _in_latest(
    connection: sqlite3.Connection, numbered: Sequence[tuple[int, Article]], now: datetime
) -> dict[str, int]:
    """How many reports of the publisher stood in `latest` before these new ones, by the days these are listed under;
    with those that will stand there when their embargoes end.
    """
    added = Counter(_listed_at(article, now)[:10] for _, article in numbered)
    publisher = numbered[0][1].publisher
    counted = connection.execute(
        """
        SELECT d.day, d.articles - d.backfill FROM json_each(?) AS asked
        CROSS JOIN daily AS d ON d.publisher = ? AND d.day = asked.value
        """,
        (json.dumps(list(added)), publisher),
    ).fetchall()
    # The plus lets the index of embargoes be used, which has few rows.
    embargoed = connection.execute(
        """
        SELECT substr(listed_at, 1, 10) AS day, count(*) FROM articles
        WHERE embargoed_until IS NOT NULL AND +publisher = ? AND status = 'usable' AND NOT backfill GROUP BY day
        """,
        (publisher,),
    )
    return dict(Counter({day: count - added[day] for day, count in counted}) + Counter(dict(embargoed.fetchall())))


def _write_new(
    connection: sqlite3.Connection, source: int, numbered: Sequence[tuple[int, Article]], now: datetime, pack: Pack
) -> None:
    seen = to_iso(now)
    rising = sorted(numbered, key=lambda each: each[0])  # so that they are appended to the tables
    connection.executemany(
        """
        INSERT INTO articles (id, public_id, publisher, source, country, language, class, title, url, byline, published,
          published_stated, updated, updated_stated, listed_at, first_seen, revision, status)
        SELECT ?1, ?3, ?4, ?2, country, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, 1, 'usable'
        FROM publishers WHERE key = ?4
        """,
        [(number, source, *_row(a), _listed_at(a, now), seen) for number, a in rising],
    )
    connection.executemany(
        "INSERT INTO bodies (article, summary, text, excerpt, categories) VALUES (?, ?, ?, ?, ?)",
        [(number, *_body(a)) for number, a in rising],
    )
    connection.executemany(
        "INSERT INTO sightings (source, article, entry_hash, said_words, key) VALUES (?, ?, ?, ?, ?)",
        [(source, number, a.entry_hash, a.words_hash, a.keys[0]) for number, a in numbered],
    )
    _write_keys(connection, numbered)
    _write_revisions(connection, source, [(number, 1, a, "new", None) for number, a in numbered], seen, pack, seen)


def _write_change(connection: sqlite3.Connection, source: int, decision: Decision, at: str, pack: Pack) -> None:
    article, before = decision.article, decision.known
    assert before is not None
    connection.execute(
        "UPDATE articles SET revision = ?, title = ?, url = ?, byline = ?, language = ?, class = ? WHERE id = ?",
        (
            before.revision + 1,
            article.title,
            article.url,
            article.byline,
            article.language,
            article.item_class,
            before.article,
        ),
    )
    connection.execute("DELETE FROM held_words WHERE article = ?", (before.article,))
    _write_relisted(connection, source, decision)
    kind, changed = decision.change or "revised", json.dumps(decision.changed)
    revision = (before.article, before.revision + 1, article, kind, changed)
    _write_revisions(connection, source, [revision], to_iso(decision.seen) if decision.seen else at, pack, at)


def _write_relisted(connection: sqlite3.Connection, source: int, decision: Decision) -> None:
    """The source says something else of the article than before, in dates or categories at least, or lists it for
    the first time; in the latter case the source that brought its words is not overruled.
    """
    article, before = decision.article, decision.known
    assert before is not None
    connection.execute(
        "INSERT OR REPLACE INTO sightings (source, article, entry_hash, said_words, key) VALUES (?, ?, ?, ?, ?)",
        (source, before.article, article.entry_hash, article.words_hash, article.keys[0]),
    )
    _write_keys(connection, [(before.article, article)])
    if before.entry_hash is None and decision.change is None:
        return
    connection.execute(
        "UPDATE articles SET published = ?, published_stated = ?, updated = ?, updated_stated = ? WHERE id = ?",
        (*stated(article), before.article),
    )
    if decision.change is None:  # the same words, but for what is volatile: the readings stay those of the revision
        return
    connection.execute(
        "UPDATE bodies SET summary = ?, text = ?, excerpt = ?, categories = ? WHERE article = ?",
        (*_body(article), before.article),
    )


def _write_revisions(
    connection: sqlite3.Connection,
    source: int,
    revisions: Sequence[tuple[int, int, Article, ChangeKind, str | None]],
    seen: str,
    pack: Pack,
    at: str,
) -> None:
    """Revisions whose words were seen at `seen`, their lines in the ledger at `at`, and in the queue of the search
    index. A revision: article id, number, article, kind of change, what changed as JSON.
    """
    first = _next_id(connection, "revisions")
    connection.executemany(
        """
        INSERT INTO revisions
          (id, article, number, source, seen_at, stored_at, title, changed, words_hash, raw_hash, raw, dictionary)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
        [
            (
                row,
                article,
                number,
                source,
                seen,
                None if seen == at else at,
                a.title,
                changed,
                a.words_hash,
                a.entry_hash,
                *pack(a.raw),
            )
            for row, (article, number, a, _, changed) in enumerate(revisions, first)
        ],
    )
    ledger.append(
        connection,
        [  # Of a withdrawal the act writes the line.
            ledger.Line(kind=kind, at=at, article=article, revision=number)
            for article, number, _, kind, _ in revisions
            if kind != "withdrawn"
        ],
    )
    connection.executemany(
        "INSERT INTO search_queue VALUES (?)", [(row,) for row in range(first, first + len(revisions))]
    )


def _write_keys(connection: sqlite3.Connection, numbered: Iterable[tuple[int, Article]]) -> None:
    """A weaker key that another article of the publisher already holds stays with that article."""
    connection.executemany(
        "INSERT OR IGNORE INTO article_keys (publisher, key, article) VALUES (?, ?, ?)",
        [(a.publisher, key, number) for number, a in numbered for key in a.keys],
    )


def _next_id(connection: sqlite3.Connection, table: str) -> int:
    (last,) = connection.execute(f"SELECT max(id) FROM {table}").fetchone()  # noqa: S608  (a name of ours)
    return int(last or 0) + 1


def _row(a: Article) -> tuple[str | None, ...]:
    return (a.public_id, a.publisher, a.language, a.item_class, a.title, a.url, a.byline, *stated(a))


def stated(article: Article) -> tuple[str | None, str | None, str | None, str | None]:
    """`published` and `updated` as they are stored, each with its literal behind it."""
    return (
        to_iso(article.published) if article.published else None,
        article.published_stated,
        to_iso(article.updated) if article.updated else None,
        article.updated_stated,
    )


def _body(article: Article) -> tuple[str, str, str, str | None]:
    return article.summary, article.text, article.excerpt, categories(article)


def categories(article: Article) -> str | None:
    """As they are stored."""
    return json.dumps(article.categories, ensure_ascii=False) if article.categories else None


def _listed_at(article: Article, now: datetime) -> str:
    stated = article.published or article.updated
    return to_iso(stated if stated and stated <= now + AHEAD else now)

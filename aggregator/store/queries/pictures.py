"""Of which pictures there are copies, which are wanted, and by which reports: reads and writes those rows.

The files are `store.picture_files`; triggers of the schema say which of them are to be removed.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from datetime import timedelta

from aggregator.model.picture import (
    CopiesWanted,
    DuePicture,
    EncodedPicture,
    PictureCopy,
    PictureCounts,
    PictureFailure,
    PictureSize,
)
from aggregator.store.connection import Connection
from aggregator.store.queries import settings
from aggregator.text.dates import from_iso, to_iso

_SEEN = "pictures_seen"  # the last line of the ledger that was looked at
_SWEPT = "pictures_swept"  # the last report that was looked at again
_FROM_BEGINNING = 2_000  # lines: of a database that never had copies the newest alone are looked at
_LINES = 500
_OF_PUBLISHER = 300  # reports of a publisher whose terms have changed, the newest
_WITH_COPIES = 5_000  # and those of it that have copies; of more than that `swept` has the others
_BATCH = 100
_KNOWN_AS_REMOVED = timedelta(days=400)

# A publisher whose rights let the wire show copies of pictures.
_COPIES = """p.configured = 1 AND json_extract(p.rights, '$.images.scope') <> 'none'
  AND coalesce(CAST(json_extract(p.rights, '$.images.hotlink') AS INTEGER), 0) = 0"""


def is_there(connection: Connection) -> bool:
    """Whether the database has the tables: one that an older version made, and that is only read, has not."""
    return connection.has_table("picture_uses")


# Which copies are wanted


def changed(connection: Connection) -> tuple[int, list[str]] | None:
    """Up to which line the ledger was read, and the ids of the reports of which it may have changed whether copies of
    their pictures may be shown: at most 500 lines; None: there is none that was not looked at.
    """
    (last,) = connection.execute("SELECT coalesce(max(seq), 0) FROM changes").fetchone()
    noted = settings.read(connection, _SEEN)
    after = int(noted) if noted is not None else max(0, last - _FROM_BEGINNING)
    if after >= last:
        return None if noted is not None else (after, [])
    up_to = min(last, after + _LINES)  # the numbers have no gap
    reports = connection.execute(
        f"""
        SELECT DISTINCT a.id FROM changes AS c CROSS JOIN articles AS a ON a.article_id = c.article_id
        JOIN publishers AS p ON p.publisher = a.publisher
        WHERE c.seq > ?1 AND c.seq <= ?2
          AND ({_COPIES} OR EXISTS (SELECT 1 FROM picture_uses AS u WHERE u.article_id = a.article_id))
        """,  # noqa: S608  (constants)
        (after, up_to),
    ).fetchall()
    publishers = connection.execute(
        f"""
        SELECT DISTINCT p.publisher, {_COPIES} FROM changes AS c NOT INDEXED
        CROSS JOIN publishers AS p ON p.publisher = c.publisher
        WHERE c.seq > ?1 AND c.seq <= ?2
        """,  # noqa: S608  (constants)
        (after, up_to),
    ).fetchall()
    for publisher, has_copies in publishers:
        reports += connection.execute(
            """
            SELECT DISTINCT a.id FROM picture_uses AS u CROSS JOIN articles AS a ON a.article_id = u.article_id
            WHERE u.publisher = ? LIMIT ?
            """,
            (publisher, _WITH_COPIES),
        ).fetchall()
        if has_copies:
            reports += connection.execute(
                "SELECT id FROM articles WHERE publisher = ? ORDER BY sort_time DESC, article_id DESC LIMIT ?",
                (publisher, _OF_PUBLISHER),
            ).fetchall()
    return up_to, list(dict.fromkeys(report for (report,) in reports))


def note_changed(connection: Connection, up_to: int) -> None:
    """Up to this line the ledger was looked at. Within a transaction."""
    settings.write(connection, _SEEN, str(up_to))


def swept(connection: Connection) -> list[str]:
    """The next 100 reports that have copies, in turn, so that what the ledger does not say is found too: an agreement
    that has ended, a time that is over. Those of publishers that are configured no more lose theirs. Within a
    transaction.
    """
    connection.execute(
        """
        DELETE FROM picture_uses
        WHERE article_id IN (SELECT u.article_id FROM publishers AS p
          CROSS JOIN picture_uses AS u INDEXED BY picture_uses_of_picture ON u.publisher = p.publisher
          WHERE p.configured = 0 LIMIT 1000)
        """
    )
    after = int(settings.read(connection, _SWEPT) or 0)
    rows = connection.execute(
        """
        SELECT DISTINCT u.article_id, a.id
        FROM picture_uses AS u CROSS JOIN articles AS a ON a.article_id = u.article_id
        WHERE u.article_id > ? ORDER BY u.article_id LIMIT ?
        """,
        (after, _BATCH),
    ).fetchall()
    noted = str(rows[-1][0]) if len(rows) == _BATCH else "0"
    if noted != str(after):
        settings.write(connection, _SWEPT, noted)
    return [report for _, report in rows]


def article_ids(connection: Connection, reports: Sequence[str]) -> dict[str, int]:
    rows = connection.execute(
        "SELECT a.id, a.article_id FROM json_each(?) AS w CROSS JOIN articles AS a ON a.id = w.value",
        (json.dumps(list(reports)),),
    )
    return dict(rows.fetchall())


def set_wanted(connection: Connection, wanted: Sequence[CopiesWanted], now: str) -> None:
    """Of each of these reports copies of just these pictures are wanted. Within a transaction."""
    for each in wanted:
        before = {
            url
            for (url,) in connection.execute("SELECT url FROM picture_uses WHERE article_id = ?", (each.article_id,))
        }
        new = [url for url in each.urls if url not in before]
        connection.executemany(
            """
            INSERT INTO pictures (publisher, url, picture_state, next_at, attempts)
            VALUES (?, ?, 'waiting', ?, 0) ON CONFLICT DO NOTHING
            """,
            [(each.publisher, url, now) for url in new],
        )
        connection.executemany(
            "INSERT INTO picture_uses (article_id, url, publisher) VALUES (?, ?, ?)",
            [(each.article_id, url, each.publisher) for url in new],
        )
        connection.executemany(
            "DELETE FROM picture_uses WHERE article_id = ? AND url = ?",
            [(each.article_id, url) for url in sorted(before - set(each.urls))],
        )


# Fetching them


def due(
    connection: Connection, now: str, most: int, per_publisher: int, publishers: Collection[str]
) -> list[DuePicture]:
    """The pictures of these publishers whose time has come, longest overdue first, of each a few."""
    rows = connection.execute(
        """
        SELECT publisher, url, attempts FROM (
          SELECT publisher, url, attempts, next_at,
            row_number() OVER (PARTITION BY publisher ORDER BY next_at, url) AS place
          FROM pictures WHERE next_at <= ?1 AND publisher IN (SELECT value FROM json_each(?2))) AS waiting
        WHERE place <= ?3 ORDER BY next_at, url LIMIT ?4
        """,
        (now, json.dumps(sorted(publishers)), per_publisher, most),
    )
    return [DuePicture(publisher=publisher, url=url, attempts=attempts) for publisher, url, attempts in rows]


def is_wanted(connection: Connection, picture: DuePicture) -> bool:
    found = connection.execute(
        "SELECT 1 FROM pictures WHERE publisher = ? AND url = ?", (picture.publisher, picture.url)
    )
    return found.fetchone() is not None


def note_copied(connection: Connection, picture: DuePicture, made: EncodedPicture, now: str) -> None:
    """There are files of it. Within the transaction in which they get their names."""
    connection.execute(
        """
        UPDATE pictures SET picture_state = 'copied', next_at = NULL, attempts = 0, error = NULL, fetched_at = ?3,
          digest = ?4, sizes = ?5, bytes = ?6
        WHERE publisher = ?1 AND url = ?2
        """,
        (
            picture.publisher,
            picture.url,
            now,
            made.digest,
            json.dumps([[size.width, size.height] for size, _ in made.files]),
            sum(len(content) for _, content in made.files),
        ),
    )
    connection.execute("DELETE FROM picture_removals WHERE digest = ?", (made.digest,))


def note_failure(connection: Connection, picture: DuePicture, failure: PictureFailure) -> None:
    """Within a transaction."""
    connection.execute(
        """
        UPDATE pictures SET picture_state = ?3, next_at = ?4, attempts = attempts + 1, error = ?5
        WHERE publisher = ?1 AND url = ?2
        """,
        (
            picture.publisher,
            picture.url,
            failure.state,
            to_iso(failure.next_at) if failure.next_at else None,
            failure.error or None,
        ),
    )


# Room


def make_room(connection: Connection, most_bytes: int) -> int:
    """Gives up the copies that were made first, at most 100, until the others take no more than so many bytes; returns
    how many. They are not fetched again. Within a transaction.
    """
    over = taken(connection) - most_bytes
    oldest = connection.execute(
        """
        SELECT digest, max(bytes) FROM pictures WHERE digest IS NOT NULL
        GROUP BY digest ORDER BY min(fetched_at), digest LIMIT ?
        """,
        (_BATCH,),
    ).fetchall()
    given_up = 0
    for digest, size in oldest:
        if over <= 0:
            break
        connection.execute(
            """
            UPDATE pictures SET picture_state = 'over_limit', digest = NULL, sizes = NULL, bytes = NULL,
              fetched_at = NULL, next_at = NULL
            WHERE digest = ?
            """,
            (digest,),
        )
        over -= size
        given_up += 1
    return given_up


def taken(connection: Connection) -> int:
    """The bytes of all files."""
    row = connection.execute(
        """
        SELECT coalesce(sum(bytes), 0) FROM (
          SELECT max(bytes) AS bytes FROM pictures WHERE digest IS NOT NULL GROUP BY digest) AS each
        """
    ).fetchone()
    return int(row[0])


# Files


def has_to_remove(connection: Connection) -> bool:
    """Whether `to_remove` may have any."""
    return connection.execute("SELECT 1 FROM picture_removals WHERE removed_at IS NULL LIMIT 1").fetchone() is not None


def to_remove(connection: Connection) -> list[str]:
    """The digests of at most 100 pictures whose files are to be removed. Those of which a copy is wanted again leave
    the list. Within a transaction.
    """
    connection.execute(
        """
        DELETE FROM picture_removals WHERE removed_at IS NULL
          AND EXISTS (SELECT 1 FROM pictures AS p WHERE p.digest = picture_removals.digest)
        """
    )
    rows = connection.execute("SELECT digest FROM picture_removals WHERE removed_at IS NULL LIMIT ?", (_BATCH,))
    return [digest for (digest,) in rows]


def note_removed(connection: Connection, digests: Sequence[str], now: str) -> None:
    """Within a transaction."""
    connection.executemany(
        "UPDATE picture_removals SET removed_at = ? WHERE digest = ?", [(now, digest) for digest in digests]
    )
    before = to_iso(from_iso(now) - _KNOWN_AS_REMOVED)
    connection.execute("DELETE FROM picture_removals WHERE removed_at < ?", (before,))


def was_removed(connection: Connection, digest: str) -> bool:
    """Whether there was a copy that nobody wants any more."""
    return (
        is_there(connection)
        and connection.execute("SELECT 1 FROM picture_removals WHERE digest = ?", (digest,)).fetchone() is not None
    )


def copies(connection: Connection) -> dict[str, PictureCopy]:
    """All that there should be files of, by digest."""
    rows = connection.execute("SELECT digest, sizes FROM pictures WHERE digest IS NOT NULL")
    return {digest: _copy(digest, sizes) for digest, sizes in rows}


def is_copied(connection: Connection, digest: str) -> bool:
    return connection.execute("SELECT 1 FROM pictures WHERE digest = ?", (digest,)).fetchone() is not None


def fetch_again(connection: Connection, digests: Sequence[str], now: str) -> None:
    """Those of which files are missing. Within a transaction."""
    connection.executemany(
        """
        UPDATE pictures SET picture_state = 'waiting', digest = NULL, sizes = NULL, bytes = NULL, fetched_at = NULL,
          next_at = ?, attempts = 0
        WHERE digest = ?
        """,
        [(now, digest) for digest in digests],
    )


# Showing them

_OF_ARTICLES = """
SELECT a.id, u.url, p.digest, p.sizes
FROM json_each(?) AS wanted CROSS JOIN articles AS a ON a.id = wanted.value
CROSS JOIN picture_uses AS u ON u.article_id = a.article_id
CROSS JOIN pictures AS p ON p.publisher = u.publisher AND p.url = u.url
WHERE p.digest IS NOT NULL
"""


def of_reports(connection: Connection, reports: Sequence[str]) -> dict[str, dict[str, PictureCopy]]:
    """The copies of the pictures of these reports: by id, and by the address of the picture."""
    found: dict[str, dict[str, PictureCopy]] = {}
    for report, url, digest, sizes in connection.execute(_OF_ARTICLES, (json.dumps(list(reports)),)):
        found.setdefault(report, {})[url] = _copy(digest, sizes)
    return found


def reports_with(connection: Connection, digest: str, most: int) -> list[str]:
    """The newest reports that have the picture, by id."""
    if not is_there(connection):
        return []
    rows = connection.execute(
        """
        SELECT DISTINCT a.id, a.article_id FROM pictures AS p
        CROSS JOIN picture_uses AS u ON u.publisher = p.publisher AND u.url = p.url
        CROSS JOIN articles AS a ON a.article_id = u.article_id
        WHERE p.digest = ? ORDER BY a.article_id DESC LIMIT ?
        """,
        (digest, most),
    )
    return [report for report, _ in rows]


def counts(connection: Connection) -> PictureCounts:
    if not is_there(connection):
        return PictureCounts(copied=0, waiting=0, failed=0, bytes=0)
    row = connection.execute(
        """
        SELECT coalesce(sum(picture_state = 'copied'), 0), coalesce(sum(picture_state = 'waiting'), 0),
          coalesce(sum(picture_state IN ('failed', 'no_picture')), 0) FROM pictures
        """
    ).fetchone()
    return PictureCounts(copied=row[0], waiting=row[1], failed=row[2], bytes=taken(connection))


def failures(connection: Connection, most: int) -> list[tuple[str, int, str]]:
    """By publisher how many pictures could not be had, those with most first, and what was said of one of them."""
    if not is_there(connection):
        return []
    return connection.execute(
        """
        SELECT publisher, count(*), max(error) FROM pictures WHERE picture_state IN ('failed', 'no_picture')
        GROUP BY publisher ORDER BY count(*) DESC, publisher LIMIT ?
        """,
        (most,),
    ).fetchall()


def _copy(digest: str, sizes: str) -> PictureCopy:
    return PictureCopy(
        digest=digest, sizes=tuple(PictureSize(width=width, height=height) for width, height in json.loads(sizes))
    )

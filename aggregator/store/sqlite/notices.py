"""The notices that stand in the place of reports out of the wire: rows of the view `notices`."""

from __future__ import annotations

import sqlite3
from typing import Any


def of(connection: sqlite3.Connection, public_id: str) -> dict[str, Any] | None:
    """The notice in the place of an article, by the names of the view, `channels` as a tuple; None: it is in the wire,
    or nobody is to know of it (an embargo), or there is no such article.
    """
    cursor = connection.execute("SELECT * FROM notices WHERE id = ?", (public_id,))
    row = cursor.fetchone()
    if row is None:
        return None
    notice = dict(zip((column[0] for column in cursor.description), row, strict=True))
    return {**notice, "channels": tuple(notice["channels"].split())}

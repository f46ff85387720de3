"""What tests call in a process of its own that is to die. It imports nothing of the tests, which takes a second."""

from __future__ import annotations

import os
import signal
import sqlite3
from collections.abc import Sequence
from datetime import datetime
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from aggregator.model.place import Place
from aggregator.pipeline.recording import Polled
from aggregator.pipeline.recording import record as record_polls
from aggregator.store import Store


def open_store(path: Path, dies_at: int, ends: Connection | None = None) -> None:
    """Opens a database for writing, and dies at that statement of it; 0: it lives, and `ends` is told after how many
    statements each migration had ended.
    """
    connect, seen, ended = sqlite3.connect, 0, []

    def trace(sql: str) -> None:
        nonlocal seen
        seen += 1
        if seen == dies_at:
            os.kill(os.getpid(), signal.SIGKILL)
        if "insert" in sql.lower() and "_sqlite_migrations" in sql:
            ended.append(seen)

    def traced(*arguments: Any, **options: Any) -> sqlite3.Connection:
        connection = connect(*arguments, **options)
        connection.set_trace_callback(trace)
        return connection

    sqlite3.connect = traced
    Store.open(path).close()
    if ends:
        ends.send(ended)


def record(place: Place, polled: Sequence[Polled], now: datetime) -> None:
    """Writes polls, one after another in one transaction, and dies before it ends."""
    with Store.open(place) as store, store.alone():
        for each in polled:
            record_polls(store, [each], now)
        os.kill(os.getpid(), signal.SIGKILL)

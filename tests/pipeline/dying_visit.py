"""A program that visits the pages which are due, and is killed before a statement of its database that has the words
which are named: its arguments are the database, a file with the configuration and the time, the press, and those words.
"""

from __future__ import annotations

import asyncio
import os
import pickle
import signal
import sqlite3
import sys
from pathlib import Path
from typing import Any

from aggregator.pipeline.pipeline import Pipeline
from aggregator.store import Store


def main(database: str, said: str, port: str, words: str) -> None:
    connect = sqlite3.connect

    def trace(sql: str) -> None:
        if words in sql:
            os.kill(os.getpid(), signal.SIGKILL)

    def traced(*arguments: Any, **options: Any) -> sqlite3.Connection:
        connection = connect(*arguments, **options)
        connection.set_trace_callback(trace)
        return connection

    config, now = pickle.loads(Path(said).read_bytes())

    async def run(store: Store) -> None:
        async with Pipeline(config, store, lambda: now, lambda host: ("127.0.0.1", int(port))) as pipeline:
            await pipeline.recheck(20, 20)

    sqlite3.connect = traced  # type: ignore[assignment]
    with Store.open(Path(database)) as store:
        asyncio.run(run(store))


if __name__ == "__main__":
    main(*sys.argv[1:])

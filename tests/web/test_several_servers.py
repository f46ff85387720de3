"""Several web servers over one store: each learns of every line, whatever becomes of its connection to the database."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from aggregator.store import Store
from aggregator.web import Following
from tests.conftest import STORES, file_of, make_entry, make_publisher, open_store, record
from tests.waiting import eventually
from tests.web.serving import QUICK

PUBLISHER = make_publisher()


def end_connections(store: Store) -> None:
    """As a server does that is started anew."""
    with file_of(store) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


INTERRUPTIONS: Mapping[str, Callable[[Store], None]] = {"sqlite": lambda _: None, "postgres": end_connections}


@pytest.mark.parametrize("kind", STORES)
def test_each_web_server_learns_of_every_line(tmp_path: Path, kind: str) -> None:
    with open_store(kind, tmp_path / "wire.db", [PUBLISHER]) as store:
        asyncio.run(follow(store, INTERRUPTIONS[kind]))


async def follow(store: Store, interrupt: Callable[[Store], None]) -> None:
    with ExitStack() as stack:
        servers = [stack.enter_context(closing(Following(store.place, QUICK))) for _ in range(2)]
        for server in servers:
            stack.enter_context(server.one_more())
        await eventually(lambda: all(server.version for server in servers))  # each has looked
        for number in range(4):
            if number == 2:
                interrupt(store)
            before = [server.version for server in servers]
            record(store, PUBLISHER, make_entry(number))
            for server, version in zip(servers, before, strict=True):
                await server.news(version, 30)
                assert server.version > version

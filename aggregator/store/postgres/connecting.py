"""Connects to a server of PostgreSQL."""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict

from aggregator.model.errors import StoreError
from aggregator.model.place import PostgresPlace

_SECONDS = 10  # for one address to answer, where the place names no `connect_timeout`

# So that both sides learn within a minute that the other's machine is gone: its locks are free then, and not after the
# two hours of the operating system.
_KEEPALIVES = {"keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3}


def connected(place: PostgresPlace) -> psycopg.Connection[tuple[Any, ...]]:
    """Each statement is a transaction by itself. Raises StoreError for an address that libpq does not understand, and
    psycopg.Error.
    """
    return psycopg.connect(**parameters(place), autocommit=True)


async def connected_async(place: PostgresPlace) -> psycopg.AsyncConnection[tuple[Any, ...]]:
    """As `connected`, for an event loop."""
    return await psycopg.AsyncConnection.connect(**parameters(place), autocommit=True)


def parameters(place: PostgresPlace) -> dict[str, Any]:
    """Those of its connections. Raises StoreError for an address that libpq does not understand."""
    try:
        said = conninfo_to_dict(place.url)
    except psycopg.ProgrammingError:  # its message quotes the address, password and all
        raise StoreError(
            f"{place}: the address has a parameter that PostgreSQL does not know, or a value that it does not take"
        ) from None
    return {"connect_timeout": _SECONDS, "application_name": "aggregator", **_KEEPALIVES, **said}


def lock_session(place: PostgresPlace) -> psycopg.Connection[tuple[Any, ...]]:
    """A connection that is there for the locks that it holds, which end with it. Raises as `connected`."""
    connection = connected(place)
    try:
        connection.execute("SET idle_session_timeout = 0")
        for name in ("idle", "interval", "count"):
            connection.execute(f"SET tcp_keepalives_{name} = {_KEEPALIVES[f'keepalives_{name}']}")
    except BaseException:
        connection.close()
        raise
    return connection

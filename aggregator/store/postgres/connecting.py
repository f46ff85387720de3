"""Connects to a server of PostgreSQL."""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict

from aggregator import __version__
from aggregator.model.errors import StoreError
from aggregator.model.place import PostgresPlace

# By it a program sees which versions are connected.
NAME = f"aggregator {__version__}"
_OLDEST = 15  # of the versions of PostgreSQL that will do
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
    return {
        "connect_timeout": _SECONDS,
        **_KEEPALIVES,
        **said,
        "application_name": NAME,
        "client_encoding": "UTF8",
    }


# What the queries need, whatever the server, the database and the user have as their own. `search_path` stays theirs.
_SETTINGS = {
    "TimeZone": "UTC",
    "standard_conforming_strings": "on",
    "bytea_output": "hex",
    "idle_session_timeout": "0",
    "jit": "off",  # to compile a list of fifty reports takes longer than to read it
    "random_page_cost": "1.1",  # of a solid-state disk; by 4, whole tables are read where an index leads to few rows
    "plan_cache_mode": "force_custom_plan",  # which words and publishers are asked for decides which way is best
    **{f"tcp_keepalives_{name.removeprefix('keepalives_')}": str(value) for name, value in _KEEPALIVES.items()},
}
# Nobody else writes while a transaction of a program lasts that was stopped in the middle of it.
_LONGEST_IDLE = "10min"


def set_up(connection: psycopg.Connection[Any], busy_seconds: float, *, reads_only: bool) -> None:
    """`busy_seconds`: how long a lock is waited for."""
    settings = {**_SETTINGS, "lock_timeout": f"{max(1, round(busy_seconds * 1_000))}ms"}
    settings["idle_in_transaction_session_timeout"] = _LONGEST_IDLE
    if reads_only:
        settings["default_transaction_read_only"] = "on"
    calls = ", ".join("set_config(%s, %s, false)" for _ in settings)
    connection.execute(f"SELECT {calls}".encode(), [text for pair in settings.items() for text in pair])


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


def refuse_server(place: PostgresPlace, opened: psycopg.Connection[Any]) -> None:
    """Raises StoreError for a server that is too old, or a database that cannot hold every letter."""
    info = opened.info
    if info.server_version < _OLDEST * 10_000:
        version = info.parameter_status("server_version")
        raise StoreError(f"{place}: this is PostgreSQL {version}; version {_OLDEST} or newer is needed")
    if (encoding := info.parameter_status("server_encoding")) != "UTF8":
        raise StoreError(
            f"{place}: this database holds {encoding} and not UTF8, so many a report would not fit in;"
            " make another: createdb --encoding=UTF8 --template=template0 NAME"
        )

"""Where a wire's database is."""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct


class PostgresAddress(Struct, frozen=True):
    """The address of a database of PostgreSQL, read from what a person wrote."""

    name: str  # as it was written, without the password and with each `${NAME}` as it is
    url: str  # as libpq takes it, with the password
    database: str  # the name of the database, as far as the address says it; '': it does not

    def __str__(self) -> str:
        return self.name

    def __repr__(self) -> str:  # without the password
        return f"PostgresAddress({self.name!r})"


class PostgresPlace(Struct, frozen=True):
    """A database of PostgreSQL. As a text it is its address without the password."""

    name: str  # postgresql://USER@HOST:PORT/DATABASE
    url: str  # as libpq takes it, with the password
    beside: (
        Path  # FILE.pictures, FILE.limits and the like are what one machine keeps for itself; FILE is made by nobody
    )

    def __str__(self) -> str:
        return self.name

    def __repr__(self) -> str:  # without the password
        return f"PostgresPlace({self.name!r})"


Place = Path | PostgresPlace  # a Path: SQLite's file

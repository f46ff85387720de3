"""Where a wire's database is."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class PostgresAddress:
    """The address of a database of PostgreSQL, read from what a person wrote."""

    name: str  # as it was written, without the password and with each `${NAME}` as it is
    url: str = field(repr=False)  # as libpq takes it, with the password
    database: str  # the name of the database, as far as the address says it; '': it does not

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class PostgresPlace:
    """A database of PostgreSQL. As a text it is its address without the password."""

    name: str  # postgresql://USER@HOST:PORT/DATABASE
    url: str = field(repr=False)  # as libpq takes it, with the password
    beside: (
        Path  # FILE.pictures, FILE.limits and the like are what one machine keeps for itself; FILE is made by nobody
    )

    def __str__(self) -> str:
        return self.name


Place = Path | PostgresPlace  # a Path: SQLite's file

"""Brings the tables, functions and views of a database up to date.

The tables are migrations: the files of `schema/`, which are only ever added to, by number. `NNNN_before_NAME.sql` runs
before the program of its version does, and leaves all that the version before needs, whose programs may go on
meanwhile; `NNNN_after_NAME.sql` takes that away, once none of them is connected any more. Functions and views are
code, replaced where a program of this version opens the database.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Collection, Sequence
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

from msgspec import Struct
from psycopg import errors

from aggregator.store.postgres.connecting import NAME
from aggregator.store.postgres.connection import PostgresConnection
from aggregator.store.postgres.sql import translated
from aggregator.store.queries import health, views

log = logging.getLogger("aggregator.store")

# Programs of other versions. Whoever may not see of others what they do sees their names.
_OTHERS = """
SELECT DISTINCT application_name FROM pg_stat_activity
WHERE datname = current_database() AND application_name LIKE 'aggregator %' AND application_name <> ? ORDER BY 1
"""
_APPLIED_AT = "to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')"


class Migration(Struct, frozen=True):
    name: str  # of its file, without .sql
    file: Traversable

    @property
    def is_before(self) -> bool:
        return is_before(self.name)


def is_before(name: str) -> bool:
    """Whether the version before can go on when it has run; `name`: of a migration of this version, or a newer one."""
    return name.split("_")[1:2] == ["before"]


@cache
def known() -> tuple[Migration, ...]:
    """Those of this version."""
    return in_folder(files(__package__).joinpath("schema"))


def in_folder(folder: Traversable) -> tuple[Migration, ...]:
    """By number, and of one number what comes before first."""
    found = [Migration(file.name.removesuffix(".sql"), file) for file in folder.iterdir() if file.name.endswith(".sql")]
    return tuple(sorted(found, key=lambda each: (each.name.partition("_")[0], not each.is_before, each.name)))


def applied(connection: PostgresConnection) -> list[str]:
    """The names of those that the database has; none where it is new."""
    if not connection.has_table("migrations"):
        return []
    return [name for (name,) in connection.execute("SELECT name FROM migrations ORDER BY name").fetchall()]


def is_current(has: Collection[str], migrations: Sequence[Migration]) -> bool:
    """Whether the program can run. `has`: what `applied` returned."""
    return {each.name for each in migrations if each.is_before} <= set(has)


def bring_up_to_date(connection: PostgresConnection, migrations: Sequence[Migration]) -> bool:
    """False: it has migrations of a newer version, and nothing was changed. Within a transaction."""
    has = applied(connection)
    if set(has) - {each.name for each in migrations}:
        return False
    waiting = [each for each in migrations if each.name not in has]
    others: list[str] | None = None
    for each in waiting:
        if not each.is_before and has:
            others = _others(connection) if others is None else others
            if others:
                log.info("%s: %s runs when %s has ended", connection.place, each.name, ", ".join(others))
                break
        connection.opened.execute(each.file.read_bytes())
        connection.execute(f"INSERT INTO migrations (name, applied_at) VALUES (?, {_APPLIED_AT})", (each.name,))  # noqa: S608  (a constant)
    _replace_code(connection)
    return True


def _others(connection: PostgresConnection) -> list[str]:
    return [name for (name,) in connection.execute(_OTHERS, (NAME,)).fetchall()]


@cache
def _code() -> tuple[bytes, tuple[tuple[str, bytes], ...], str]:
    """The functions, the views by name, and a digest of both."""
    functions = files(__package__).joinpath("functions.sql").read_bytes()
    made = tuple(
        (name, translated(sql).replace("%%", "%").encode()) for name, sql in views.of_this_version(health.VIEW)
    )
    return functions, made, hashlib.sha256(repr((functions, made)).encode()).hexdigest()[:16]


def _replace_code(connection: PostgresConnection) -> None:
    functions, made, digest = _code()
    noted = connection.execute("SELECT obj_description('migrations'::regclass)").fetchone()
    if noted == (digest,):
        return
    connection.opened.execute(functions)
    connection.opened.execute("SAVEPOINT views")
    try:
        for _, sql in made:
            connection.opened.execute(sql.replace(b"CREATE VIEW", b"CREATE OR REPLACE VIEW", 1))
    except errors.InvalidTableDefinition:  # they had other columns
        connection.opened.execute("ROLLBACK TO SAVEPOINT views")
        connection.opened.execute(f"DROP VIEW IF EXISTS {', '.join(name for name, _ in made)}".encode())
        for _, sql in made:
            connection.opened.execute(sql)
    connection.opened.execute(f"COMMENT ON TABLE migrations IS '{digest}'".encode())

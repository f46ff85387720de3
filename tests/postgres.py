"""A server of PostgreSQL for the tests, which ends with them: each test's wire is a database of its own, a copy of one
that is made once.

Where AGGREGATOR_TEST_POSTGRES is the address of a server, such as postgresql://wire@/postgres?host=FOLDER&port=5433,
that one is used in its place. Where PostgreSQL is not installed, `server` skips the test.
"""

from __future__ import annotations

import atexit
import fcntl
import hashlib
import os
import pwd
import secrets
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

import psycopg
import pytest
from psycopg import errors
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from aggregator.model.place import PostgresPlace
from aggregator.store import postgres as ours
from aggregator.store.queries import health, views
from bench.postgres import installed
from tests.waiting import until

_PORT = "5432"  # of the socket's name; no port is opened
# Nothing needs to survive a crash of the machine.
_SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "listen_addresses": "",
    "max_connections": "60",
    "shared_buffers": "32MB",
    "autovacuum": "off",
}
_HOURS = 24  # so long what a test left behind stays: it was killed
_MAKING = 0x54657374  # the lock of whoever makes the template, or looks whether it is there

# Runs until nobody holds the lock any more who takes the server for his own: the processes of one run of the tests.
_SERVE = """
"$1" -D data -k "$PWD" "${@:2}" 2> log & server=$!
trap 'kill -INT $server' TERM
flock --exclusive users kill -INT $server
wait $server
rm -rf "$PWD"
"""

# The server


@cache
def server() -> str:
    """The address by which databases are made: of a server that all processes of this run have together."""
    if given := os.environ.get("AGGREGATOR_TEST_POSTGRES"):
        return given
    programs = installed()
    if programs is None:
        pytest.skip("PostgreSQL is not installed (apt-get install postgresql)")
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID", str(os.getpid()))
    path = Path(tempfile.gettempdir()) / f"pg-{run}"
    atexit.register(path.unlink, missing_ok=True)
    with _locked(path) as known:
        folder = Path(known.read_text())
        if known.stat().st_size == 0 or not _joined(folder):
            folder = _started(programs)
            known.write_text(str(folder))
    return f"postgresql://wire@/postgres?host={folder}&port={_PORT}"


@contextmanager
def _locked(path: Path) -> Iterator[Path]:
    """One process at a time."""
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield path


def _joined(folder: Path) -> bool:
    """Whether that server stays until this process has ended."""
    try:
        users = os.open(folder / "users", os.O_RDONLY)
        fcntl.flock(users, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:  # it is ending, or has ended
        return False
    return (folder / "users").exists()


def _started(programs: Path) -> Path:
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    user = "postgres" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name  # it refuses to run as root
    if os.geteuid() == 0:
        shutil.chown(folder, user)
    subprocess.run(
        [programs / "initdb", "-D", "data", "-U", "wire", "-E", "UTF8", "--locale=C", "--auth=trust", "--no-sync"],
        check=True, stdout=subprocess.DEVNULL, user=user, cwd=folder,
    )  # fmt: skip
    (folder / "users").touch()
    assert _joined(folder)
    options = [f"-c{name}={value}" for name, value in _SETTINGS.items()]
    process = subprocess.Popen(
        ["bash", "-c", _SERVE, "serve", programs / "postgres", "-p", _PORT, *options],
        user=user, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    _wait(f"postgresql://wire@/postgres?host={folder}&port={_PORT}", process)
    process.returncode = 0  # it ends after us
    return folder


def _wait(address: str, process: subprocess.Popen[bytes]) -> None:
    def answers() -> bool:
        assert process.poll() is None, "the server of PostgreSQL has ended"
        try:
            psycopg.connect(address).close()
        except psycopg.OperationalError:
            return False
        return True

    until(answers, 30)


# Databases

# As a database has it that somebody else made: nothing may be in this order, in which "é" is before "f".
_LOCALE = "LOCALE_PROVIDER icu ICU_LOCALE 'fr-FR' LOCALE 'C'"

_made: dict[str, Path] = {}  # those of tests under way: the path for which each stands


def place_of(path: Path, like: Path | None = None) -> PostgresPlace:
    """The database that stands for the file of this path; where there is none, it is made as a new wire has it, or as
    a copy of the one that stands for `like`, which nobody has open.
    """
    name = f"test_{int(time.time()) // 3600}_{_process()}_{hashlib.sha256(os.fsencode(path)).hexdigest()[:16]}"
    name = next((known for known, of in _made.items() if of == path), name)
    if name not in _made:
        template = _template() if like is None else name_of(place_of(like))
        # As files, where the default reads and logs each page: half of the time.
        _admin().execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
        _made[name] = path
    return _place(name, path)


def name_of(place: PostgresPlace) -> str:
    """Of its database."""
    return str(conninfo_to_dict(place.url)["dbname"])


def drop(below: Path) -> None:
    """Removes the databases that stand for files in this folder, whoever has them open."""
    for name in [name for name, path in _made.items() if path.is_relative_to(below)]:
        _admin().execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        del _made[name]


@cache
def _process() -> str:
    return secrets.token_hex(4)


@cache
def _admin() -> psycopg.Connection:
    """The connection by which this process makes databases and drops them: to connect takes as long as to drop one."""
    connection = psycopg.connect(server(), autocommit=True)
    atexit.register(connection.close)
    return connection


def _place(name: str, beside: Path) -> PostgresPlace:
    url = make_conninfo("", **{**conninfo_to_dict(server()), "dbname": name})
    return PostgresPlace(name=f"postgresql://wire@/{name}", url=url, beside=beside)


@cache
def _template() -> str:
    """The name of a new, empty wire: made by the first process that asks this server for the one of this version."""
    from tests.databases import make_anew

    name = f"template_{_digest()}"
    with psycopg.connect(server(), autocommit=True) as admin, tempfile.TemporaryDirectory() as folder:
        admin.execute("SELECT pg_advisory_lock(%s)", (_MAKING,))
        if admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone() is None:
            _drop_old(admin)
            admin.execute(f"DROP DATABASE IF EXISTS {name}_begun WITH (FORCE)")
            admin.execute(f"CREATE DATABASE {name}_begun TEMPLATE template0 {_LOCALE}")
            make_anew(_place(f"{name}_begun", Path(folder) / "wire"))
            admin.execute(f"ALTER DATABASE {name}_begun RENAME TO {name}")
    return name


def _digest() -> str:
    """Another one wherever another new database may come of it."""
    found = hashlib.sha256(repr((views.of_this_version(health.VIEW), _LOCALE)).encode())
    for file in sorted(each for each in Path(ours.__path__[0]).rglob("*.*") if each.suffix in (".py", ".sql")):
        found.update(file.read_bytes())
    return found.hexdigest()[:16]


def _drop_old(admin: psycopg.Connection) -> None:
    """What killed tests and other versions have left on a server that stays."""
    for (name,) in admin.execute("SELECT datname FROM pg_database WHERE datname ~ '^test_[0-9]+_'").fetchall():
        if int(name.split("_")[1]) + _HOURS < time.time() // 3600:
            with suppress(errors.InvalidCatalogName):  # another process was quicker
                admin.execute(f"DROP DATABASE {name} WITH (FORCE)")

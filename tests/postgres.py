"""A server of PostgreSQL for the tests, which ends with them: each test's wire is a database of its own.

Where AGGREGATOR_TEST_POSTGRES is the address of a server, such as postgresql://wire@/postgres?host=/tmp/pg&port=5433, that
one is used in its place. Where PostgreSQL is not installed, `server` skips the test.
"""

from __future__ import annotations

import atexit
import hashlib
import os
import pwd
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from aggregator.model.place import PostgresPlace

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


def installed() -> Path | None:
    """The folder of the server's programs; None: it is not installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda each: int(each.parts[-3]))
    beside = shutil.which("initdb")
    return found[-1].parent if found else Path(beside).resolve().parent if beside else None


@cache
def server() -> str:
    """The address by which databases are made, of a server that this process has started."""
    if given := os.environ.get("AGGREGATOR_TEST_POSTGRES"):
        return given
    programs = installed()
    if programs is None:
        pytest.skip("PostgreSQL is not installed (apt-get install postgresql)")
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    user = "postgres" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name  # it refuses to run as root
    if os.geteuid() == 0:
        shutil.chown(folder, user)
    data = folder / "data"
    subprocess.run(
        [programs / "initdb", "-D", data, "-U", "wire", "-E", "UTF8", "--locale=C", "--auth=trust", "--no-sync"],
        check=True, stdout=subprocess.DEVNULL, user=user, cwd=folder,
    )  # fmt: skip
    options = [f"-c{name}={value}" for name, value in _SETTINGS.items()]
    process = subprocess.Popen(
        [programs / "postgres", "-D", data, "-k", folder, "-p", _PORT, *options],
        user=user, cwd=folder, stdout=subprocess.DEVNULL, stderr=(folder / "log").open("wb"),
    )  # fmt: skip
    atexit.register(_end, process, folder, os.getpid())
    address = f"postgresql://wire@/postgres?host={folder}&port={_PORT}"
    subprocess.run([programs / "pg_isready", "-q", "-t", "30", "-d", address], check=False)
    _wait(address, process)
    return address


def _wait(address: str, process: subprocess.Popen[bytes]) -> None:
    for _ in range(10_000):
        try:
            psycopg.connect(address).close()
        except psycopg.OperationalError:
            assert process.poll() is None, "the server of PostgreSQL has ended; its log is beside its data"
        else:
            return
    raise AssertionError("the server of PostgreSQL does not answer")


def _end(process: subprocess.Popen[bytes], folder: Path, owner: int) -> None:
    if os.getpid() == owner:
        process.terminate()
        process.wait()
        shutil.rmtree(folder, ignore_errors=True)


def place_of(path: Path) -> PostgresPlace:
    """The database that stands for the file of this path; it is made where there is none."""
    name = f"wire_{hashlib.sha256(os.fsencode(path)).hexdigest()[:16]}"
    with psycopg.connect(server(), autocommit=True) as admin:
        if admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone() is None:
            admin.execute(f"CREATE DATABASE {name}")
    url = make_conninfo("", **{**conninfo_to_dict(server()), "dbname": name})
    return PostgresPlace(name=f"postgresql://wire@/{name}", url=url, beside=path)

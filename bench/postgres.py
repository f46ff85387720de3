"""A server of PostgreSQL of its own, for a benchmark or a test that starts it anew, which no other test could bear."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psycopg

from bench.measuring import RunFailed

_PORT = 5432  # of the socket's name; no port is opened
_SECONDS = 60.0  # until it answers


def installed() -> Path | None:
    """The folder of the server's programs; None: it is not installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda each: int(each.parts[-3]))
    beside = shutil.which("initdb")
    return found[-1].parent if found else Path(beside).resolve().parent if beside else None


def weights(connection: psycopg.Connection[Any]) -> dict[str, int]:
    """Bytes of each table and of each index of a wire, the heaviest first."""
    return dict(
        connection.execute(
            "SELECT relname::text, CASE relkind WHEN 'r' THEN pg_table_size(oid) ELSE pg_relation_size(oid) END"
            " FROM pg_class WHERE relkind IN ('r', 'i') AND relnamespace = 'public'::regnamespace ORDER BY 2 DESC"
        ).fetchall()
    )


class Server:
    """Runs inside the `with`; its data outlive `stop`. `settings`: in place of PostgreSQL's own."""

    def __init__(self, **settings: str) -> None:
        self._settings = {"listen_addresses": "", "max_connections": "60", **settings}
        programs = installed()
        if programs is None:
            raise RunFailed("PostgreSQL is not installed (apt-get install postgresql)")
        self._programs = programs
        self._folder = Path(tempfile.mkdtemp(prefix="pg-own-"))
        self._user = "postgres" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
        if os.geteuid() == 0:
            shutil.chown(self._folder, self._user)
        self.url = f"postgresql://wire@/postgres?host={self._folder}&port={_PORT}"

    def __enter__(self) -> Self:
        made = ("initdb", "-D", "data", "-U", "wire", "-E", "UTF8", "--locale=C", "--auth=trust", "--no-sync")
        self._run(*made)
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop("immediate")
        shutil.rmtree(self._folder, ignore_errors=True)

    def start(self) -> None:
        options = " ".join(f"-c {name}='{value}'" for name, value in self._settings.items())
        self._run("pg_ctl", "-D", "data", "-l", "log", "-o", f"-k {self._folder} -p {_PORT} {options}", "start")
        ends = time.monotonic() + _SECONDS
        while not self._answers():
            if time.monotonic() > ends:
                raise RunFailed("the server of PostgreSQL does not answer")
            time.sleep(0.05)

    @property
    def pid(self) -> int:
        """Of the process from which all others of the server descend."""
        return int((self._folder / "data" / "postmaster.pid").read_text().split()[0])

    def stop(self, mode: str = "fast") -> None:
        """`immediate`: as a crash leaves it."""
        self._run("pg_ctl", "-D", "data", "-m", mode, "stop")

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.url).close()
        except psycopg.OperationalError:
            return False
        return True

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run(
            [self._programs / program, *arguments],
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            user=self._user,
            cwd=self._folder,
        )

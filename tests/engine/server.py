"""A server of PostgreSQL of its own for a test that starts it anew, which no other test could bear."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

import psycopg
import pytest

from tests.postgres import installed
from tests.waiting import until

_PORT = 5432  # of the socket's name; no port is opened


class Server:
    """Runs inside the `with`; its data outlive `stop`."""

    def __init__(self) -> None:
        programs = installed()
        if programs is None:
            pytest.skip("PostgreSQL is not installed (apt-get install postgresql)")
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
        options = f"-k {self._folder} -p {_PORT} -c listen_addresses= -c max_connections=60"
        self._run("pg_ctl", "-D", "data", "-l", "log", "-o", options, "start")
        until(self._answers)

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

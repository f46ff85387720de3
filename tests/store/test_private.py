"""Only the user that runs the wire reads its files: they name people who wrote to the desk."""

from __future__ import annotations

import asyncio
import gzip
import logging
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from aggregator.fetch.shared import Shared
from aggregator.store import Store, only_daemon
from tests.cli.test_cli import make_config
from tests.hostile import run
from tests.make_database import DATABASES
from tests.rows import every_row

pytestmark = pytest.mark.usefixtures("started_anew")


@pytest.fixture(autouse=True)
def _usual_umask() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


def modes(folder: Path) -> dict[str, str]:
    return {path.name: oct(stat.S_IMODE(path.stat().st_mode)) for path in folder.iterdir() if not path.is_symlink()}


def older(path: Path, mode: int) -> Path:
    path.write_bytes(gzip.decompress((DATABASES / "0.4.0.db.gz").read_bytes()))
    path.chmod(mode)
    return path


def test_all_that_is_made_beside_a_database_is_its_owner_s(tmp_path: Path) -> None:
    database = tmp_path / "wire.db"
    with only_daemon(database), Store.open(database) as store:
        store.as_program()
        store.try_writing()
        shared = Shared.open(tmp_path / "wire.db.limits", 2, 60.0)
        assert shared is not None
        found = modes(tmp_path)
        asyncio.run(shared.close())
    names = ("wire.db", "wire.db-wal", "wire.db-shm", "wire.db.lock", "wire.db.program-1", "wire.db.limits")
    assert found == dict.fromkeys(names, "0o600")


def test_a_file_that_a_link_names_is_too(tmp_path: Path) -> None:
    (tmp_path / "wire.db").symlink_to(tmp_path / "real.db")
    Store.open(tmp_path / "wire.db").close()
    assert modes(tmp_path) == {"real.db": "0o600"}


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o666])
def test_an_older_file_is_taken_from_others_once_and_that_is_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, mode: int
) -> None:
    path = older(tmp_path / "wire.db", mode)
    with Store.read(path) as reader:  # its log is open, and as wide as the file
        reader.last_cursor()
        with caplog.at_level(logging.WARNING):
            Store.open(path).close()
        assert set(modes(tmp_path).values()) == {"0o600"}
    (said,) = [record.getMessage() for record in caplog.records if "other users" in record.getMessage()]
    assert f"(mode {mode:o})" in said
    path.chmod(0o640)  # which a person decided
    caplog.clear()
    Store.open(path).close()
    assert modes(tmp_path)["wire.db"] == "0o640"
    assert not [record for record in caplog.records if "other users" in record.getMessage()]


def test_who_may_write_the_database_may_write_what_lies_beside_it(tmp_path: Path) -> None:
    """A group that a person has let in."""
    os.umask(0o002)
    database = tmp_path / "wire.db"
    Store.open(database).close()
    database.chmod(0o660)
    with only_daemon(database), Store.open(database) as store:
        store.as_program()
        store.try_writing()
        assert set(modes(tmp_path).values()) == {"0o660"}


@every_row(("mode", "is_said"), [(0o600, False), (0o640, False), (0o644, True), (0o666, True)])
def test_check_warns_of_a_database_that_everybody_can_open(tmp_path: Path, mode: int, is_said: bool) -> None:
    database = tmp_path / "wire.db"
    Store.open(database).close()
    database.chmod(mode)
    ran = run("--config", str(make_config(tmp_path / "config")), "--db", str(database), "check")
    said = f"warning: {database}: every user of this machine can open it, with complaints and what is held back;"
    assert (said in ran.out) == is_said

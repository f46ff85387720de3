"""Rights bind as soon as they stand in the files: what reads needs nobody to have stored them."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from aggregator.cli import aggregator
from aggregator.demo import Press
from aggregator.model import Selection
from aggregator.pipeline import opening
from aggregator.pipeline.paths import Paths
from aggregator.text.dates import utc_now
from tests.cli.test_cli import Desk
from tests.conftest import NOW

LATER = timedelta(minutes=1)
FULL = '[rights]\nrelationship = "partner"\nbasis = "agreement"\ncopyright_holder = "One"\ntext_scope = "full_text"\n'
Say = Callable[..., str]


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A wire of two publishers, of which one lets out full texts."""
    with Press(now=NOW) as press:
        desk = Desk(tmp_path_factory.mktemp("filled"), press)
        narrowed(desk.config, FULL)
        desk("fetch")
        yield desk


@pytest.fixture
def config(filled: Desk, tmp_path: Path) -> Path:
    """A copy of its configuration, which the copy of its database is in line with."""
    shutil.copytree(filled.config, tmp_path / "config")
    (tmp_path / "data").mkdir()
    with (
        closing(sqlite3.connect(filled.database)) as one,
        closing(sqlite3.connect(tmp_path / "data" / "wire.db")) as other,
    ):
        one.backup(other)
    paths = Paths(tmp_path / "config", None)
    opening.open_wire(paths, opening.load_config(paths), utc_now()).close()
    return tmp_path / "config"


@pytest.fixture
def say(config: Path, capsys: pytest.CaptureFixture[str]) -> Say:
    def call(*arguments: str) -> str:
        aggregator(["--config", str(config), *arguments], standalone_mode=False)
        return capsys.readouterr().out

    return call


def narrowed(config: Path, rights: str, key: str = "one") -> None:
    """The file with these rights, which stand before its source."""
    file = config / "publishers" / "ml" / f"{key}.toml"
    head, _, source = file.read_text().partition("[[source]]")
    file.write_text(f"{head.partition('[rights]')[0]}{rights}\n[[source]]{source}")


def stored(config: Path, sql: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(config.parent / "data" / "wire.db")) as connection:
        return connection.execute(sql).fetchall()


def scopes(said: str) -> set[str]:
    return {row["text_scope"] for row in json.loads(said) if row["publisher"] == "one"}


READING = {
    "latest": ("latest", "--json"),
    "search": ("search", "report", "--json"),
    "query": ("query", "--json", "SELECT publisher, text_scope, text FROM wire"),
}


@pytest.mark.parametrize("command", READING)
def test_what_reads_shows_the_rights_of_the_files(config: Path, say: Say, command: str) -> None:
    before = stored(config, "SELECT * FROM changes")
    assert scopes(say(*READING[command])) == {"full_text"}
    for scope in ("headline_only", "excerpt", "full_text"):
        narrowed(config, FULL.replace("full_text", scope))
        assert scopes(say(*READING[command])) == {scope}
    narrowed(config, FULL.replace("full_text", "none").replace("agreement", "none"))
    assert scopes(say(*READING[command])) == set()
    assert stored(config, "SELECT * FROM changes") == before  # reading writes nothing
    assert stored(config, "SELECT DISTINCT text_scope FROM terms WHERE publisher = 'one'") == [("full_text",)]


def test_a_report_and_the_ledger_are_narrowed_too(config: Path, say: Say) -> None:
    report = next(row["id"] for row in json.loads(say("latest", "--json")) if row["publisher"] == "one")
    narrowed(
        config, FULL.replace("full_text", "headline_only") + 'redistribute = []\ncredit = "By {publisher} alone"\n'
    )
    (shown,) = json.loads(say("show", report, "--json"))
    assert (shown["text"], shown["credit"], shown["channels"]) == (None, "By One alone", [])
    lines = [json.loads(line) for line in say("changes", "--json").splitlines()]
    assert [line["channels"] for line in lines if line["publisher"] == "one"] == [[], []]
    narrowed(config, FULL.replace("full_text", "none").replace("agreement", "none"))
    lines = [json.loads(line) for line in say("changes", "--json").splitlines()]
    assert [(line["title"], line["url"]) for line in lines if line["publisher"] == "one"] == [(None, None)] * 2


def test_what_no_reader_could_know_of_stays_in_until_the_ledger_says_that_it_is_out(config: Path, say: Say) -> None:
    closed = FULL.replace("full_text", "none").replace("agreement", "none")
    narrowed(config, closed)
    say("fetch", "two")
    assert scopes(say("latest", "--json")) == set()
    narrowed(config, FULL)
    assert scopes(say("latest", "--json")) == set()
    say("fetch", "two")
    assert scopes(say("latest", "--json")) == {"full_text"}
    kinds = [line[0] for line in stored(config, "SELECT change_kind FROM changes ORDER BY seq")]
    assert kinds[-2:] == ["terms_changed"] * 2  # its reports were out before


def test_an_agreement_that_was_written_and_has_ended_binds_at_once(config: Path) -> None:
    narrowed(config, FULL + f'expires = "{utc_now().date() + timedelta(days=2)}"\n'.replace('"', ""))
    paths = Paths(config, None)
    for days, scope in ((0, "full_text"), (3, "excerpt")):
        with opening.read_store(paths, utc_now() + timedelta(days=days)) as reader:
            assert {each.text_scope for each in reader.latest(Selection(publishers=("one",)))} == {scope}


def test_a_file_that_can_only_be_read_is_narrowed_too(config: Path, say: Say) -> None:
    database = config.parent / "data" / "wire.db"
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")
    database.chmod(0o400)
    narrowed(config, FULL.replace("full_text", "headline_only"))
    status = database.stat()
    assert scopes(say("latest", "--json")) == {"headline_only"}
    assert (database.stat().st_mtime_ns, database.stat().st_size) == (status.st_mtime_ns, status.st_size)


@pytest.mark.parametrize("named", [False, True])
def test_a_database_follows_the_folder_that_it_is_in_line_with(
    config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], named: bool
) -> None:
    """Not that of a checkout in which the command happens to run, nor one of another wire."""
    database, other = config.parent / "data" / "wire.db", tmp_path / "other"
    shutil.copytree(config, other)
    narrowed(other, FULL.replace("full_text", "headline_only"))
    words = ["--config", str(other)] if named else []
    for scope in ("full_text", "headline_only"):
        aggregator([*words, "--db", str(database), "latest", "--json"], standalone_mode=False)
        assert scopes(capsys.readouterr().out) == {scope}
        narrowed(config, FULL.replace("full_text", "headline_only"))


def test_faulty_files_leave_the_stored_terms_in_force(config: Path, say: Say, caplog: pytest.LogCaptureFixture) -> None:
    wire = config / "wire.toml"
    good = wire.read_text()
    wire.write_text(f"{good}nonsense")
    assert scopes(say("latest", "--json")) == {"full_text"}
    assert "has faults, so the terms that the database has stay in force" in caplog.text
    wire.write_text(good)
    narrowed(config, 'text_scope = "sometimes"')  # of this publisher alone
    assert scopes(say("latest", "--json")) == {"full_text"}
    narrowed(config, FULL.replace("full_text", "excerpt"), "two")
    assert scopes(say("latest", "--json")) == {"full_text"}


def test_files_that_have_not_changed_are_not_read(config: Path, monkeypatch: pytest.MonkeyPatch, say: Say) -> None:
    paths = Paths(config, None)
    opening.open_wire(paths, opening.load_config(paths), utc_now() + LATER).close()
    monkeypatch.setattr(opening, "digest", lambda folder: pytest.fail("the files were read"))
    assert scopes(say("latest", "--json")) == {"full_text"}
    monkeypatch.undo()
    os.utime(config / "wire.toml")
    monkeypatch.setattr(opening, "read_config", lambda paths: pytest.fail("the files were checked"))
    assert scopes(say("latest", "--json")) == {"full_text"}


def test_the_terms_of_a_configuration_that_no_digest_is_known_of_are_the_stored_ones(config: Path) -> None:
    paths = Paths(config, None)
    before = opening.load_config(paths)
    with opening.open_wire(paths, replace(before, digest=None), utc_now()) as store:
        noted = store.config_in_force()
    assert noted is not None
    assert noted.digest == before.digest

"""Whoever reads what a command prints may stop reading: that is no failure, for any command that prints."""

from __future__ import annotations

import os
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from aggregator.cli import COMMANDS
from aggregator.desk.terms import sync
from aggregator.model import Link, Text
from aggregator.store import Store
from tests import commands
from tests.cli.test_cli import make_config
from tests.conftest import NOW, SOAK, WIRE, make_entry, make_publisher, record

PUBLISHER = make_publisher("sahel")
# More than a pipe holds, so that a command finds out while it is still printing; and what prints a line or two.
READING = {
    "alerts": [["alerts"], ["alerts", "--json"]],
    "catalogue": [["catalogue"], ["catalogue", "--json"]],
    "changes": [["changes"], ["changes", "--json"], ["changes", "--follow"]],
    "check": [["check"], ["check", "--json"]],
    "complaint": [["complaint", "list"], ["complaint", "list", "--json"], ["complaint", "matters"]],
    "coverage": [["coverage"], ["coverage", "--json"]],
    "export": [["export", "atom"], ["export", "csv"], ["export", "jsonl"]],
    "health": [["health"], ["health", "--json"]],
    "latest": [["latest", "--limit", "900"], ["latest", "--limit", "900", "--json"]],
    "merges": [["merges"], ["merges", "--all", "--json"], ["merges", "--suspect"]],
    "pending": [["pending"], ["pending", "--json"]],
    "publishers": [["publishers"], ["publishers", "--json"], ["publishers", "--opml", "-"]],
    "query": [["query", "SELECT id, title, url FROM wire"], ["query", "SELECT 1"]]
    + [["query", "SELECT * FROM wire", form] for form in ("--csv", "--json")],
    "rights": [["rights"], ["rights", "--csv"], ["rights", "--json"], ["rights", "--taken"]],
    "search": [["search", "pont", "--limit", "900"], ["search", "pont", "--limit", "900", "--json"]],
    "subscribers": [["subscribers"], ["subscribers", "--json"]],
    "show": [["show", "https://sahel.example/long", form] for form in ("--raw", "--revisions", "--cite", "--desk")],
}
# They change something or ask the network, and print what they did in a few lines.
OTHERS = {
    "accept", "add", "backup", "confirm", "copy-store", "demo", "embargo", "fetch", "import", "init", "join", "pause",
    "probe", "publish", "purge", "recheck", "restore", "resume", "retag", "run", "serve", "snapshot", "split", "tokens",
    "withdraw", "withhold", "worker",
}  # fmt: skip


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pipes")
    make_config(folder / "config")
    path = folder / "wire.db"
    with Store.open(path) as store:
        sync(store, WIRE, [PUBLISHER], NOW, NOW.date())
        words = Text("".join(f"<p>Le fleuve monte encore de {n} mètres à Bamako.</p>" for n in range(9_000)))
        record(store, PUBLISHER, make_entry(0, content=(words,), links=(Link("https://sahel.example/long"),)))
        record(store, PUBLISHER, *[make_entry(number) for number in range(1, 900)], now=NOW + timedelta(hours=1))
    return path


def command(database: Path, arguments: list[str]) -> list[str]:
    config = database.with_name("config")
    return [
        sys.executable,
        "-W",
        "error",
        "-m",
        "aggregator",
        "--config",
        str(config),
        "--db",
        str(database),
        *arguments,
    ]


def test_every_command_is_in_one_of_the_tables() -> None:
    assert set(COMMANDS) - OTHERS <= READING.keys(), "does it print much? then READING has to have it, else OTHERS"


# Every call with standard output alone, and with both streams in the pipe. In `make test` all calls of commands that
# write in ways of their own, and one of each other command, by turns with the one and the other.
CLOSED = [
    (arguments, streams)
    for place, (name, calls) in enumerate(READING.items())
    for number, arguments in enumerate(calls)
    if SOAK or not number or name in ("changes", "export", "query", "publishers")
    for streams in (("out", "both") if SOAK else ("both",) if not number and place % 2 else ("out",))
]


@pytest.mark.soak
@pytest.mark.parametrize(("arguments", "streams"), CLOSED, ids=[f"{' '.join(words)}-{at}" for words, at in CLOSED])
def test_a_closed_pipe_is_no_failure(database: Path, arguments: list[str], streams: str) -> None:
    called = command(database, arguments)
    reading, writing = os.pipe()
    with commands.Popen(
        called, stdout=writing, stderr=writing if streams == "both" else commands.subprocess.PIPE
    ) as it:
        os.close(writing)
        os.read(reading, 1)
        os.close(reading)
        said = it.stderr.read() if it.stderr else b""
    assert b"Traceback" not in said
    assert b"Broken" not in said
    assert it.returncode == 0, said


@pytest.mark.parametrize(
    ("arguments", "code"),
    [(["latest", "--publisher", "nobody"], 2), (["show", "zzzzzzzz"], 1), (["complaint", "list"], 0)],
)
def test_messages_that_nobody_reads_change_no_exit_code(database: Path, arguments: list[str], code: int) -> None:
    called = command(database, arguments)
    reading, writing = os.pipe()
    os.close(reading)
    with commands.Popen(called, stdout=commands.subprocess.DEVNULL, stderr=writing) as it:
        os.close(writing)
    assert it.returncode == code

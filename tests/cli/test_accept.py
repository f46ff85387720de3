"""A redirect that is held: `fetch` and `health` say it, `accept` lets it be followed."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from aggregator.demo import Press
from tests.cli.test_cli import Desk
from tests.conftest import NOW
from tests.hostile import run


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with Press(now=NOW) as press:
        yield Desk(tmp_path, press)


def test_fetch_and_health_and_accept_from_a_terminal(desk: Desk) -> None:
    """What is held was recorded before: on this machine alone no address is a stranger's that may be asked."""
    elsewhere, name = "http://stranger.example/feed", "one/one-example-feed"
    said = f"its document came from {elsewhere}, which is not known to be an address of One"
    desk("fetch")
    with closing(sqlite3.connect(desk.database)) as connection:
        held = (
            "INSERT INTO redirects (source_id, url, state, reason, at) SELECT source_id, ?, 'pending', ?, ? FROM"
            " sources WHERE source_key = ?"
        )
        connection.execute(
            held, (elsewhere, said.partition("came from ")[2], "2026-11-22T10:00:00Z", name.split("/")[1])
        )
        connection.commit()
    (row,) = (each for each in json.loads(desk("health", "--json")) if each["source_name"] == name)
    assert (row["problem"], row["advice"]) == (f"pending: {said}", f"aggregator accept {name}")
    assert (row["redirect"], row["redirected_to"]) == ("pending", elsewhere)
    assert f"aggregator accept {name}" in desk("health")
    assert desk(*row["advice"].split()[1:]) == f"{name}: its documents may come from {elsewhere}; it is due now\n"
    (made,) = json.loads(desk("fetch", "--json"))
    assert (made["source_name"], made["new"]) == (name, 0)
    desk.press.misbehave("one.example", "/feed", "redirect", location=f"{desk.press.url}/two.example/feed")
    (made,) = json.loads(run_json(desk, "fetch", "one", "--json"))
    assert (made["outcome"], made["redirected_to"]) == ("pending", f"{desk.press.url}/two.example/feed")
    assert "two.example/feed, an address of Two (two)" in desk("accept", name, code=1)
    assert desk.rows("SELECT count(*) FROM wire") == [(4,)]


def run_json(desk: Desk, *arguments: str) -> str:
    """What the command prints although its exit code is 1."""
    ran = run("--config", str(desk.config), *arguments)
    assert ran.code == 1
    return ran.out

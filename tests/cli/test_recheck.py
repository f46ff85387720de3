"""`recheck` visits the pages that are due, and says which reports left the wire."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from aggregator.demo import Press
from tests.cli.test_cli import Desk
from tests.conftest import NOW
from tests.pipeline.test_withdrawals import EARLY, ENTRY, atom


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with Press(now=NOW) as press:
        yield Desk(tmp_path, press)


def test_the_command_visits_what_is_due_and_says_what_left(desk: Desk) -> None:
    page = f"{desk.press.url}/one.example/story"
    listed = ENTRY.format(1, EARLY).replace("http://daily-example.example/1", page)
    desk.press.set_document("one.example", "/feed", atom(listed))
    desk("fetch")
    ((public_id,),) = desk.rows("SELECT id FROM articles WHERE title = 'Report 1'")
    assert json.loads(desk("recheck", "--json")) == []
    desk.press.misbehave("one.example", "/story", "status", status=410)
    with sqlite3.connect(desk.database) as connection:  # two hours pass
        due = "UPDATE rechecks SET next_at = ? WHERE article_id = (SELECT article_id FROM articles WHERE url = ?)"
        connection.execute(due, ("2020-01-01T00:00:00Z", page))
    connection.close()
    assert desk("recheck", "--limit", "1").startswith(f"{public_id}: the publisher's page answers 410")
    assert desk.rows("SELECT status, notice FROM articles WHERE title = 'Report 1'") == [("canceled", "withdrawn")]

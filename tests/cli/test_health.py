"""What `health` and `coverage` print of a wire with troubles of every kind, on terminals of several widths."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from aggregator.demo import Press
from aggregator.text.dates import to_iso, utc_now
from tests.cli.test_cli import Desk
from tests.conftest import NOW
from tests.terminals import here_at_terminal

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
KEYS = ("failing", "gappy", "held", "paused", "silent", "several")
# What each looks like, as far as it does not depend on the hour.
SAID = {
    "held": "3 changes of reports wait for a person",
    "failing": "the server answered 500",
    "gappy": "2 gaps in 7 days (reports may be missing), the last at ",
    "paused": "by amina: it moves house",
    "silent": "for longer than its rhythm allows",
    "several": "failing since ",
}
TO_DO = {
    "held": "aggregator pending accept held/feed",
    "failing": "aggregator fetch failing/feed tries it now",
    "gappy": "set every_minutes = 30 in publishers/ml/gappy.toml",
    "paused": "aggregator resume paused/feed",
    "silent": "look at http://127.0.0.1",
    "several": "aggregator fetch several/feed tries it now",
}


def source_id(connection: sqlite3.Connection, key: str) -> int:
    (number,) = connection.execute("SELECT source_id FROM sources WHERE publisher = ?", (key,)).fetchone()
    return int(number)


def polled(connection: sqlite3.Connection, key: str, **fields: object) -> None:
    """A row of an earlier poll."""
    counts = dict.fromkeys(("bytes", "entries", "new", "revised", "unchanged"), 0)
    row = {**counts, "outcome": "ok", "seconds": 0.1, "next_at": to_iso(utc_now()), "next_reason": "interval", **fields}
    names = ("source_id", *row)
    connection.execute(
        f"INSERT INTO polls ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})",  # noqa: S608
        (source_id(connection, key), *row.values()),
    )


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """One source for each trouble, one with two, and the two of every desk, which are well."""
    with Press(now=NOW) as press:
        made = Desk(tmp_path_factory.mktemp("wire"), press)
        for key in KEYS:
            made.add(f"{key}.example")
            file = made.config / "publishers" / "ml" / f"{key}.toml"
            file.write_text(file.read_text().replace("every_minutes = 30", 'key = "feed"'))
        made("fetch")
        for key in ("failing", "several"):
            press.misbehave(f"{key}.example", "/feed", "status", status=500)
        made("fetch", "failing", "several", code=1)
        now = utc_now()
        with closing(sqlite3.connect(made.database)) as connection, connection:
            for hours in (2, 5):
                polled(connection, "gappy", started=to_iso(now - hours * HOUR), gap="open", new=1)
            polled(connection, "gappy", started=to_iso(now - 3 * HOUR), new=1)
            polled(connection, "several", started=to_iso(now - 3 * HOUR), gap="open", new=1)
            connection.execute(
                "UPDATE sources SET last_new = ?, silent_after = ? WHERE publisher IN ('silent', 'several')",
                (to_iso(now - 3 * DAY), to_iso(now - DAY)),
            )
            rows = connection.execute("SELECT article_id FROM articles LIMIT 3").fetchall()
            connection.executemany(
                "INSERT INTO pending_changes (article_id, source_id, mass_kind, signal, reason, since, received_at,"
                " article_key) VALUES (?, ?, 'withdrawn', 'tombstone', 'mass', ?, ?, 'k')",
                [(article, source_id(connection, "held"), to_iso(now), to_iso(now)) for (article,) in rows],
            )
        made("pause", "paused", "--reason", "it moves house", "--actor", "amina")
        yield made


def on_terminal(desk: Desk, columns: int, *arguments: str, **environment: str) -> str:
    """What a terminal of this width is written."""
    told = os.environ | {"COLUMNS": str(columns)} | environment
    code, seen = here_at_terminal(["--config", str(desk.config), *arguments], told)
    assert code == 0, seen
    return seen.decode().replace("\r\n", "\n")


def test_problems_come_first_and_alone_with_what_to_do(desk: Desk) -> None:
    said = desk("health")
    for key in KEYS:
        (problem,) = (line for line in said.splitlines() if line.startswith(f"{key}/feed: "))
        following = said.splitlines()[said.splitlines().index(problem) + 1]
        assert SAID[key] in problem
        assert TO_DO[key] in following
        assert "next fetch 20" in following or key == "paused"
    assert "one/one-example-feed" not in said
    assert "6 sources have a problem, 2 have none; --all lists the others\n" in said
    everything = desk("health", "--all")
    (line,) = (line for line in everything.splitlines() if line.startswith("one/one-example-feed"))
    assert line.startswith("one/one-example-feed: 2 in 7 days, next fetch 20")
    assert line.endswith(" UTC (your every_minutes)")
    assert everything.index("failing/feed") < everything.index("one/one-example-feed")


@pytest.mark.parametrize("words", [(), ("--all",)])
@pytest.mark.parametrize("columns", [40, 80, 200])
def test_it_can_be_read_at_every_width(desk: Desk, columns: int, words: tuple[str, ...]) -> None:
    """No line is wider than the terminal but for a word that cannot be cut, and nothing is lost of the text."""
    for command in (("health", *words), ("coverage", "--by-day")):
        shown, piped = on_terminal(desk, columns, *command), desk(*command)
        for line in shown.splitlines():
            assert len(line) <= columns or len(line.split()) == 1, line
        unfolded = [line for line in piped.split() if not line.startswith("20")]
        assert [line for line in shown.split() if not line.startswith("20")] == unfolded
    if columns >= 80 and words:
        (line,) = (line for line in on_terminal(desk, 80, "health", "two").splitlines() if line.startswith("two/"))
        assert len(line) <= 80


@pytest.mark.parametrize("environment", [{"TERM": "dumb"}, {"NO_COLOR": "1"}])
def test_a_plain_terminal_gets_no_escape_codes(desk: Desk, environment: dict[str, str]) -> None:
    for command in (("health", "--all"), ("coverage",)):
        assert "\x1b" not in on_terminal(desk, 80, *command, **environment)


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--fail-on", "failing"), 1),
        (("--fail-on", "silent"), 1),
        (("--fail-on", "gaps"), 1),
        (("--fail-on", "held"), 1),
        (("--fail-on", "failing,silent,gaps,held"), 1),
        (("one", "two", "paused", "--fail-on", "failing,silent,gaps,held"), 0),
        (("gappy", "--fail-on", "failing,silent,held"), 0),
        (("gappy", "--fail-on", "failing", "--fail-on", "gaps"), 1),
        (("several", "--fail-on", "gaps"), 1),  # although its failures matter more
        (("several", "--fail-on", "silent", "--json"), 1),
        ((), 0),
    ],
)
def test_cron_is_told_by_the_exit_code(desk: Desk, words: tuple[str, ...], code: int) -> None:
    desk("health", *words, code=code)


def test_what_is_due_and_not_fetched_is_told(desk: Desk, tmp_path: Path) -> None:
    """As where no daemon runs."""
    stopped = tmp_path / "wire.db"
    with closing(sqlite3.connect(desk.database)) as connection:
        connection.execute("VACUUM INTO ?", (str(stopped),))
    with closing(sqlite3.connect(stopped)) as connection, connection:
        connection.execute("UPDATE sources SET next_at = '2026-11-22T10:00:00Z'")
    said = desk("--db", str(stopped), "health", "one")
    assert "one/one-example-feed: 2 in 7 days, due since 2026-11-22 10:00 UTC (your every_minutes)\n" in said


def test_json_has_all_sources_and_what_troubles_each(desk: Desk) -> None:
    rows = {row["source_name"].partition("/")[0]: row for row in json.loads(desk("health", "--json"))}
    assert {key: row["states"] for key, row in rows.items()} == {
        "failing": ["failing"], "gappy": ["gaps"], "held": ["held"], "one": [], "paused": ["paused"],
        "several": ["failing", "silent", "gaps"], "silent": ["silent"], "two": [],
    }  # fmt: skip
    assert {"problem", "advice", "next_at", "next_reason", "since", "paused_until"} <= rows["one"].keys()
    assert [row["source_name"] for row in json.loads(desk("health", "two", "--json"))] == ["two/two-example-feed"]
    assert rows["failing"]["since"] >= rows["failing"]["last_success"]


def test_coverage_says_it_in_a_sentence(desk: Desk) -> None:
    rows = {row["publisher"]: row for row in json.loads(desk("coverage", "--json"))}
    assert rows["one"]["sentence"].startswith("complete since ")
    assert rows["gappy"]["sentence"].count("may be missing (how many is not known yet)") == 2
    assert rows["failing"]["sentence"].endswith("its fetches fail (failing/feed)")
    assert rows["paused"]["sentence"].endswith(": paused (paused/feed)")
    lines = desk("coverage", "one/one-example-feed", "--by-day").splitlines()
    assert lines[0] == f"one: {rows['one']['sentence']}"
    assert lines[1] == "  1 of 1 fetches went well; 2 reports received, expected: not known yet"
    assert lines[2].startswith(f"  {rows['one']['days'][0]['day']}: 1 of 1 fetches")
    assert len(lines) == 3
    day = rows["one"]["days"][0]["day"]
    (row,) = json.loads(desk("coverage", "one", "--on", day, "--json"))
    assert (row["polls"], row["received"]) == (1, 2)

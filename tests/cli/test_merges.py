"""`merges` shows what was taken for what, `merges --suspect` the commands that mend it, `join` and `split` do it."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from aggregator.desk.terms import sync
from aggregator.model import Link, Selection, Text
from aggregator.store import Store
from tests import hostile
from tests.conftest import NOW, WIRE, make_entry, make_publisher, record
from tests.desk.test_suspects import overwritten


def test_the_commands_list_and_mend(tmp_path: Path) -> None:
    publisher = make_publisher()
    database = tmp_path / "wire.db"
    with Store.open(database) as store:
        sync(store, WIRE, [publisher], NOW, NOW.date())
        public_id = overwritten(store, publisher)
    listing = hostile.run("--db", database, "merges", "--suspect")
    assert listing.code == 0
    assert f"   aggregator split {public_id} 3" in listing.out
    as_json = json.loads(hostile.run("--db", database, "merges", "--suspect", "--json").out)
    assert [row["command"] for row in as_json] == [f"aggregator split {public_id} {n}" for n in (3, 2)]
    for row in as_json:
        assert hostile.run("--db", database, *row["command"].split()[1:]).code == 0
    assert "Nothing looks wrong" in hostile.run("--db", database, "merges", "--suspect").out
    again = hostile.run("--db", database, "split", public_id, "2")
    assert (again.code, "is an article already" in again.err) == (1, True)
    assert hostile.run("--db", database, "split", public_id).code == 2
    missing = hostile.run("--db", database, "split", public_id, "99")
    assert (missing.code, "has no version 99" in missing.err) == (1, True)


@pytest.fixture
def joined(tmp_path: Path) -> tuple[Path, str, str]:
    """A database with a merge by link, and one by a person; and the ids of the reports that this one joined."""
    database, publisher = tmp_path / "wire.db", make_publisher()
    with Store.open(database) as store:
        sync(store, WIRE, [publisher], NOW, NOW.date())
        links = [(Link(f"http://daily.example/{number}"),) for number in range(3)]
        texts = [(Text(f"<p>Bridge {number} is shut to lorries, says the minister of works.</p>"),) for number in "123"]
        first = make_entry(1, title=Text("Bridge shut", "text/plain"), content=texts[0], links=links[0])
        record(store, publisher, first, make_entry(2, title=Text("Ferry runs", "text/plain"), links=links[1]))
        again = replace(first, id="another-guid", title=Text("Bridge shut to all", "text/plain"), content=texts[1])
        record(store, publisher, again, now=NOW + timedelta(hours=1))
        ids = {report.title: report.id for report in store.latest(Selection())}
    bridge, ferry = ids["Bridge shut to all"], ids["Ferry runs"]
    why = ("--reason", "one story", "--actor", "ama", "--ref", "T-1")
    ran = hostile.run("--db", database, "join", bridge[:8], "http://daily.example/1?utm_source=x", *why)
    assert ran.code == 0, ran.err
    assert ran.out.splitlines() == [
        f"{bridge}  Daily Example: Bridge shut to all",
        f"{ferry}  Daily Example: Ferry runs",
        f"{ferry} is part of {bridge} now (merge 2); `aggregator split 2` undoes it",
    ]
    return database, bridge, ferry


@pytest.mark.parametrize("columns", [80, 40, 200])
def test_merges_show_both_sides(joined: tuple[Path, str, str], columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    database, bridge, ferry = joined
    monkeypatch.setenv("COLUMNS", str(columns))
    said = hostile.run("--db", database, "merges").out
    for word in (bridge, ferry, "by person\n   one story\n", "by url\n   headlines ", "id:another-guid"):
        assert word in said
    blocks = said.split("2. Daily Example")
    pairs = [("Bridge shut", "Bridge shut to all"), ("Bridge shut to all", "Ferry runs")]
    for block, (before, taken) in zip(blocks, pairs, strict=True):
        if columns == 40:
            assert f"   < {before}\n" in block
            assert f"   > {taken}\n" in block
        else:
            (row,) = [line for line in block.splitlines() if " | " in line and line.rstrip().endswith(f"| {taken}")]
            assert row.split(" | ")[0].strip() == before
            assert "http://daily.example/0" in block
    assert max(map(len, said.splitlines())) <= max(columns, 80)
    rows = json.loads(hostile.run("--db", database, "merges", "--json").out)
    assert [(row["kept"]["title"], row["taken"]["title"], row["joined"]) for row in rows] == [
        (*pairs[0], None),
        (*pairs[1], ferry),
    ]


def test_the_desk_sees_what_was_joined_and_why(joined: tuple[Path, str, str]) -> None:
    database, bridge, ferry = joined
    said = hostile.run("--db", database, "show", ferry, "--desk").out
    assert re.search(rf"\nWithheld since .* UTC by ama: the same report as {bridge}: one story\n", said)
    assert "Ferry runs" in said
    assert (
        "join, reference T-1, by person:ama: one story" in hostile.run("--db", database, "show", bridge, "--desk").out
    )
    assert "We are not showing this report for now" in hostile.run("--db", database, "show", ferry).out


def test_merges_that_were_undone_are_listed_with_all(joined: tuple[Path, str, str]) -> None:
    database, _, ferry = joined
    said = hostile.run("--db", database, "split", "2")
    assert said.out == f"{ferry} is a report of its own now; the other has the words it had before\n"
    assert ferry not in hostile.run("--db", database, "merges").out
    listed = hostile.run("--db", database, "merges", "--all").out
    assert f"undone: {ferry}" in listed
    assert "Ferry runs" in listed
    again = hostile.run("--db", database, "split", "2")
    assert (again.code, "is undone already; `aggregator merges` lists those in force" in again.err) == (1, True)
    missing = hostile.run("--db", database, "join", ferry, ferry, "--reason", "x")
    assert (missing.code, "not two reports of one publisher" in missing.err) == (1, True)
    assert hostile.run("--db", database, "join", ferry, ferry).code == 2


def test_what_is_out_of_the_wire_has_no_words_there(joined: tuple[Path, str, str]) -> None:
    database, bridge, _ = joined
    assert hostile.run("--db", database, "withhold", bridge, "--reason", "x").code == 0
    said = hostile.run("--db", database, "merges").out
    assert "Bridge" not in said
    assert "Ferry" not in said

"""A fault in the file of one publisher: it is named, and the others go on; and how the ledger is asked for."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from aggregator.desk.terms import sync
from aggregator.model import Publisher
from aggregator.store import Store
from tests.cli.test_cli import make_config
from tests.conftest import NOW, WIRE, make_entry, make_publisher, record
from tests.hostile import Ran, run

FILE = """
name = "{name}"
place = "Bamako"
country = "ML"
kind = "{kind}"
languages = ["fr"]
homepage = "http://{name}.example/"
rights_profile = "quotation"
[[source]]
url = "http://{name}.example/feed"
enabled = false
reason = "nobody is to be asked"
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    folder = make_config(tmp_path / "config")
    write(folder, "sound", "newspaper")
    return folder


def write(config: Path, name: str, kind: str) -> None:
    (config / "publishers" / "ml" / f"{name}.toml").write_text(FILE.format(name=name, kind=kind))


def test_check_names_every_fault_and_whom_it_stops(config: Path) -> None:
    fine = run("--config", str(config), "check")
    assert (fine.code, fine.err) == (0, "")
    assert fine.out.endswith(f"OK: 2 publishers, 1 source in {config}\n")
    assert "warning" not in fine.out
    write(config, "odd", "newspapre")
    found = run("--config", str(config), "check")
    assert found.code == 1
    assert 'publishers/ml/odd.toml: line 5: kind: found "newspapre"' in found.err
    summary = f"1 error in {config}. Not polled until it is fixed: odd. OK: 2 publishers, 1 source"
    assert f"{summary}\n" in found.err
    as_json = json.loads(run("--config", str(config), "check", "--json").out)
    assert (len(as_json["faults"]), as_json["not_polled"], as_json["publishers"]) == (1, ["odd"], 2)


def test_of_many_publishers_with_a_fault_five_are_named(config: Path) -> None:
    for number in range(7):
        write(config, f"odd{number}", "newspapre")
    said = run("--config", str(config), "check").err
    assert f"7 errors in {config}. Not polled until they are fixed: odd0, odd1, odd2, odd3, odd4 and 2 more." in said


def test_fetch_goes_on_without_the_publisher_and_says_why_it_is_not_polled(config: Path) -> None:
    write(config, "odd", "newspapre")
    assert run("--config", str(config), "fetch").err.count("newspapre") == 1
    asked = run("--config", str(config), "fetch", "odd")
    assert asked.code == 1
    assert "odd: not polled until its file is correct; nothing was fetched" in asked.err


# The ledger


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    """A database whose ledger has three lines."""
    path, publisher = tmp_path / "wire.db", make_publisher()
    with Store.open(path) as store:
        sync(store, WIRE, [publisher], NOW, NOW.date())
        for number in range(3):
            record(store, publisher, make_entry(number), now=NOW)
    return path


def changes(ledger: Path, *options: str) -> Ran:
    return run("--db", str(ledger), "changes", *options)


def test_a_line_of_the_ledger_begins_with_its_cursor_and_names_the_publisher(ledger: Path) -> None:
    lines = changes(ledger).out.splitlines()
    as_json = [json.loads(line) for line in changes(ledger, "--json").out.splitlines()]
    assert [line.partition(" ")[0] for line in lines] == [one["cursor"] for one in as_json]
    assert [one["change_kind"] for one in as_json] == ["new"] * 3
    assert all("Daily Example (Bamako): Le pont" in line for line in lines)


def test_the_ledger_is_read_from_a_cursor_a_time_or_a_number_of_an_older_version(ledger: Path) -> None:
    every = changes(ledger).out.splitlines()
    second = every[1].partition(" ")[0]
    assert changes(ledger, "--after", second).out.splitlines() == every[2:]
    assert changes(ledger, "--after", "0").out.splitlines() == every
    assert changes(ledger, "--limit", "2").out.splitlines() == every[:2]
    assert changes(ledger, "--since", "2026-11-22").out.splitlines() == every
    assert changes(ledger, "--since", "2026-11-23").out == ""
    numbered = changes(ledger, "--since", "2")
    assert numbered.out.splitlines() == every[2:]
    assert f"Use --after {second}\n" in numbered.err


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--after", "2", "--since", "6h"), "is no cursor"),
        (("--after", "1-5e6f7a8b", "--since", "6h"), "give --after or --since, not both"),
        (("--since", "yesterweek"), "--since"),
        (("--limit", "0"), "--limit"),
    ],
)
def test_what_cannot_be_meant_of_the_ledger_is_a_usage_error(ledger: Path, options: tuple[str, ...], said: str) -> None:
    ran = changes(ledger, *options)
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err


# A report that is out of the wire


def test_publishing_a_report_that_was_withheld_says_that_it_stays_out(tmp_path: Path, config: Path) -> None:
    wire = ("--config", str(config), "--db", str(tmp_path / "wire.db"))
    file = tmp_path / "bills.md"
    file.write_text('+++\ntitle = "Bills rise"\n+++\nIn March.\n')
    public_id = run(*wire, "publish", str(file)).out.partition(":")[0]
    assert run(*wire, "withhold", public_id, "--reason", "checking it").code == 0
    said = run(*wire, "publish", str(file)).out
    assert said.startswith(f"{public_id}: unchanged, Bills rise\nIt is out of the wire, and stays so.")


def test_the_json_of_a_notice_and_of_a_report_that_is_nowhere(tmp_path: Path, publisher: Publisher) -> None:
    path = tmp_path / "wire.db"
    with Store.open(path) as store:
        sync(store, WIRE, [publisher], NOW, NOW.date())
        record(store, publisher, make_entry())
        ((public_id,),) = store.query("SELECT id FROM wire")[1]
    assert run("--db", str(path), "withdraw", public_id, "--reason", "they asked").code == 0
    (notice,) = json.loads(run("--db", str(path), "show", public_id, "--json").out)
    assert (notice["id"], notice["publisher_name"], notice["title"]) == (public_id, "Daily Example", None)
    nowhere = run("--db", str(path), "show", "0" * 16, "--json")
    assert (nowhere.code, "there is no report with this id" in nowhere.err) == (1, True)
    both = run("--db", str(path), "show", public_id, "--raw", "--revisions")
    assert (both.code, "give --raw or --revisions, not both" in both.err) == (2, True)

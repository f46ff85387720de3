"""docs/json.md keeps its word: every command that prints JSON prints the keys of its table there, and no others."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from typing import Any

import click
import pytest

from aggregator.cli import COMMANDS, aggregator
from aggregator.demo import Press
from aggregator.desk.terms import sync
from aggregator.store import Store
from tests import ROOT
from tests.cli.test_cli import Desk
from tests.conftest import NOW, WIRE, make_publisher
from tests.desk.test_mass_changes import changed
from tests.desk.test_suspects import overwritten
from tests.hostile import run
from tests.pipeline.test_withdrawals import EARLY, ENTRY, atom
from tests.test_data_page import stale

PAGE = ROOT / "docs" / "json.md"
# Calls whose JSON is of other keys, and how they are called; {id} and {two} are ids of reports.
CALLS: Mapping[str, tuple[str, ...]] = {
    "latest --json": ("latest", "--json"),
    "latest --jsonl": ("latest", "--jsonl"),
    "latest --count --json": ("latest", "--count", "--json"),
    "search --json": ("search", "report", "--json"),
    "search --jsonl": ("search", "report", "--jsonl"),
    "search --count --json": ("search", "report", "--count", "--json"),
    "show --json": ("show", "{id}", "--json"),
    "show --json (a notice)": ("show", "{gone}", "--json"),
    "show --desk --json": ("show", "{gone}", "--desk", "--json"),
    "show --revisions --json": ("show", "{two}", "--revisions", "--json"),
    "show --cite --json": ("show", "{id}", "--cite", "--json"),
    "show --raw": ("show", "{id}", "--raw"),
    "changes --json": ("changes", "--json"),
    "merges --json": ("merges", "--json"),
    "merges --suspect --json": ("--db", "{other}", "merges", "--suspect", "--json"),
    "pending --json": ("pending", "--json"),
    "complaint matters --json": ("complaint", "matters", "--json"),
    "complaint list --json": ("complaint", "list", "--all", "--json"),
    "health --json": ("health", "--json"),
    "coverage --json": ("coverage", "--json"),
    "publishers --json": ("publishers", "--json"),
    "catalogue --json": ("catalogue", "malijet", "--json"),
    "check --json": ("check", "--json"),
    "alerts --json": ("alerts", "--json"),
    "alerts test --json": ("alerts", "test", "reports", "--json"),
    "tokens list --json": ("tokens", "list", "--json"),
    "subscribers --json": ("subscribers", "--json"),
    "subscribers --json (dead letters)": ("subscribers", "partner", "--json"),
    "subscribers --unacknowledged --json": ("subscribers", "--unacknowledged", "{gone}", "--json"),
    "rights --json": ("rights", "--json"),
    "check --live --json": ("check", "--live", "--json"),
    "probe --json": ("probe", "{press}/two.example/feed", "--json"),
    "recheck --json": ("recheck", "--json"),
    "fetch --json": ("fetch", "two", "--force", "--json"),
    "query --json": ("query", "SELECT 1 AS one", "--json"),
    "query --jsonl": ("query", "SELECT 1 AS one", "--jsonl"),
    # These bring in real sites, which nobody asks under an example's names.
    "add --json": ("add", "malijet", "--json"),
    "add --json (again)": ("add", "malijet", "--json"),
    "import --json": ("import", "{opml}", "--country", "SN", "--language", "fr", "--json"),
}
# Of the SQL; of the publisher's words; of docs/rights.md.
_OF_OTHER_KEYS = {"query --json", "query --jsonl", "show --raw", "rights --json"}
# Keys that this wire has no case of: a site whose robots.txt names sitemaps, a copy that cannot be written, a daemon.
_OF_A_PAGE = ("mode", "tried_at", "outcome", "reason", "read_at", "fields", "evidence")
UNREACHED: Mapping[str, set[str]] = {
    "probe --json": {"seen.url", "seen.what"},
    "add --json": {"left_out.publisher", "left_out.why"},
    "add --json (again)": {"left_out.publisher", "left_out.why"},
    "show --desk --json": {f"page.{name}" for name in _OF_A_PAGE},
    "check --json": {"daemon.pid", "daemon.since", "daemon.is_current"},
}
SEARCH = """words = "report"
[[tell]]
email = "desk@wire.example"
[[tell]]
command = ["true"]
when = "daily"
"""
MAIL = '[mail]\nhost = "127.0.0.1"\nport = 1\nsecurity = "none"\nfrom = "wire@wire.example"\n'
LINES = {"changes --json", "latest --jsonl", "search --jsonl", "query --jsonl"}
OPML = """<opml version="2.0"><body><outline text="Le Fleuve" xmlUrl="http://fleuve.example/feed"/>
<outline text="One" xmlUrl="{url}"/></body></opml>"""


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What each call prints, on one wire: of two publishers, with something of everything."""
    folder = tmp_path_factory.mktemp("json")
    with Press(now=NOW) as press:
        desk = Desk(folder, press)
        page = f"{press.url}/two.example/story"
        listed = [
            ENTRY.format(n, EARLY).replace(f"http://daily-example.example/{n}", f"{page}{n}") for n in range(1, 7)
        ]
        press.set_document("two.example", "/feed", atom("".join(listed)))
        press.set_document("one.example", "/feed", changed(0, 60, "one.example"))
        desk("fetch")
        (desk.config / "searches").mkdir()
        (desk.config / "searches" / "reports.toml").write_text(SEARCH)
        with (desk.config / "wire.toml").open("a") as file:
            file.write(MAIL)
        desk("tokens", "add", "newsroom", "--channel", "api")
        _with_a_subscriber(desk)
        found = _with_something_of_everything(desk, page)
        _that_fails(desk)
        opml = folder / "list.opml"
        opml.write_text(OPML.format(url=f"{press.url}/one.example/feed"))
        other = folder / "other.db"
        with Store.open(other) as store:
            sync(store, WIRE, [make_publisher()], NOW, NOW.date())
            overwritten(store, make_publisher())
        found |= {"other": str(other), "press": press.url, "opml": str(opml)}
        return {name: _printed(desk, name, [each.format(**found) for each in call]) for name, call in CALLS.items()}


def _printed(desk: Desk, name: str, arguments: list[str]) -> Any:
    ran = run("--config", str(desk.config), *arguments, folder=desk.config)
    assert ran.code in (0, 1), (name, ran.err)
    if name in LINES:
        return [json.loads(line) for line in ran.out.splitlines()]
    return json.loads(ran.out)


def _with_a_subscriber(desk: Desk) -> None:
    folder = desk.config / "subscribers"
    folder.mkdir()
    said = 'url = "http://127.0.0.1:9/"\nsecret = "${NOT_SET}"\ncontact = "ops@partner.example"\n'
    (folder / "partner.toml").write_text(said)
    desk("subscribers", "--deliver", code=1)


def _that_fails(desk: Desk) -> None:
    """One message of it is a dead letter that is to be sent again, and it has acknowledged another one."""
    now = "2026-11-29T09:00:00Z"
    with closing(sqlite3.connect(desk.database)) as connection, connection:
        connection.execute(
            "INSERT INTO dead_letters VALUES ('partner', 2, ?1, 10, 'the server answered 500', ?1)", (now,)
        )
        connection.execute(
            "UPDATE subscribers SET attempts = 1, attempted_at = ?1, failing_since = ?1, acknowledged_at = ?1,"
            " acknowledged_seq = 1",
            (now,),
        )


def _with_something_of_everything(desk: Desk, page: str) -> dict[str, str]:
    """A new version, a merge, a gap, changes that wait, a report that is held with a complaint, a page that is gone."""
    listed = [ENTRY.format(n, EARLY).replace(f"http://daily-example.example/{n}", f"{page}{n}") for n in range(1, 7)]
    listed[0] = listed[0].replace("Report 1<", "Report one<")
    desk.press.set_document("two.example", "/feed", atom("".join(listed)))
    desk("fetch", "two", "--force")
    by_title = {str(title): str(id) for title, id in desk.rows("SELECT title, id FROM articles")}
    desk("join", by_title["Report 4"], by_title["Report 5"], "--reason", "one report")
    forged = changed(30, 60, "one.example", title="WITHDRAWN: {}")
    desk.press.set_document("one.example", "/feed", forged)
    desk("fetch", "one", "--force")
    ((gone,),) = desk.rows("SELECT id FROM pending_changes JOIN articles USING (article_id) LIMIT 1")
    desk("complaint", "add", str(gone), "--kind", "factual", "--text", "It is wrong.")
    desk("withhold", str(gone), "--reason", "it is looked into")
    desk("recheck")  # from now on it is known when which page is to be visited
    desk.press.misbehave("two.example", "/story2", "status", status=410)
    with closing(sqlite3.connect(desk.database)) as connection, connection:
        due = "UPDATE rechecks SET next_at = ? WHERE article_id = (SELECT article_id FROM articles WHERE url = ?)"
        connection.execute(due, ("2020-01-01T00:00:00Z", f"{page}2"))
        connection.execute("UPDATE polls SET gap = 'open' WHERE poll_id = (SELECT max(poll_id) FROM polls)")
        connection.execute("UPDATE polls SET outcome = 'offline' WHERE poll_id = (SELECT max(poll_id) FROM polls)")
        connection.execute("UPDATE sources SET silent_after = '2020-01-01T00:00:00Z' WHERE publisher = 'one'")
        connection.execute("UPDATE changes SET hashed_at = at, hashed_publisher = 'old' WHERE seq = 1")
    return {"id": by_title["Report 3"], "two": by_title["Report one"], "gone": str(gone)}


def keys(value: Any, free: frozenset[str], before: str = "") -> Iterator[str]:
    """Those of objects, with those of the objects within as `outer.inner`; what `free` names has keys of its own."""
    for each in value if isinstance(value, list) else [value]:
        if isinstance(each, dict):
            for name, inner in each.items():
                path = f"{before}{name}"
                yield path
                if path not in free:
                    yield from keys(inner, free, f"{path}.")


@pytest.fixture(scope="module")
def tables() -> dict[str, dict[str, str]]:
    """The types of the keys that the page has, by key, for each call."""
    found: dict[str, dict[str, str]] = {}
    for part in PAGE.read_text("utf-8").split("\n## ")[1:]:
        head, _, rest = part.partition("\n")
        rows = re.findall(r"^\| `([\w.]+)` \| ([^|]+) \| .+ \|$", rest, re.MULTILINE)
        assert len(rows) == len(dict(rows)), head
        table = dict(rows)
        found |= dict.fromkeys(re.findall("`([^`]+)`", head), table)
    return found


def test_every_call_has_a_table(tables: dict[str, dict[str, str]]) -> None:
    assert tables.keys() == CALLS.keys() - _OF_OTHER_KEYS


@pytest.mark.parametrize("name", sorted(CALLS.keys() - _OF_OTHER_KEYS))
def test_what_is_printed_has_the_keys_of_the_page(
    printed: dict[str, Any], tables: dict[str, dict[str, str]], name: str
) -> None:
    table = tables[name]
    free = frozenset(key for key, kind in table.items() if kind.startswith("object by"))
    found = set(keys(printed[name], free))
    assert found - table.keys() == set(), "say in docs/json.md what it is"
    of_all = {name for name in CALLS if tables.get(name) is table}
    shown = set().union(*(keys(printed[each], free) for each in of_all))
    assert table.keys() - shown - UNREACHED.get(name, set()) == set(), "docs/json.md has keys that are not printed"


@pytest.mark.parametrize("name", sorted(CALLS.keys() - _OF_OTHER_KEYS))
def test_values_are_of_the_type_that_the_page_says(
    printed: dict[str, Any], tables: dict[str, dict[str, str]], name: str
) -> None:
    wrong = []
    for key, kind in tables[name].items():
        for value in _values(printed[name], key.split(".")):
            kinds = {_TYPES[each.split(" by ")[0]] for each in kind.split(" or ")}
            if not any(type(value) is each or (each is float and type(value) is int) for each in kinds):
                wrong.append(f"{key}: {kind}, and it is {value!r}")
    assert wrong == []


def test_no_list_of_values_is_stale() -> None:
    """As on the page of tables: who names three values of a list names all of it."""
    rows = re.findall(r"^\| `([\w.]+)` \| ([^|]+ \| .+) \|$", PAGE.read_text("utf-8"), re.MULTILINE)
    others = {"unknown.why"}  # a list of `coverage` alone
    assert [each for key, said in rows if key not in others for each in stale({key: said})] == []


_TYPES = {
    "string": str, "integer": int, "number": float, "boolean": bool, "array": list, "object": dict, "null": type(None),
}  # fmt: skip


def _values(value: Any, path: list[str]) -> Iterator[Any]:
    for each in value if isinstance(value, list) else [value]:
        if isinstance(each, dict) and path[0] in each:
            if len(path) == 1:
                yield each[path[0]]
            else:
                yield from _values(each[path[0]], path[1:])


@pytest.mark.parametrize("name", CALLS)
def test_the_envelope_is_the_one_that_the_page_names(printed: dict[str, Any], name: str) -> None:
    """Objects in an array, or one object."""
    one = re.search(r"prints one object: (.+)\.$", PAGE.read_text("utf-8"), re.MULTILINE)
    assert one is not None
    is_one = any(
        set(each.split()) <= set(name.split()) for each in re.findall("`([^`]+)`", one[1]) if "live" not in name
    )
    assert isinstance(printed[name], dict if is_one else list)
    assert printed[name]
    assert all(isinstance(each, dict) for each in printed[name] if not is_one)


def test_every_command_that_prints_json_has_a_call() -> None:
    """`demo` and `run` print none; a command with one of these options has a call here."""
    having = set()
    for name in COMMANDS:
        command = aggregator.get_command(None, name)  # type: ignore[arg-type]
        assert command is not None
        for called, each in _all(name, command):
            having |= {called for option in each.params if {"--json", "--jsonl", "--raw"} & set(option.opts)}
    assert having == {" ".join(re.split(r" -| \(", name)[0].split()) for name in CALLS}


def _all(name: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
    yield name, command
    if isinstance(command, click.Group):
        for inner, each in command.commands.items():
            yield from _all(f"{name} {inner}", each)

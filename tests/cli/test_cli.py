"""The commands that people call most: exit codes, what is printed, and, in a process of their own, signals."""

from __future__ import annotations

import csv
import io
import json
import os
import pty
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import click
import httpx
import pytest
from bs4 import BeautifulSoup

from aggregator.cli import COMMANDS, aggregator
from aggregator.demo import Press
from aggregator.output.formats import FORMATS
from tests import ROOT, commands
from tests.conftest import DEMO, NOW
from tests.hostile import Ran, run
from tests.rows import every_row
from tests.terminals import at_terminal
from tests.test_trip import feed
from tests.waiting import until

HOSTS = ("one.example", "two.example")
WIRE = """
name = "Test Wire"
url = "https://wire.example/"
publisher = "test-wire"
user_agent = "TestWire/1.0 (+https://wire.example/bot)"
robots_token = "TestWire"
complaints_url = "https://wire.example/complain"
complaints_email = "desk@wire.example"
[fetch]
per_domain_concurrency = 8
per_domain_seconds = 0
timeout_seconds = 5
allow_addresses = ["127.0.0.0/8"]
[poll]
every_minutes = 30
shortest_minutes = 0.01
"""
PUBLISHER = """
name = "{name}"
place = "Bamako"
country = "ML"
kind = "newspaper"
languages = ["en"]
homepage = "http://{host}/"
rights_profile = "quotation"
[[source]]
url = "{base}/{host}/feed"
every_minutes = {every}
"""
OWN = """
name = "Test Wire"
place = "Arusha"
country = "XA"
kind = "own"
languages = ["en"]
homepage = "https://wire.example/"
rights_profile = "own"
"""


def make_config(folder: Path) -> Path:
    """A configuration of a wire that has no publisher yet but itself; returns the folder."""
    (folder / "publishers" / "ml").mkdir(parents=True)
    (folder / "publishers" / "xa").mkdir()
    (folder / "wire.toml").write_text(WIRE)
    shutil.copy(ROOT / "config" / "rights.toml", folder)
    (folder / "publishers" / "xa" / "test-wire.toml").write_text(OWN)
    return folder


class Desk:
    """A folder with a configuration of two publishers of a press, and the command."""

    def __init__(self, folder: Path, press: Press) -> None:
        self.press = press
        self.config = make_config(folder / "config")
        self.database = folder / "data" / "wire.db"
        for host in HOSTS:
            self.add(host)

    def add(self, host: str, every: float = 30) -> None:
        self.press.set_document(host, "/feed", feed(f"{host}-1", f"{host}-2"))
        key = host.partition(".")[0]
        text = PUBLISHER.format(name=key.title(), host=host, base=self.press.url, every=every)
        (self.config / "publishers" / "ml" / f"{key}.toml").write_text(text)

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-W", "error", "-m", "aggregator", "--config", str(self.config), *arguments]

    def __call__(self, *arguments: str, code: int = 0) -> str:
        """Runs the command, in this process; its standard output, or with another code its standard error."""
        return self.said(run("--config", str(self.config), *arguments, folder=self.config), code)

    def said(self, ran: Ran, code: int) -> str:
        assert ran.code == code, ran.err + ran.out
        return ran.err if code else ran.out

    def rows(self, sql: str) -> list[tuple[object, ...]]:
        connection = sqlite3.connect(self.database)
        found = connection.execute(sql).fetchall()
        connection.close()
        return found


class Called(Desk):
    """As people call the command: each call is a process of its own."""

    def __call__(self, *arguments: str, code: int = 0) -> str:
        done = commands.run(self.command(*arguments), capture_output=True, text=True, timeout=60, cwd=self.config)
        return self.said(Ran(done.returncode, done.stdout, done.stderr), code)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with Press(now=NOW) as press:
        yield Desk(tmp_path, press)


@pytest.fixture
def called(tmp_path: Path) -> Iterator[Called]:
    with Press(now=NOW) as press:
        yield Called(tmp_path, press)


def test_help_is_there_and_lists_the_commands() -> None:
    done = subprocess.run([sys.executable, "-m", "aggregator", "--help"], capture_output=True, text=True, check=True)
    listed = re.findall(r"^  ([\w-]+) ", done.stdout.partition("Commands:")[2], re.MULTILINE)
    assert listed == sorted(COMMANDS) == list(COMMANDS)


@every_row("name", COMMANDS)
def test_a_command_is_listed_as_it_describes_itself(name: str) -> None:
    command = aggregator.get_command(click.Context(aggregator), name)
    assert command is not None
    assert command.name == name
    assert " ".join((command.help or "").partition("\n\n")[0].split()) == COMMANDS[name]


def test_help_imports_nothing_heavy() -> None:
    """What makes `--help` slow is imports, and those can be counted where time cannot."""
    code = "import sys, aggregator.cli; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert not loaded & {"httpx", "aiohttp", "feedparser", "sqlite_utils", "pydantic", "rich", "nh3", "apscheduler"}
    assert not loaded & {"pycountry", "publicsuffixlist", "aggregator.config", "aggregator.config.directory"}


def test_commands_that_only_read_load_nothing_that_fetches_or_waits() -> None:
    names = ("changes", "health", "latest", "query", "search", "show")
    code = f"import sys; {'; '.join(f'import aggregator.cli.{name}' for name in names)}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert not loaded & {"asyncio", "httpx", "aiohttp", "pydantic", "rich", "lxml", "pycountry", "sqlite_utils"}


def test_fetch_is_quiet_in_cron_and_fills_the_wire(called: Called) -> None:
    assert called("fetch") == ""
    assert called.rows("SELECT count(*), count(DISTINCT publisher) FROM wire") == [(4, 2)]
    assert called("fetch", "--json") == "[]\n"  # nothing is due


def test_fetch_takes_keys_of_publishers_and_of_sources(desk: Desk) -> None:
    polls = json.loads(desk("fetch", "one", "--json"))
    assert [(poll["source_name"], poll["outcome"], poll["new"]) for poll in polls] == [
        ("one/one-example-feed", "ok", 2)
    ]
    polls = json.loads(desk("fetch", "one/one-example-feed", "two", "--json"))
    assert sorted(poll["outcome"] for poll in polls) == ["not_modified", "ok"]
    assert len(json.loads(desk("fetch", "--all", "--json"))) == 2


def test_fetch_says_why_nothing_is_polled_for_a_key(desk: Desk) -> None:
    assert "no publisher 'nobody'; `aggregator publishers` lists them" in desk("fetch", "nobody", code=2)
    assert "no publisher 'tow'; did you mean \"two\"?" in desk("fetch", "tow", code=2)
    assert "One has no source 'one/feed'; what it has: one/one-example-feed" in desk("fetch", "one/feed", code=2)
    said = desk("fetch", "test-wire", code=2)
    assert "publishers/xa/test-wire.toml names no [[source]]" in said
    assert "`aggregator publish`" in said
    file = desk.config / "publishers" / "ml" / "one.toml"
    text = file.read_text() + 'enabled = false\nreason = "a guess"\n'
    file.write_text(f'{text}[[source]]\nurl = "http://one.example/b"\nkey = "b"\n  enabled=false # as long as\n')
    said = desk("fetch", "one", code=2)
    assert f"one/one-example-feed ({desk.press.url}/one.example/feed): a guess\n" in said
    assert "one/b (http://one.example/b): its file gives no reason\n" in said
    lines = [line.partition("one.toml:")[2] for line in said.splitlines() if "one.toml:" in line]
    assert [file.read_text().splitlines()[int(line) - 1] for line in lines] == [
        "enabled = false",
        "  enabled=false # as long as",
    ]
    assert "one-example-feed" not in desk("fetch", "one/b", code=2)
    assert "'one' is switched off" in desk("check", "--live", "one", code=2)
    assert desk.press.requests == ()


def test_fetch_of_a_paused_source_names_the_command_that_ends_the_pause(desk: Desk) -> None:
    desk.press.misbehave("one.example", "/feed", "status", status=410)
    desk("fetch", "one", code=1)
    assert "`aggregator resume one/one-example-feed` polls it again" in desk("fetch", "one", code=2)


def test_fetch_loads_what_its_pass_needs(desk: Desk) -> None:
    """What makes a pass slow in which little is new is imports too: the workers' and, where nothing is new, our own."""

    def imported(*arguments: str) -> Counter[str]:
        told = os.environ | {"PYTHONPROFILEIMPORTTIME": "1"}  # the workers say it as well
        command = desk.command(*arguments)
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=desk.config, env=told)
        return Counter(line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if "|" in line)

    first = imported("fetch")
    assert first["aggregator.parse"] >= 1
    assert {name: first[name] for name in ("httpx", "aiohttp", "aggregator.store", "aggregator.pipeline.pipeline")} == {
        "httpx": 1, "aiohttp": 1, "aggregator.store": 1, "aggregator.pipeline.pipeline": 1
    }  # fmt: skip
    assert desk.rows("SELECT count(*) FROM polls WHERE outcome = 'ok'") == [(2,)]
    again = imported("fetch", "--all")
    assert desk.rows("SELECT count(*) FROM polls WHERE outcome = 'not_modified'") == [(2,)]
    assert again["aggregator.pipeline.pipeline"] == 1
    assert not again.keys() & {"rich", "pygments", "pydantic", "feedparser", "bs4"}
    assert not again.keys() & {"aggregator.parse", "aggregator.pipeline.discovery", "aggregator.revisions.volatile"}


def test_a_failed_poll_is_named_and_is_exit_code_1(called: Called) -> None:
    called.press.misbehave("two.example", "/feed", "status", status=500)
    said = called("fetch", code=1)
    assert said == f"two/two-example-feed: the server answered 500 ({called.press.url}/two.example/feed)\n"
    assert called.rows("SELECT count(*) FROM wire") == [(2,)]


def test_a_terminal_sees_a_bar_and_a_summary(desk: Desk) -> None:
    code, seen = at_terminal(desk.command("fetch"))
    assert code == 0
    assert b"2/2" in seen
    assert b"2 sources fetched: 4 new, 0 changed (2 ok)" in seen


def test_latest_show_and_search_name_the_publisher_first(desk: Desk) -> None:
    desk("fetch")
    listed = desk("latest")
    assert listed.index("One (Bamako)") < listed.index("Report one.example-1")
    assert len(json.loads(desk("latest", "--json", "--publisher", "one"))) == 2
    assert len(json.loads(desk("latest", "--json", "--country", "ml", "--limit", "3"))) == 3
    assert json.loads(desk("latest", "--json", "--since", "2026-11-22")) == []
    assert json.loads(desk("latest", "--json", "--language", "fr")) == []
    assert json.loads(desk("latest", "--json", "--class", "opinion")) == []
    (found,) = json.loads(desk("search", "two.example-2", "--json"))
    shown = desk("show", found["id"])
    assert shown.startswith("Two (Bamako)\n")
    for must in ("Credit: Two (Bamako)", "Disclaimer: This report is the work of Two", found["url"], "Complaints:"):
        assert must in shown
    assert json.loads(desk("show", found["id"], "--raw"))["summary"]["value"] == "<p>Words of two.example-2.</p>"
    assert "1. new" in desk("show", found["id"], "--revisions")
    assert "no report with this id" in desk("show", "nosuchid", code=1)
    assert "neither a time ago" in desk("latest", "--since", "yesterday-ish", code=2)


def test_query_prints_a_table_csv_or_json_and_refuses_writing(desk: Desk) -> None:
    desk("fetch")
    sql = "SELECT publisher, count(*) AS reports FROM wire GROUP BY publisher"
    assert "publisher" in desk("query", sql)
    assert list(csv.reader(io.StringIO(desk("query", sql, "--csv")))) == [
        ["publisher", "reports"],
        ["one", "2"],
        ["two", "2"],
    ]
    assert json.loads(desk("query", sql, "--json"))[0] == {"publisher": "one", "reports": 2}
    assert "only reading is allowed" in desk("query", "DELETE FROM articles", code=1)
    assert "no such column" in desk("query", "SELECT x FROM wire", code=1)
    assert desk.rows("SELECT count(*) FROM articles") == [(4,)]


def test_publishers_and_health_are_tables_and_json(desk: Desk) -> None:
    desk.press.misbehave("two.example", "/feed", "close")
    desk("fetch", code=1)
    rows = {row["publisher"]: row for row in json.loads(desk("publishers", "--json"))}
    assert (rows["one"]["articles"], rows["two"]["articles"], rows["test-wire"]["polled"]) == (2, 0, 0)
    health = json.loads(desk("health", "--json"))
    assert [(row["source_name"], row["failures"], row["next_reason"]) for row in health] == [
        ("two/two-example-feed", 1, "backoff"),
        ("one/one-example-feed", 0, "override"),
    ]
    assert "two/two-example-feed" in desk("health")
    assert "excerpt" in desk("publishers")


def test_check_says_fine_or_names_every_fault(desk: Desk) -> None:
    assert "3 publishers, 2 sources" in desk("check")
    (desk.config / "publishers" / "ml" / "one.toml").write_text("name = ")
    with (desk.config / "wire.toml").open("a") as file:
        file.write("\n[fetches]\n")
    said = desk("check", code=1)
    assert "one.toml" in said
    assert "wire.toml" in said
    assert "fetches" in said
    assert "one.toml" in desk("fetch", code=1)  # and nothing is polled with half a configuration
    assert desk.press.requests == ()


def test_check_warns_and_is_fine_all_the_same(desk: Desk) -> None:
    assert "warning" not in desk("check")
    assert json.loads(desk("check", "--json"))["warnings"] == []
    text = (desk.config / "publishers" / "ml" / "one.toml").read_text().replace('"quotation"', '"public-body"')
    (desk.config / "publishers" / "ml" / "one.toml").write_text(text)
    line = "publishers/ml/one.toml: rights.terms_checked is missing: write the date on which you read"
    assert f"warning: {line}" in desk("check")
    [warning] = json.loads(desk("check", "--json"))["warnings"]
    assert warning.startswith(line)
    for number in range(6):  # five hundred lines are read by nobody
        more = text.replace("one.example/feed", f"n{number}.example/feed")
        (desk.config / "publishers" / "ml" / f"n{number}.toml").write_text(more)
    said = desk("check")
    assert said.count("warning: ") == 1
    assert "warning: 7 files: rights.terms_checked is missing" in said
    assert len(json.loads(desk("check", "--json"))["warnings"]) == 7


def test_check_says_that_pycld2_is_missing(desk: Desk) -> None:
    """It has no wheel for Python 3.14: what it alone knows of languages comes from the configuration there."""
    assert "note: pycld2" not in desk("check")
    assert json.loads(desk("check", "--json"))["language_libraries"] == ["pycld2", "py3langid"]
    without = (
        "import sys; sys.modules['pycld2'] = None; from aggregator.cli import main\n"
        "for form in ((), ('--json',)):\n"
        "  try: main((*sys.argv[1:], 'check', *form))\n"
        "  except SystemExit as end: assert not end.code"
    )
    command = [sys.executable, "-W", "error", "-c", without, "--config", str(desk.config)]
    *printed, said = subprocess.check_output(command, text=True).splitlines()
    assert "note: pycld2 is not installed, as on Python 3.14: py3langid alone" in "\n".join(printed)
    assert json.loads(said)["language_libraries"] == ["py3langid"]


def test_check_says_when_reports_are_to_be_tagged_anew(desk: Desk) -> None:
    assert json.loads(desk("check", "--json"))["to_retag"] is None  # there is no database yet
    desk("fetch", "--all")
    assert json.loads(desk("check", "--json"))["to_retag"] == 0
    assert "retag" not in desk("check")
    file = desk.config / "publishers" / "ml" / "one.toml"
    file.write_text(f"{file.read_text()}\n[tags]\ntopics = false\n")
    assert json.loads(desk("check", "--json"))["to_retag"] == 2
    said = "note: 2 reports have tags that other tables or settings made than those of now; `aggregator retag`"
    assert said in desk("check")
    assert "2 reports looked at" in desk("retag")
    assert json.loads(desk("check", "--json"))["to_retag"] == 0


def test_publishers_are_listed_before_there_is_a_database(desk: Desk, tmp_path: Path) -> None:
    rows = json.loads(desk("publishers", "--country", "ml", "--group", "news_organization", "--json"))
    assert [(row["publisher"], row["profile"], row["polled"], row["articles"]) for row in rows] == [
        ("one", "quotation", 1, 0),
        ("two", "quotation", 1, 0),
    ]
    assert json.loads(desk("publishers", "--kind", "own", "--json"))[0]["newest"] is None
    assert "those in use: own, quotation" in desk("publishers", "--rights", "agreement", code=2)
    assert not desk.database.exists()
    desk("publishers", "--language", "en", "--opml", str(tmp_path / "wire.opml"))
    text = (tmp_path / "wire.opml").read_text()
    assert text.count("<outline type=") == 2
    assert '<outline text="Mali">' in text
    assert "| Mali | ML | 2 | 0 | 0 | 2 |" in desk("publishers", "--markdown", "-")


def test_what_is_switched_off_is_listed_with_its_reason(desk: Desk) -> None:
    desk("fetch")
    assert "switched off" not in desk("health")
    assert json.loads(desk("publishers", "--off", "--json")) == []
    with (desk.config / "publishers" / "ml" / "one.toml").open("a") as file:
        file.write('enabled = false\nreason = "a guess"\n[[source]]\nurl = "http://one.example/b"\nkey = "b"\n')
    said = desk("health")
    assert said.endswith("1 source is switched off; `aggregator publishers --off` lists them with the reasons\n")
    listed = desk("publishers", "--off")
    assert re.search(r"one/one-example-feed +http://127.*/one.example/feed +a guess", listed)
    assert "two" not in listed
    assert "one/b" not in listed
    (row,) = json.loads(desk("publishers", "--off", "--json"))
    url = f"{desk.press.url}/one.example/feed"
    assert (row["publisher"], row["polled"]) == ("one", 1)
    assert row["sources"] == [
        {"key": "one-example-feed", "url": url, "kind": "feed", "enabled": False, "reason": "a guess"},
        {"key": "b", "url": "http://one.example/b", "kind": "feed", "enabled": True, "reason": None},
    ]
    assert json.loads(desk("publishers", "--off", "--country", "KE", "--json")) == []
    (desk.config / "wire.toml").write_text("name = ")
    health = run("--config", str(desk.config), "health", "--all")  # which is told whatever befell the configuration
    assert (health.code, "two/two-example-feed" in health.out, "wire.toml: line 1" in health.err) == (1, True, True)


def test_a_missing_database_and_a_missing_folder_say_what_to_do(desk: Desk, tmp_path: Path) -> None:
    assert "aggregator fetch" in desk("latest", code=1)
    desk.config = tmp_path / "nowhere"
    done = commands.run(desk.command("fetch"), capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 1
    assert "--config" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_unwritable_database_is_explained(called: Called, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert "choose another place with --db" in called("--db", str(tmp_path / "file" / "wire.db"), "fetch", code=1)
    (tmp_path / "corrupt.db").write_bytes(b"nonsense" * 1000)
    assert "this is no SQLite database" in called("--db", str(tmp_path / "corrupt.db"), "fetch", code=1)


def test_usage_is_exit_code_2(called: Called) -> None:
    assert "No such command" in called("fly", code=2)
    assert "No such option" in called("latest", "--fast", code=2)


@pytest.fixture
def daemon(desk: Desk) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts daemons, and ends those that a test left."""
    started: list[subprocess.Popen[str]] = []

    def start() -> subprocess.Popen[str]:
        process = commands.Popen(desk.command("run"), stderr=subprocess.PIPE, text=True, cwd=desk.config)
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def stored(desk: Desk, sql: str) -> object:
    try:
        return desk.rows(sql)[0][0]
    except sqlite3.OperationalError:  # the daemon has not made its tables yet
        return 0


def test_the_daemon_polls_stops_on_sigterm_and_finishes_what_is_in_flight(
    desk: Desk, daemon: Callable[[], subprocess.Popen[str]]
) -> None:
    desk.press.misbehave("two.example", "/feed", "slow", seconds=1.5)
    process = daemon()
    feeds = lambda: [seen for seen in desk.press.requests if seen.path == "/feed"]  # noqa: E731
    until(lambda: len(feeds()) == 2 and stored(desk, "SELECT count(*) FROM polls") == 1)
    process.send_signal(signal.SIGTERM)
    _, log = process.communicate(timeout=20)
    assert process.returncode == 0, log
    assert desk.rows("SELECT outcome, new FROM polls ORDER BY poll_id") == [("ok", 2), ("ok", 2)]
    assert desk.rows("PRAGMA integrity_check") == [("ok",)]
    assert re.search(r"source=one/one-example-feed outcome=ok http_status=200 new=2 .* reason=override", log)
    assert "Traceback" not in log


def test_sighup_reads_the_configuration_anew_and_keeps_the_old_one_if_faulty(
    desk: Desk, daemon: Callable[[], subprocess.Popen[str]]
) -> None:
    process = daemon()
    until(lambda: stored(desk, "SELECT count(*) FROM polls") == 2)
    desk.add("three.example")
    process.send_signal(signal.SIGHUP)
    until(lambda: stored(desk, "SELECT count(*) FROM polls") == 3)
    (desk.config / "publishers" / "ml" / "three.toml").write_text("nonsense")
    desk.add("four.example")
    process.send_signal(signal.SIGHUP)
    assert process.stderr is not None
    said = ""
    while "three.toml" not in said:
        line = process.stderr.readline()
        assert line, "the daemon ended"
        said += line
    assert process.poll() is None
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=20)
    assert process.returncode == 0
    assert stored(desk, "SELECT count(*) FROM sources WHERE enabled") == 3


def test_two_daemons_on_one_database_refuse_each_other(desk: Desk, daemon: Callable[[], subprocess.Popen[str]]) -> None:
    process = daemon()
    until(lambda: stored(desk, "SELECT count(*) FROM polls") == 2)
    assert f"another daemon, process {process.pid}" in desk("run", code=1)
    assert "[]" in desk("fetch", "--json")  # but a person may fetch beside it


@pytest.mark.long
def test_the_daemon_polls_again_when_a_source_is_due(desk: Desk, daemon: Callable[[], subprocess.Popen[str]]) -> None:
    desk.add("one.example", every=0.02)
    log = daemon().stderr
    assert log is not None
    while "outcome=not_modified" not in (line := log.readline()):
        assert line, "the daemon ended"
    assert stored(desk, "SELECT count(*) FROM polls WHERE outcome = 'not_modified'") == 1


def test_a_port_in_use_is_said(tmp_path: Path) -> None:
    with Press(now=NOW) as press:
        port = str(press.address[1])
        command = [*commands.COMMAND, "demo", "--port", port, "--into", str(tmp_path / "demo.db")]
        done = commands.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert f"port {port}" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_demo_shows_a_wire(tmp_path: Path) -> None:
    database = tmp_path / "demo.db"
    command = [*commands.COMMAND, "demo", "--into", str(database)]
    done = commands.run(command, capture_output=True, text=True, timeout=180)
    assert done.returncode == 0, done.stderr
    for must in ("60 new, ", "The Kumasi Nettle", "corrected", "ክትባት", "Disclaimer:", "SELECT publisher_name"):
        assert must in done.stdout
    heard = done.stdout.partition("What a subscriber received")[2].partition("The wire now")[0]
    assert re.search(r": (\d+) lines up to number \1 \(77 new, 18 revised, 5 corrected, 3 withdrawn", heard)
    assert len(re.findall(r"  corrected  .*\w", heard)) == 5, "one of them said so on its page alone"
    assert sorted(re.findall(r"  withdrawn  ([^:]+): take \w{16} down", heard)) == [  # in the order of their answers
        "Palmyra Releases", "The Hand Pump Network", "The Lakeshore Lantern"
    ]  # fmt: skip
    exported = tmp_path / "demo-export"
    assert_one_report_is_shown_whole(done.stdout)
    written = {each.name for each in exported.iterdir()}
    assert written == {*(f"reports.{form.suffix}" for form in FORMATS.values()), "site"}
    reports = len((exported / "reports.jsonl").read_text().splitlines())
    assert done.stderr.count(f"{reports} reports written to ") == len(FORMATS) + 1
    served = re.findall(r"^ {2}(http://127.0.0.1:\d+/\S+)\n {4}200 (\S+), ([1-9]\d*) .*$", done.stdout, re.MULTILINE)
    assert [urlsplit(url).path for url, _, _ in served][:3] == [
        f"/feeds/latest.{each}" for each in ("atom", "rss", "json")
    ]
    assert {"/api/reports", "/api/openapi.json"} <= {urlsplit(url).path for url, _, _ in served}
    front = r"^ {2}http://127.0.0.1:\d+/\n {4}200 text/html, “Tamarind Wire”, [1-9]\d* reports, [\d,]+ bytes; "
    assert len(re.findall(front, done.stdout, re.MULTILINE)) == 1
    assert "Ctrl-C" not in done.stdout
    assert done.stdout.count("asked again with its ETag: 304") == len(served)
    again = commands.run(command, capture_output=True, text=True, timeout=60)
    assert again.returncode == 1
    assert "there already" in again.stderr
    assert_served_in_a_terminal_until_ctrl_c(database)


def assert_one_report_is_shown_whole(out: str) -> None:
    """With the parts of the page that we imitate, in their order, in the terminal and on the static site."""
    shown = out.partition("One report: ")[2].partition("A correction that arrived")[0]
    in_order = (
        "The Kumasi Nettle (Kumasi)\n",
        "Ghana: Traders march with candles",
        " UTC · By Kwabena Ofosu-Tweneboah",
        "  Picture: Yaw Ampomah-Sarkodie/The Kumasi Nettle.",
        "  Traders leave Suame market at noon, each with a lit candle.\n",
        "  KUMASI - About two thousand traders",
        "Dateline: KUMASI\n",
        "Original: http://kumasi-nettle.example/power/traders-march-with-candles\n",
        "Copyright: © The Kumasi Nettle. Distributed by Tamarind Wire.\n",
        "Topic: energy and resource (20000256): “Electricity” (category, ",
        "About: Ghana (GH): “KUMASI” (dateline)",
    )
    assert all(part in shown for part in in_order), shown
    assert [shown.index(part) for part in in_order] == sorted(shown.index(part) for part in in_order)
    page = BeautifulSoup(Path(re.search(r"a browser: (\S+)", out)[1]).read_text(), "html.parser")  # type: ignore[index]
    words = " ".join(page.get_text(" ").split())
    in_order = (
        "Ghana : Traders march with candles",
        "The Kumasi Nettle (Kumasi)",
        "By Kwabena Ofosu-Tweneboah",
        "Picture: Yaw Ampomah-Sarkodie/The Kumasi Nettle.",
        "Traders leave Suame market at noon",
        "KUMASI - About two thousand traders",
        "Ghana economy, business and finance energy and resource",
        "The original at",
        "Distributed by Tamarind Wire.",
        "corrections@kumasi-nettle.example Subjects",
        "Tamarind Wire carries reports from many publishers.",
    )
    assert all(part in words for part in in_order), words
    behind = words.index("About Ghana :")
    assert [words.index(part, behind) for part in in_order] == sorted(words.index(part, behind) for part in in_order)


def assert_served_in_a_terminal_until_ctrl_c(database: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from aggregator.cli.demo_served import show_served;"
        " from aggregator.pipeline.paths import Paths; show_served(Paths(Path(sys.argv[1]), Path(sys.argv[2])))"
    )
    ours, theirs = pty.openpty()
    command = [sys.executable, "-c", code, str(DEMO / "config"), str(database)]
    with closing(os.fdopen(ours, "rb", buffering=0)) as terminal:
        process = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs)
        os.close(theirs)
        said = b""
        while b"Ctrl-C" not in said:
            said += terminal.read(10_000)
        assert process.poll() is None
        front = re.search(rb"The front page is at (\S+);", said)
        assert front is not None
        page = httpx.get(front[1].decode(), timeout=60, verify=False)
        assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0

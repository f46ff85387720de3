"""The commands that choose reports: by the same options, by arrival with a cursor of a name, in pages, as tables; and
the times that all commands tell people, in the wire's time zone.
"""

from __future__ import annotations

import csv
import io
import json
import os
import re
import shutil
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from aggregator.desk import acts, complaints
from aggregator.desk.terms import sync
from aggregator.model import Cause, Complaint, Text
from aggregator.pipeline.recording import record as record_polls
from aggregator.store import Store
from tests import ROOT, commands
from tests.cli.test_printable import OWN
from tests.cli.test_printable import WIRE as WIRE_FILE
from tests.conftest import NOW, SOAK, WIRE, make_articles, make_entry, make_poll, make_publisher, record, some
from tests.hostile import Ran, run
from tests.rows import every_row

HOUR = timedelta(hours=1)
ONE = make_publisher("one", name="Le Jour")
TWO = make_publisher("two", name="Habari", country="KE", kind="ngo", languages=("sw", "en"))
THREE = make_publisher("three", name="Le Fleuve", country="SN", kind="government")
PUBLISHERS = (ONE, TWO, THREE)
CAUSE = Cause(actor="person:ama", reason="a test")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wire of three publishers, in Nairobi's time."""
    folder = tmp_path_factory.mktemp("selecting")
    (folder / "config" / "publishers" / "xa").mkdir(parents=True)
    (folder / "config" / "wire.toml").write_text(f'{WIRE_FILE}\ntimezone = "Africa/Nairobi"\n')
    (folder / "config" / "publishers" / "xa" / "test-wire.toml").write_text(OWN)
    shutil.copy(ROOT / "config" / "rights.toml", folder / "config")
    with Store.open(folder / "data" / "wire.db") as store:
        sync(store, WIRE, PUBLISHERS, NOW, NOW.date())
        for hour, publisher in enumerate(PUBLISHERS):
            record(store, publisher, *(entry(n, "Crue") for n in range(1, 11)), now=NOW + hour * HOUR)
    return folder


@pytest.fixture
def wire(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "wire"))


@pytest.fixture
def store(wire: Path) -> Iterator[Store]:
    with Store.open(wire / "data" / "wire.db") as opened:
        yield opened


def entry(number: int, word: str, published: datetime | None = None, **fields: object):  # type: ignore[no-untyped-def]
    when = None if published is None else format_datetime(published)
    title = Text(f"{word} {number}", "text/plain")
    return make_entry(number, title=title, published=when, summary=Text(f"<p>{word}.</p>"), content=(), **fields)


def call(wire: Path, *arguments: str, code: int = 0) -> Ran:
    # It stands where the configuration is, and is not given it: the publishers' terms are in the database alone.
    ran = run("--db", str(wire / "data" / "wire.db"), *arguments, folder=wire)
    assert ran.code == code, ran
    return ran


def ids(wire: Path, *arguments: str) -> list[str]:
    lines = call(wire, *arguments, "--jsonl", "--columns", "id").out.splitlines()
    return [json.loads(line)["id"] for line in lines]


def titles(wire: Path, *arguments: str) -> list[str]:
    lines = call(wire, *arguments, "--jsonl", "--columns", "title").out.splitlines()
    return [json.loads(line)["title"] for line in lines]


# By arrival


def test_a_job_with_a_cursor_hears_of_what_arrives_late_and_of_nothing_twice(wire: Path, store: Store) -> None:
    """F21: what is dated seven hours ago and arrives now."""
    jobs = (("search", "Choléra", "--cursor", "alerts"), ("latest", "--country", "Mali", "--cursor", "mali"))
    assert titles(wire, *jobs[0]) == []
    assert len(titles(wire, *jobs[1])) == 10  # the first call begins with the first report
    now = NOW + 9 * HOUR
    record(store, ONE, entry(11, "Choléra", now - 7 * HOUR), entry(12, "Grève", now - 8 * HOUR), now=now)
    assert titles(wire, "search", "Choléra", "--since", "2026-11-22T18:00Z") == []
    assert titles(wire, *jobs[0]) == ["Choléra 11"]
    assert titles(wire, *jobs[1]) == ["Choléra 11", "Grève 12"]
    for job in jobs:
        assert titles(wire, *job) == []
    record(store, ONE, entry(11, "Choléra encore", now - 7 * HOUR), now=now + HOUR)
    assert titles(wire, *jobs[0]) == []  # a new version is no new report: `changes` lists it
    (end,) = [line["cursor"] for line in store.changes()][-1:]
    assert f"read up to {end}; give it to --after" in call(wire, "latest", "--after", end).err
    record(store, THREE, entry(11, "Choléra", now - 90 * HOUR), now=now + 2 * HOUR)
    assert titles(wire, "search", "Choléra", "--after", end) == ["Choléra 11"]
    assert titles(wire, "latest", "--after", end) == ["Choléra 11"]  # days old, so that `latest` alone has it not
    assert len(titles(wire, "latest", "--after", "0")) == len(titles(wire, "latest")) + 1 == 33


def test_what_no_search_finds_yet_is_found_by_the_next_call(wire: Path, store: Store) -> None:
    job = ("search", "Crue", "--cursor", "alerts")
    assert len(titles(wire, *job)) == 30
    for number, hour in ((21, 5), (22, 6)):
        poll = make_poll(ONE.sources[0], NOW + hour * HOUR)
        record_polls(store, [(poll, make_articles(ONE, entry(number, "Crue")))], NOW + hour * HOUR)
        if number == 21:
            assert titles(wire, *job) == []
            assert titles(wire, "latest", "--cursor", "another") != []
            while store.index():
                pass
    assert titles(wire, *job) == ["Crue 21"]
    while store.index():
        pass
    assert titles(wire, *job) == ["Crue 22"]


def test_what_comes_into_the_wire_later_arrives_then(wire: Path, store: Store) -> None:
    job = ("latest", "--cursor", "all")
    first = ids(wire, *job)[0]
    acts.embargo(store, first, NOW + 9 * HOUR, CAUSE, NOW + 4 * HOUR)
    record(store, TWO, entry(30, "Under embargo until 2026-11-22T20:00:00Z: kura"), now=NOW + 5 * HOUR)
    assert ids(wire, *job) == []
    acts.restore(store, first, CAUSE, NOW + 6 * HOUR)
    assert ids(wire, *job) == [first]
    acts.withhold(store, first, CAUSE, NOW + 7 * HOUR)
    assert ids(wire, *job) == []


def test_a_cursor_of_a_backup_goes_on_where_it_was_then(wire: Path, store: Store) -> None:
    """The name stands in the database, so what is lost with its lines is listed again when it comes again."""
    job = ("latest", "--cursor", "all")
    assert len(titles(wire, *job)) == 30
    backup = wire / "backup.db"
    with closing(sqlite3.connect(store.path)) as source, closing(sqlite3.connect(backup)) as copy:
        source.backup(copy)
    record(store, ONE, entry(11, "Choléra"), now=NOW + 9 * HOUR)
    assert titles(wire, *job) == ["Choléra 11"]
    store.close()  # a backup takes the place of no database that a program has open
    call(wire, "backup", "load", str(backup))
    assert titles(wire, *job) == []
    with Store.open(store.path) as restored:
        record(restored, ONE, entry(12, "Grève"), entry(11, "Choléra"), now=NOW + 10 * HOUR)
    assert sorted(titles(wire, *job)) == ["Choléra 11", "Grève 12"]
    assert titles(wire, *job) == []


def test_two_runs_beside_each_other_do_not_print_the_same(wire: Path, store: Store) -> None:
    assert store.claim_cursor("all", datetime.now(NOW.tzinfo))
    for command in (("latest",), ("changes",), ("search", "Crue")):
        ran = call(wire, *command, "--cursor", "all", code=1)
        assert "another command reads by it just now" in ran.err
        assert ran.out == ""
    assert len(ids(wire, "latest", "--cursor", "other")) == 30
    store.give_cursor_back("all")
    assert len(ids(wire, "latest", "--cursor", "all")) == 30


@pytest.mark.parametrize("words", [("latest",), ("latest", "--excel"), ("search", "Crue", "--json"), ("changes",)])
def test_a_cursor_stays_where_it_is_when_nothing_can_be_written(wire: Path, words: tuple[str, ...]) -> None:
    command = [*commands.COMMAND, "--config", str(wire / "config"), *words, "--cursor", "all"]
    with open("/dev/full", "w") as full:
        done = commands.run(command, stdout=full, stderr=-1, text=True)
    assert (done.returncode, "cannot be written" in done.stderr) == (1, True)
    assert len(call(wire, *words, "--cursor", "all").out.splitlines()) >= 30
    assert not re.search("Crue", call(wire, *words, "--cursor", "all").out)


def test_changes_go_on_by_a_cursor_of_a_name(wire: Path, store: Store) -> None:
    job = ("changes", "--cursor", "mirror", "--country", "Kenya", "--json")
    assert len(call(wire, *job).out.splitlines()) == 10
    record(store, ONE, entry(11, "Choléra"), now=NOW + 5 * HOUR)
    assert call(wire, *job, "--exit-code", code=1).out == ""
    record(store, TWO, entry(11, "Kura"), now=NOW + 6 * HOUR)
    first = ids(wire, "latest", "--publisher", "two", "--limit", "1")[0]
    acts.withdraw(store, first, CAUSE, NOW + 7 * HOUR)
    kinds = [json.loads(line)["change_kind"] for line in call(wire, *job, "--limit", "1").out.splitlines()]
    kinds += [json.loads(line)["change_kind"] for line in call(wire, *job).out.splitlines()]
    assert kinds == ["new", "withdrawn"]
    # A new name may begin at a time; a known one goes on where it is.
    late = ("changes", "--cursor", "late", "--since", "2026-11-22T15:30Z", "--json")
    assert len(call(wire, *late).out.splitlines()) == 2
    assert call(wire, *late).out == ""


def test_changes_are_chosen_as_reports_are(wire: Path) -> None:
    def publishers(*words: str) -> set[str]:
        return {json.loads(line)["publisher"] for line in call(wire, "changes", "--json", *words).out.splitlines()}

    assert publishers("--kind", "ngo", "--kind", "government") == {"two", "three"}
    assert publishers("--group", "institution", "--country", "SN") == {"three"}
    assert publishers("--language", "French") == {"one", "three"}
    assert publishers("--publisher", "Habari", "--publisher", "le jour") == {"one", "two"}
    assert publishers("--class", "news", "--language", "sw") == {"two"}
    assert publishers("--class", "opinion") == set()
    # By the time of the line: 13:00, 14:00 and 15:00 in Nairobi
    assert publishers("--since", "2026-11-22 14:00") == {"two", "three"}
    assert publishers("--until", "2026-11-22 14:00") == {"one"}
    assert publishers("--since", "2026-11-22 13:30", "--until", "2026-11-22 14:30") == {"two"}
    assert publishers("--on", "2026-11-22") == {"one", "two", "three"}
    assert publishers("--on", "2026-11-21") == publishers("--until", "2026-11-21") == set()


def test_a_day_is_one_of_the_wires_time_zone(wire: Path, store: Store) -> None:
    late = datetime(2026, 11, 22, 21, 30, tzinfo=NOW.tzinfo)  # 00:30 of the 23rd in Nairobi
    record(store, ONE, entry(40, "Nuit", late), now=late)
    assert titles(wire, "latest", "--on", "2026-11-23") == ["Nuit 40"]
    assert titles(wire, "latest", "--since", "23 Nov 2026") == ["Nuit 40"]
    assert len(titles(wire, "latest", "--until", "2026-11-22")) == 30
    assert titles(wire, "latest", "--since", "2026-11-23 00:30") == ["Nuit 40"]
    assert titles(wire, "latest", "--since", "2026-11-23T00:31") == []
    assert titles(wire, "latest", "--since", "2026-11-22T21:30Z") == ["Nuit 40"]


# Pages, counts and tables

SELECTIONS = [
    ("--kind", "ngo", "--kind", "newspaper", "--limit", "7"),
    (),
    ("--country", "Mali", "--country", "KE"),
    ("--group", "institution"),
    ("--language", "fr", "--class", "news"),
    ("--publisher", "Habari"),
    ("--class", "opinion"),
    ("--until", "2026-11-22 14:30"),
]


# Each selection with each command; in `make test` some with one of them.
COUNTED = [(command, words) for words in SELECTIONS for command in (("latest",), ("search", "Crue"))]


@pytest.mark.soak
@every_row(("command", "words"), some(COUNTED, 6))
def test_an_export_has_as_many_rows_as_are_counted(
    made: Path, command: tuple[str, ...], words: tuple[str, ...]
) -> None:
    count = int(call(made, *command, *words, "--count").out)
    expected = min(count, 7) if "--limit" in words else count
    assert len(ids(made, *command, *words)) == expected
    assert json.loads(call(made, *command, *words, "--count", "--json").out) == {"count": count}
    for form in ("--csv", "--excel"):
        rows = list(csv.DictReader(io.StringIO(call(made, *command, *words, form).out.removeprefix("\ufeff"))))
        assert len(rows) == expected
    limit = () if "--limit" in words else ("--limit", "0")
    assert len(json.loads(call(made, *command, *words, *limit, "--json").out)) == expected
    assert call(made, *command, *words, "--exit-code", code=0 if count else 1).out.count("Crue") == min(expected, 20)


@every_row("command", [("latest",), ("search", "Crue"), ("changes",), ("export", "csv"), ("export", "rss")])
def test_a_limit_beyond_every_number_of_the_database_is_refused(made: Path, command: tuple[str, ...]) -> None:
    assert call(made, *command, "--limit", str(2**63 - 1)).out
    assert "--limit" in call(made, *command, "--limit", str(2**63), code=2).err


PAGED = [
    (command, words)
    for words in ((), ("--country", "ML", "--country", "KE"), ("--language", "fr"))
    for command in (("latest",), ("search", "Crue"))
]


@pytest.mark.soak
@pytest.mark.parametrize(("command", "words"), PAGED if SOAK else [PAGED[0], PAGED[3]])
def test_pages_are_one_list_also_while_new_reports_come(
    wire: Path, store: Store, command: tuple[str, ...], words: tuple[str, ...]
) -> None:
    everything = ids(wire, *command, *words)
    page = ids(wire, *command, *words, "--limit", "4")
    read = list(page)
    for number in range(50, 70):
        if not page:
            break
        record(store, ONE, entry(number, "Crue"), now=NOW + number * HOUR)
        page = ids(wire, *command, *words, "--limit", "4", "--before", read[-1])
        read += page
    assert read == everything


@pytest.mark.parametrize("command", [("latest",), ("search", "Crue")])
def test_of_a_first_document_the_newest_stands_first(made: Path, command: tuple[str, ...]) -> None:
    """F15: its entries have no dates, and are stored in one moment."""
    assert titles(made, *command, "--publisher", "one") == [f"Crue {n}" for n in range(1, 11)]


@pytest.mark.parametrize("command", [("latest",), ("search", "Crue")])
def test_a_list_that_ends_says_so_also_in_a_pipe(made: Path, command: tuple[str, ...]) -> None:
    for form in ((), ("--json",)):
        ran = call(made, *command, *form)
        assert ran.err.startswith("20 of 30 reports; --before ")
        assert "of 30" not in ran.out
    assert call(made, *command, "--limit", "5").err == ""  # who asks for five in a script has five
    assert call(made, *command, "--limit", "0").err == ""
    assert call(made, *command, "--limit", "0").out.count("Crue") == 30


def test_a_table_is_safe_in_a_spreadsheet(wire: Path, store: Store) -> None:
    title = '=HYPERLINK("http://x.example";"Élections; \u202eجدا")'
    record(store, ONE, entry(60, title), now=NOW + 5 * HOUR)
    words = ("latest", "--limit", "1", "--columns", "title,sort_time,channels,url")
    plain = call(wire, *words, "--csv").out
    assert plain.splitlines()[0] == "title,sort_time,channels,url"
    (row,) = csv.DictReader(io.StringIO(plain))
    assert row["title"].startswith("'=HYPERLINK(")
    assert "\u202e" not in plain
    assert row["sort_time"] == "2026-11-22T15:00:00Z"
    assert row["channels"] == "web feed api email"
    for separator, more in ((",", ()), (";", ("--semicolon",))):
        excel = call(wire, *words, "--excel", *more).out
        assert excel.startswith(f"\ufefftitle{separator}sort_time")
        assert excel.endswith("\r\n")
        (cells,) = csv.DictReader(io.StringIO(excel.removeprefix("\ufeff"), newline=""), delimiter=separator)
        assert cells == row
    (line,) = call(wire, *words, "--jsonl").out.splitlines()
    assert list(json.loads(line)) == ["title", "sort_time", "channels", "url"]
    assert json.loads(line)["title"].startswith("=HYPERLINK(")


def test_exit_codes_are_those_of_grep(made: Path) -> None:
    assert call(made, "search", "nobody").code == 0
    call(made, "search", "nobody", "--exit-code", code=1)
    call(made, "search", "Crue", "--exit-code", "--count")
    call(made, "search", "nobody", "--exit-code", "--count", code=1)
    call(made, "search", "Crue", "--exit-code", "--after", "1-00000000", code=2)
    call(made, "search", "Crue", "--after", "1-00000000", code=1)
    ran = run("--config", str(made / "config"), "--db", str(made / "no.db"), "search", "Crue", "--exit-code")
    assert ran.code == 2


# Times

LOGGING = """
import logging
from pathlib import Path
from aggregator.cli import printing
from aggregator.pipeline.paths import Paths
printing.set_up_log(logging.INFO, Paths(Path("config"), None).timezone)
logging.getLogger("a").warning("until %s next=%s", "2026-11-22T10:00:00Z", "2026-11-22T10:00:00Z")
"""
IN_UTC = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(,\d+)?)?(?! EAT|\d|:\d\d EAT)")


def test_every_time_that_people_are_told_is_in_the_time_zone_of_the_wire(wire: Path, store: Store) -> None:
    first, second, third, fourth = ids(wire, "latest", "--limit", "4")
    record(store, THREE, entry(1, "Crue nouvelle"), now=NOW + 3 * HOUR)
    acts.withhold(store, second, CAUSE, NOW + 4 * HOUR)
    acts.embargo(store, third, datetime(2999, 1, 1, tzinfo=NOW.tzinfo), CAUSE, NOW + 4 * HOUR)
    number, *_ = complaints.complain(store, first, Complaint(kind="factual", text="No."), CAUSE, NOW + 5 * HOUR)
    complaints.resolve(store, number, "It is right.", NOW + 6 * HOUR)
    with closing(sqlite3.connect(store.path)) as connection, connection:
        connection.execute(
            "INSERT INTO merges (article_id, publisher, source_id, article_key, matched_by, evidence, revision, at)"
            " SELECT article_id, publisher, source_id, 'key', 'url', 'one address', 1, '2026-11-22T10:00:00Z'"
            " FROM articles LIMIT 1"
        )
    told = {
        ("latest",): "2026-11-22 15:00 EAT",
        ("search", "Crue"): "2026-11-22 15:00 EAT",
        ("show", first): "received 2026-11-22 15:00 EAT",
        ("show", first, "--revisions"): "new, 2026-11-22 15:00 EAT",
        ("show", second): "Since: 2026-11-22 17:00 EAT",
        ("show", second, "--desk"): "Desk: 2026-11-22 17:00 EAT withhold",
        ("show", third, "--desk"): "until 2999-01-01 03:00 EAT",
        ("changes",): "2026-11-22 13:00 EAT",
        ("merges",): "2026-11-22 13:00 EAT",
        ("complaint", "list", "--all"): "resolved 2026-11-22 19:00 EAT",
        ("publishers",): "polled",
        ("embargo", first, "2999-06-01 06:00"): "2999-06-01 06:00 EAT",
        ("withhold", fourth, "--reason", "x"): "withheld",
        ("health",): "counted at",
    }
    for words, said in told.items():
        ran = run("--config", str(wire / "config"), *words)
        assert said in ran.out, (words, ran)
        assert not IN_UTC.search(ran.out + ran.err), (words, IN_UTC.search(ran.out + ran.err), ran)
    for line in ("latest --json", "changes --json", f"show {first} --revisions --json", "latest --csv"):
        assert "EAT" not in run("--config", str(wire / "config"), *line.split()).out


def test_an_error_and_the_log_tell_times_so_too(wire: Path, store: Store) -> None:
    first = ids(wire, "latest", "--limit", "1")[0]
    past = call(wire, "embargo", first, "2026-11-01 10:00", code=1).err
    assert "an embargo until 2026-11-01 10:00 EAT would be over already; it is " in past
    assert not IN_UTC.search(past)
    quoted = call(wire, "embargo", first, "2026-11-01T10:00:00Zzz", code=1).err
    assert '"2026-11-01T10:00:00Zzz"' in quoted
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TZ": "America/Lima"}
    command = [sys.executable, "-c", LOGGING]
    done = commands.run(command, cwd=wire, env=environment, capture_output=True, text=True)
    assert re.fullmatch(
        r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d EAT WARNING a until 2026-11-22 13:00 EAT next=2026-11-22T10:00:00Z\n",
        done.stderr,
    )


def test_without_a_time_zone_it_is_utc(made: Path, tmp_path: Path) -> None:
    for text in (None, "timezone = 3\n", 'timezone = "Mars/Base"\n', "timezone ="):
        folder = tmp_path / "empty"
        folder.mkdir(exist_ok=True)
        if text is not None:
            (folder / "wire.toml").write_text(text)
        ran = run("--config", str(folder), "--db", str(made / "data" / "wire.db"), "latest", "--limit", "1")
        assert "2026-11-22 12:00 UTC" in ran.out

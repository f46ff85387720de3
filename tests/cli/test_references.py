"""A report is named in one way everywhere: by its id, by the beginning of its id, or by its link."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from aggregator.desk import acts, references
from aggregator.desk.purging import purge
from aggregator.desk.terms import sync
from aggregator.model import Cause, Link, Text
from aggregator.store import Store
from tests.cli.test_cli import make_config
from tests.conftest import NOW, WIRE, make_entry, make_publisher, record
from tests.hostile import Ran, run
from tests.rows import every_row

LATER = NOW + timedelta(hours=1)
FAR = datetime(2099, 1, 1, 6, tzinfo=UTC)
CAUSE = Cause(actor="person:ama", reason="asked")
LINK = "https://www.sahel.example/2026/11/okapi"
SAME = [
    LINK,
    "http://www.sahel.example/2026/11/okapi",
    "https://sahel.example/2026/11/okapi/",
    "sahel.example/2026/11/okapi",
    f"{LINK}?utm_source=newsletter&utm_medium=email",
    f"{LINK}?fbclid=abc",
    f"{LINK}#comments",
    f"{LINK}/amp",
    "https://m.sahel.example/2026/11/okapi",
    "HTTPS://WWW.SAHEL.EXAMPLE/2026/11/okapi",
    f"feed:{LINK}",
]
OTHER = [
    "https://www.sahel.example/2026/11/okapi-2",
    "https://www.other.example/2026/11/okapi",
    "https://www.sahel.example/",
    "https://",
    "ftp://www.sahel.example/2026/11/okapi",
    "www",
    "",
]
# Every command that takes a report, without the report.
ACTS = {
    "withhold": ("withhold", "{}", "--reason", "x"),
    "withdraw": ("withdraw", "{}", "--reason", "x"),
    "restore": ("restore", "{}", "--reason", "x"),
    "embargo": ("embargo", "{}", "2099-01-01"),
    "purge": ("purge", "{}", "--yes", "--reason", "x"),
    "complaint": ("complaint", "add", "{}", "--kind", "factual", "--text", "x"),
    "split": ("split", "{}", "2"),
}
SAHEL, MWANZA = make_publisher("sahel"), make_publisher("mwanza", languages=("sw",))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report of two versions with the link, another one of its publisher, and twins of two publishers."""
    path = tmp_path_factory.mktemp("references") / "wire.db"
    make_config(path.with_name("config"))
    with Store.open(path) as store:
        sync(store, WIRE, [SAHEL, MWANZA], NOW, NOW.date())
        okapi = make_entry(1, title=Text("Okapi", "text/plain"), links=(Link(LINK),))
        record(store, SAHEL, okapi, make_entry(2, links=(Link("https://shared.example/story"),)))
        record(store, MWANZA, make_entry(3, links=(Link("http://shared.example/story/"),)))
        record(store, SAHEL, make_entry(1, title=Text("Okapi again", "text/plain"), links=(Link(LINK),)), now=LATER)
    return path


@pytest.fixture
def database(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made.parent, tmp_path / "wire")) / made.name


def id_of(database: Path, title: str = "Okapi again") -> str:
    with Store.open(database) as store:
        (found,) = [report for (report,) in store.query(f"SELECT id FROM articles WHERE title = '{title}'")[1]]  # noqa: S608
        return str(found)


def call(database: Path, name: str, reference: str) -> Ran:
    return run("--db", database, *(word.format(reference) for word in ACTS[name]))


@every_row("link", SAME)
def test_a_link_is_found_however_it_is_written(made: Path, link: str) -> None:
    ran = run("--db", made, "show", link)
    assert ran.code == 0, ran.err
    assert "Okapi again" in ran.out


@every_row("link", OTHER)
def test_another_link_is_no_report(made: Path, link: str) -> None:
    ran = run("--db", made, "show", link)
    assert (ran.code, ran.out) == (1, "")
    assert "there is no report with this id" in ran.err


def test_the_nearest_of_several_links_counts(database: Path) -> None:
    for link, key in (("https://shared.example/story", "sahel"), ("http://shared.example/story/", "mwanza")):
        (found,) = json.loads(run("--db", database, "show", link, "--json").out)
        assert found["publisher"] == key
    ran = run("--db", database, "show", "https://www.shared.example/story")
    assert ran.code == 2
    assert "several reports may be meant" in ran.err
    assert ran.err.count("Le pont numéro") == 2


def test_the_beginning_of_an_id_is_enough_where_it_is_long_and_unique(database: Path) -> None:
    report = id_of(database)
    for length in range(17):
        ran = run("--db", database, "show", report[:length] or "''")
        assert ran.code == (0 if length >= references.FEWEST else 1), length
    for other in (report + "a", report.upper(), report[:-1] + "1", report[:6] + "%"):
        assert run("--db", database, "show", other).code == 1


def test_an_ambiguous_beginning_lists_what_may_be_meant(database: Path) -> None:
    """Ids are digests, so two that begin alike are made here by hand."""
    import sqlite3

    report = id_of(database)
    twin = report[:8] + ("a" if report[8] != "a" else "b") * 8
    connection = sqlite3.connect(database)
    connection.execute("UPDATE articles SET id = ? WHERE title = 'Le pont numéro 3 rouvre'", (twin,))
    connection.commit()
    connection.close()
    ran = run("--db", database, "show", report[:8])
    assert ran.code == 2
    assert f"  {report}  Sahel: Okapi again\n" in ran.err
    assert f"  {twin}  Mwanza: Le pont numéro 3 rouvre" in ran.err
    for name in ACTS:
        refused = call(database, name, report[:8])
        assert (refused.code, "several reports may be meant" in refused.err) == (2, True), name
    with Store.open(database) as store:
        assert store.acts(report) == store.acts(twin) == []
        acts.embargo(store, twin, FAR, CAUSE, LATER)  # of which nobody may know
    assert run("--db", database, "show", report[:8]).code == 0
    assert run("--db", database, "show", report[:8], "--desk").code == 2
    assert run("--db", database, "show", report[:9]).code == 0


@pytest.mark.parametrize("how", ["id", "beginning", "link"])
@pytest.mark.parametrize("name", ACTS)
def test_every_command_takes_every_reference_and_says_which_report_is_meant(
    database: Path, name: str, how: str
) -> None:
    report = id_of(database)
    if name == "restore":
        call(database, "withhold", report)
    ran = call(database, name, {"id": report, "beginning": report[:7], "link": f"{LINK}?utm_source=x"}[how])
    assert ran.code == 0, ran.err
    assert ran.out.startswith(f"{report}  Sahel: Okapi again\n")


@pytest.mark.parametrize("name", ACTS)
def test_what_is_no_report_changes_nothing(database: Path, name: str) -> None:
    ran = call(database, name, "https://www.sahel.example/none")
    assert (ran.code, ran.out) == (1, "")
    assert "there is no report with this id" in ran.err


def test_what_is_held_is_found_with_desk_alone(database: Path) -> None:
    report = id_of(database)
    with Store.open(database) as store:
        acts.embargo(store, report, FAR, CAUSE, LATER)
    for reference in (report, report[:6], LINK, f"{report}@1"):
        plain = run("--db", database, "show", reference)
        assert (plain.code, plain.out) == (1, "")
        assert "Okapi" not in plain.err
        assert "Okapi" in run("--db", database, "show", reference, "--desk").out


def test_a_purged_report_is_found_by_its_id_and_not_by_its_link(database: Path) -> None:
    report = id_of(database)
    with Store.open(database) as store:
        purge(store, [report], CAUSE, LATER)
    assert "We removed this report" in run("--db", database, "show", report[:6]).out
    assert run("--db", database, "show", LINK, "--desk").code == 1


def test_a_version_is_named_behind_an_id(database: Path) -> None:
    report = id_of(database)
    assert "Okapi\n" in run("--db", database, "show", f"{report[:6]}@1").out
    assert references.without_version(f"{report}@2") == (report, 2)
    for other in (LINK, f"{LINK}@2", "https://sahel.example/@2", f"{report}@0", f"{report}@x", "x@2", report):
        assert references.without_version(other) == (other, None)
    assert run("--db", database, "split", f"{report}@2", "2").code == 2
    assert run("--db", database, "split", f"{report}@2").code == 0

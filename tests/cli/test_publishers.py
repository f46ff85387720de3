"""A publisher gets another key, leaves, or is switched off: its reports, their ids and the ledger stay."""

from __future__ import annotations

import hashlib
import json
import re
import shlex
import shutil
import signal
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from aggregator.demo import Press
from aggregator.text.dates import utc_now
from tests import ROOT, commands
from tests.cli.test_cli import HOSTS, Desk
from tests.conftest import NOW
from tests.waiting import until

ML = "publishers/ml"
_ALL = """
SELECT publisher, id, title, url, first_seen, revision FROM articles ORDER BY id
"""


def feed(*names: str, title: str = "A first headline") -> bytes:
    items = "".join(
        f"<item><guid>{name}</guid><title>{title} of {name}</title><link>https://{name.split('-')[0]}/{name}</link>"
        f"<description>Words of {name}.</description></item>"
        for name in names
    )
    return f"<rss version='2.0'><channel><title>Daily</title>{items}</channel></rss>".encode()


@pytest.fixture(scope="module")
def one_press() -> Iterator[Press]:
    with Press(now=NOW) as press:
        yield press


@pytest.fixture
def press(one_press: Press) -> Press:
    """With two reports of each publisher, and nothing that an earlier test said to it."""
    for host in HOSTS:
        one_press.set_document(host, "/feed", feed(f"{host}-1", f"{host}-2"))
        one_press.behave(host, "/feed")
    one_press.forget()
    return one_press


@pytest.fixture(scope="module")
def fetched(tmp_path_factory: pytest.TempPathFactory, one_press: Press) -> Path:
    folder = tmp_path_factory.mktemp("publishers")
    desk = Desk(folder, one_press)
    for host in HOSTS:
        one_press.set_document(host, "/feed", feed(f"{host}-1", f"{host}-2"))
    fetch(desk)
    return folder


@pytest.fixture
def desk(tmp_path: Path, fetched: Path, press: Press) -> Desk:
    """Two publishers with two reports each."""
    desk = Desk(tmp_path, press)
    for host in HOSTS:
        press.set_document(host, "/feed", feed(f"{host}-1", f"{host}-2"))
    shutil.copytree(fetched / "data", tmp_path / "data")
    return desk


def fetch(desk: Desk, code: int = 0) -> str:
    desk.press.forget()
    return desk("fetch", "--all", code=code)


def texts(desk: Desk, key: str) -> str:
    return (desk.config / ML / f"{key}.toml").read_text()


def ids(desk: Desk) -> dict[str, set[str]]:
    """The ids of the reports by publisher."""
    found: dict[str, set[str]] = {}
    for publisher, report in desk.rows("SELECT publisher, id FROM articles"):
        found.setdefault(str(publisher), set()).add(str(report))
    return found


def ledger_is_whole(desk: Desk) -> None:
    """By the program that stands in docs/changes.md."""
    (program,) = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "changes.md").read_text(), re.S)
    (query,) = re.findall(r'execute\("""(.*?)"""\)', program, re.S)
    previous = "0" * 64
    for seq, kind, subject, at, stored in desk.rows(query):
        previous = hashlib.sha256(f"{previous} {seq} {kind} {subject} {at}".encode()).hexdigest()
        assert previous == stored


def nobody_is_called(desk: Desk, key: str) -> None:
    """No row of any table has the key, but those that say what it was before."""
    said_before = {
        ("publishers", "first_key"),
        ("changes", "hashed_publisher"),
        ("changes", "note"),
        ("publisher_history", "former_key"),
    }
    with closing(sqlite3.connect(desk.database)) as connection:
        columns = connection.execute(
            "SELECT t.name, c.name FROM sqlite_schema AS t JOIN pragma_table_info(t.name) AS c"
            " WHERE t.type = 'table' AND t.sql NOT LIKE 'CREATE VIRTUAL%' AND t.name NOT LIKE 'article_search%'"
        ).fetchall()
        found = [
            (table, column)
            for table, column in columns
            if (table, column) not in said_before
            and connection.execute(
                f'SELECT 1 FROM "{table}" WHERE "{column}" = ?1 OR "{column}" LIKE ?1 || \'/%\''  # noqa: S608
                f" OR \"{column}\" LIKE '%/' || ?1",
                (key,),
            ).fetchone()
        ]
        assert found == []
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_a_publisher_is_found_by_a_key_that_it_had_before(desk: Desk) -> None:
    fetch(desk)
    desk("publishers", "rename", "one", "uno")
    desk("publishers", "rename", "uno", "eins")
    listed = desk("latest", "--publisher", "eins", "--json")
    assert listed.strip() != "[]"
    for old in ("one", "uno"):
        assert desk("latest", "--publisher", old, "--json") == listed
    assert "'unos'" in desk("latest", "--publisher", "unos", code=2)


def test_publishers_are_listed_by_several_conditions_each(desk: Desk) -> None:
    def keys(*options: str) -> set[str]:
        return {row["publisher"] for row in json.loads(desk("publishers", "--json", *options))}

    everyone = keys()
    assert keys("--kind", "newspaper", "--kind", "own", "--language", "English", "--language", "fr") == everyone
    assert keys("--country", "XA", "--country", "ml", "--rights", "quotation", "--rights", "own") == everyone
    assert keys("--country", "Senegal", "--country", "GH") == set()
    assert "no publisher here has 'x'" in desk("publishers", "--rights", "own", "--rights", "x", code=2)


def test_a_renamed_publisher_keeps_its_reports_ids_and_history(desk: Desk) -> None:
    desk.press.set_document("one.example", "/feed", feed("one.example-1", "one.example-2", title="Another headline"))
    fetch(desk)
    (first,) = desk.rows("SELECT id FROM articles WHERE publisher = 'one' AND title LIKE '%' ORDER BY id LIMIT 1")
    desk("withhold", str(first[0]), "--reason", "we look into it")
    daily = desk.rows("SELECT day, articles, backfill FROM daily WHERE publisher = 'one'")
    before, words = ids(desk), desk("search", "headline", "--publisher", "one", "--json")
    polls = desk.rows("SELECT count(*) FROM polls")
    cursor = json.loads(desk("changes", "--json").splitlines()[-1])["cursor"]

    said = desk("publishers", "rename", "one", "uno")
    assert f"{ML}/uno.toml: one is renamed to uno; its 1 report stays" in said
    assert not (desk.config / ML / "one.toml").exists()
    assert 'former_keys = ["one"]\n' in texts(desk, "uno")

    assert ids(desk) == {"uno": before["one"], "two": before["two"]}
    assert desk.rows("SELECT day, articles, backfill FROM daily WHERE publisher = 'uno'") == daily
    assert desk.rows("SELECT count(*) FROM polls") == polls
    nobody_is_called(desk, "one")
    ledger_is_whole(desk)
    # A subscriber hears of it, by a cursor of before.
    (line,) = map(json.loads, desk("changes", "--after", cursor, "--json").splitlines())
    assert (line["change_kind"], line["publisher"], line["note"]) == (
        "terms_changed", "uno", "publisher was one, is uno",
    )  # fmt: skip
    # It is found in the index, and taken back from it.
    found = json.loads(desk("search", "headline", "--publisher", "uno", "--json"))
    assert [row["id"] for row in found] == [row["id"] for row in json.loads(words)] != []
    desk("restore", str(first[0]), "--reason", "it is right")
    desk.press.set_document("one.example", "/feed", feed("one.example-1", "one.example-2", title="A third one"))
    fetch(desk)
    assert ids(desk) == {"uno": before["one"], "two": before["two"]}
    assert json.loads(desk("search", "another", "--publisher", "uno", "--json")) == []
    assert len(json.loads(desk("search", "third", "--publisher", "uno", "--json"))) == 2
    with closing(sqlite3.connect(desk.database)) as connection:
        connection.execute("INSERT INTO article_search (article_search) VALUES ('integrity-check')")
    assert "OK: 3 publishers" in desk("check")


def test_ids_are_the_same_in_a_new_database(desk: Desk) -> None:
    """On a machine that gets the files, and not the database; also after a chain of renames, and back."""
    before = ids(desk)
    for old, new in (("one", "uno"), ("uno", "un"), ("un", "one"), ("one", "uno")):
        desk("publishers", "rename", old, new)
        fetch(desk)
        assert ids(desk) == {new: before["one"], "two": before["two"]}
    assert 'former_keys = ["one", "uno", "un"]\n' in texts(desk, "uno")
    ledger_is_whole(desk)
    here = desk.database
    here.rename(here.with_name("old.db"))
    for file in here.parent.glob("wire.db*"):
        file.unlink()
    fetch(desk)
    assert ids(desk) == {"uno": before["one"], "two": before["two"]}
    (row,) = desk.rows("SELECT first_key FROM publishers WHERE publisher = 'uno'")
    assert row == ("one",)


def test_a_purged_report_does_not_come_back_under_a_new_key(desk: Desk) -> None:
    gone = sorted(ids(desk)["one"])[0]
    desk("purge", gone, "--yes", "--reason", "privacy")
    desk("publishers", "rename", "one", "uno")
    fetch(desk)
    assert len(desk.rows("SELECT 1 FROM articles WHERE publisher = 'uno' AND has_text")) == 1
    later = sorted(ids(desk)["uno"] - {gone})[0]
    desk("purge", later, "--yes", "--reason", "privacy")
    desk("publishers", "rename", "uno", "one")
    fetch(desk)
    assert desk.rows("SELECT 1 FROM articles WHERE publisher = 'one' AND has_text") == []


def test_another_machine_follows_the_files(desk: Desk, tmp_path: Path) -> None:
    """Its database has the old keys; two publishers changed names meanwhile, by three commands."""
    before = ids(desk)
    desk.database.rename(tmp_path / "theirs.db")
    for old, new in (("one", "x"), ("two", "one"), ("x", "two")):
        desk("publishers", "rename", old, new)
    desk.press.forget()
    desk("--db", str(tmp_path / "theirs.db"), "fetch", "--all")
    with closing(sqlite3.connect(tmp_path / "theirs.db")) as connection:
        rows = connection.execute("SELECT publisher, id FROM articles").fetchall()
        names = dict(connection.execute("SELECT publisher, name FROM publishers"))
    assert {(key, report) for key, report in rows} == {
        *(("two", report) for report in before["one"]), *(("one", report) for report in before["two"]),
    }  # fmt: skip
    assert (names["one"], names["two"]) == ("Two", "One")


def by_hand(desk: Desk) -> str:
    (desk.config / ML / "one.toml").rename(desk.config / ML / "uno.toml")
    return "uno"


def changed_names(desk: Desk) -> str:
    folder = desk.config / ML
    (folder / "one.toml").rename(folder / "x.toml")
    (folder / "two.toml").rename(folder / "one.toml")
    (folder / "x.toml").rename(folder / "two.toml")
    return "two"


@pytest.mark.parametrize("move", [by_hand, changed_names])
def test_a_file_that_was_renamed_by_hand_is_not_polled_until_a_person_decides(
    desk: Desk, move: Callable[[Desk], str]
) -> None:
    before, rows = ids(desk), desk.rows(_ALL)
    new = move(desk)
    advice = f"`aggregator publishers rename one {new}`"
    for said in (desk("check", code=1), fetch(desk, code=1), fetch(desk, code=1)):
        assert advice in said
        assert f"{ML}/{new}.toml: " in said
    assert desk.rows(_ALL) == rows  # nothing is stored twice, nor under a wrong name
    assert len(desk.rows("SELECT 1 FROM wire")) == len(rows)

    desk("publishers", "rename", "one", new)
    fetch(desk)
    desk("check")
    other = "one" if new == "two" else "two"
    assert ids(desk) == {new: before["one"], other: before["two"]}
    assert dict(desk.rows("SELECT publisher, name FROM publishers"))[new] == "One"
    ledger_is_whole(desk)
    assert "was renamed already" in desk("publishers", "rename", "one", new) if new == "uno" else True


def test_a_publisher_that_takes_over_an_address_can_be_another_one(desk: Desk) -> None:
    before = ids(desk)
    new = by_hand(desk)
    file = desk.config / ML / f"{new}.toml"
    fetch(desk, code=1)
    file.write_text("former_keys = []\n" + file.read_text())
    fetch(desk)
    after = ids(desk)
    assert {key: after[key] for key in ("one", "two")} == before
    assert len(after[new]) == 2
    assert "uno" not in desk("check").split("one", 1)[0]


def test_an_address_that_another_publisher_has_in_the_database_is_asked_about(desk: Desk) -> None:
    """A feed goes from one file to another, and its publisher stays: its reports would come a second time."""
    one, two = desk.config / ML / "one.toml", desk.config / ML / "two.toml"
    text = one.read_text()
    one.write_text(text.replace("/one.example/feed", "/one.example/other"))
    desk.press.set_document("one.example", "/other", feed("one.example-9"))
    two.write_text(two.read_text() + f'[[source]]\nurl = "{desk.press.url}/one.example/feed"\n')
    said = fetch(desk, code=1)
    assert f"{ML}/two.toml: source[2].url: " in said
    assert "brought the reports of one (One)" in said
    assert "former_keys = []" in said
    two.write_text("former_keys = []\n" + two.read_text())
    desk.press.forget()
    desk("fetch", "two")


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("one", "two"), f'{ML}/two.toml: found a publisher of the key "two", expected a key that no publisher has'),
        (("one", "one"), f'{ML}/one.toml: found a publisher of the key "one"'),
        (("oen", "uno"), 'found no publisher of the key "oen"; did you mean "one"?'),
        (("one", "Uno"), 'the new key: found "Uno", expected small letters a-z, digits and hyphens'),
        (("one", "../uno"), "expected small letters"),
    ],
)
def test_what_cannot_be_renamed_is_left_alone(desk: Desk, arguments: tuple[str, str], expected: str) -> None:
    before = {path: path.read_bytes() for path in desk.config.rglob("*.toml")}
    assert expected in desk("publishers", "rename", *arguments, code=1)
    assert {path: path.read_bytes() for path in desk.config.rglob("*.toml")} == before


def test_the_key_of_a_publisher_that_left_is_not_free(desk: Desk) -> None:
    desk("publishers", "remove", "two", "--yes")
    assert "in the database that has no file any more" in desk("publishers", "rename", "one", "two", code=1)


def test_two_files_with_one_first_key_are_both_refused(desk: Desk) -> None:
    desk("publishers", "rename", "one", "uno")
    file = desk.config / ML / "one.toml"
    file.write_text(texts(desk, "uno").replace("former_keys", "# ").replace("/one.example/", "/three.example/"))
    said = desk("check", code=1)
    assert f'{ML}/one.toml: the file\'s name: found "one", expected a first key of its own' in said
    assert re.search(rf'{ML}/uno\.toml: line \d+: former_keys: found "one"', said)


def test_the_wires_own_publisher_is_renamed_in_wire_toml_too(desk: Desk, tmp_path: Path) -> None:
    manuscript = tmp_path / "budget.md"
    manuscript.write_text('+++\ntitle = "The budget"\n+++\nWords.\n')
    desk("publish", str(manuscript))
    before = ids(desk)["test-wire"]
    desk("publishers", "rename", "test-wire", "our-wire")
    assert 'publisher = "our-wire"' in (desk.config / "wire.toml").read_text()
    desk("publish", str(manuscript))
    assert ids(desk)["our-wire"] == before
    assert "the wire's own publisher" in desk("publishers", "remove", "our-wire", "--yes", code=1)


def test_a_publisher_with_several_sources_moves_with_all(desk: Desk) -> None:
    file = desk.config / ML / "one.toml"
    file.write_text(file.read_text() + f'[[source]]\nurl = "{desk.press.url}/one.example/sport"\nevery_minutes = 60\n')
    desk.press.set_document("one.example", "/sport", feed("one.example-1", "one.example-7"))
    fetch(desk)
    before = ids(desk)
    sources = desk.rows("SELECT source_key, url, last_poll, next_at FROM sources WHERE publisher = 'one'")
    assert len(sources) == 2
    desk("publishers", "rename", "one", "uno")
    assert desk.rows("SELECT source_key, url, last_poll, next_at FROM sources WHERE publisher = 'uno'") == sources
    fetch(desk)
    assert ids(desk) == {"uno": before["one"], "two": before["two"]}


def test_a_publisher_is_renamed_while_the_daemon_polls_it(desk: Desk, press: Press) -> None:
    """What was under way under the old key is not stored; the daemon reads the files again, and asks anew."""
    before = ids(desk)
    press.set_document("one.example", "/feed", feed("one.example-1", "one.example-2", "one.example-3"))
    press.misbehave("one.example", "/feed", "slow", seconds=1.5)
    with closing(sqlite3.connect(desk.database)) as connection, connection:
        connection.execute("UPDATE sources SET next_at = last_poll WHERE publisher = 'one'")
    press.forget()
    daemon = commands.Popen(desk.command("run"), stderr=subprocess.PIPE, text=True, cwd=desk.config)
    try:
        until(lambda: any(seen.path == "/feed" for seen in press.requests))
        desk("publishers", "rename", "one", "uno")
        daemon.send_signal(signal.SIGHUP)
        until(lambda: len(ids(desk).get("uno", ())) == 3)
    finally:
        daemon.send_signal(signal.SIGTERM)
        _, log = daemon.communicate(timeout=30)
    assert daemon.returncode == 0, log
    assert "its publisher has another key since" in log
    assert "Traceback" not in log
    assert before["one"] < ids(desk)["uno"]
    assert ids(desk).keys() == {"uno", "two"}
    assert desk.rows("SELECT 1 FROM claims") == []
    ledger_is_whole(desk)


# Who leaves, and who is switched off


def test_a_removed_publisher_leaves_its_reports(desk: Desk) -> None:
    before = desk.rows("SELECT id, text_scope FROM wire ORDER BY id")
    said = desk("publishers", "remove", "one", "--yes")
    assert f"{ML}/one.toml: deleted" in said
    assert "its 2 reports stay in the wire, under its last terms: excerpt" in said
    assert not (desk.config / ML / "one.toml").exists()
    assert desk.rows("SELECT id, text_scope FROM wire ORDER BY id") == before
    fetch(desk)
    assert desk.rows("SELECT id, text_scope FROM wire ORDER BY id") == before
    assert "note: 1 publisher without a file: one; their reports stay" in desk("check")
    assert "remove one --purge" in desk("publishers", "remove", "one", "--yes", code=2)
    assert "Purged: 2" in desk("publishers", "remove", "one", "--purge", "--reason", "they asked", "--yes")
    assert desk.rows("SELECT DISTINCT publisher FROM wire") == [("two",)]


def test_a_publisher_is_removed_with_its_reports_at_once(desk: Desk) -> None:
    assert "--purge needs --reason" in desk("publishers", "remove", "one", "--purge", "--yes", code=2)
    said = desk("publishers", "remove", "one", "--purge", "--reason", "they asked", "--yes")
    assert "Purged: 2" in said
    assert desk.rows("SELECT DISTINCT publisher FROM wire") == [("two",)]
    assert [row[0] for row in desk.rows("SELECT note FROM changes WHERE change_kind = 'deleted'")] == ["they asked"] * 2


def test_a_publisher_that_is_switched_off_is_not_polled_and_its_reports_stay(desk: Desk) -> None:
    before = desk.rows(_ALL)
    file = desk.config / ML / "one.toml"
    file.write_text('enabled = false\nreason = "they rebuild their site"\n' + file.read_text())
    desk.press.set_document("one.example", "/feed", feed("one.example-1", "one.example-2", "one.example-3"))
    fetch(desk)
    assert desk.rows(_ALL) == before
    assert len(desk.rows("SELECT 1 FROM wire WHERE publisher = 'one'")) == 2
    desk("check")
    rows = {row["publisher"]: row for row in json.loads(desk("publishers", "--json"))}
    assert (rows["one"]["enabled"], rows["one"]["reason"]) == (False, "they rebuild their site")
    assert (rows["two"]["enabled"], rows["two"]["reason"]) == (True, None)
    assert "they rebuild their site" in desk("publishers", "--off")
    assert "one is switched off: they rebuild their site" in desk("health")
    said = desk("fetch", "one", code=2)
    assert "they rebuild their site" in said
    assert f"{ML}/one.toml:1" in said
    file.write_text(
        file.read_text().replace("enabled = false\n", "").replace('reason = "they rebuild their site"\n', "")
    )
    fetch(desk)
    assert len(desk.rows("SELECT 1 FROM wire WHERE publisher = 'one'")) == 3


# An agreement that ends, and settings that change each other: said before anybody notices


def test_an_agreement_that_ends_is_said_thirty_days_before_and_from_then_on(desk: Desk) -> None:
    file = desk.config / ML / "one.toml"
    text = file.read_text().replace('"quotation"', '"agreement"')
    today = utc_now().date()
    for days, in_check, in_list in (
        (40, None, None),
        (29, "the agreement ends on", f"ends {today + timedelta(days=29)}"),
        (-27, "the agreement ended on", f"ended {today - timedelta(days=27)}"),
    ):
        last_day = today + timedelta(days=days)
        source, rest = text.split("[[source]]")
        file.write_text(f"{source}[rights]\nexpires = {last_day}\n[[source]]{rest}")
        assert in_check is None or in_check in desk("check")
        assert in_check is not None or "agreement end" not in desk("check")
        rows = {row["publisher"]: row for row in json.loads(desk("publishers", "--json"))}
        assert rows["one"]["agreement"] == in_list
        assert rows["one"]["agreement_ends"] == last_day.isoformat()
        fetch(desk)
        assert ("the agreement with One (one)" in desk("health")) == (in_list is not None)
        listed = desk("publishers")
        assert f"warning: {ML}/one.toml: rights.expires: {in_check}" in listed if in_check else "warning" not in listed


@pytest.mark.parametrize(
    ("settings", "every", "expected"),
    [
        ("", 30, None),
        ("", 5, "the every_minutes of 2 sources take 24 requests an hour, where 4 are meant for 2 sources"),
        ("requests_per_hour = 100", 5, None),
        ("requests_per_hour = 3", 15, "take 8 requests an hour, where 3 are meant"),
        ("most_new_per_day = 50", 30, "found 200, which is never reached: a publisher may add 50 a day"),
    ],
)
def test_check_says_what_settings_do_to_each_other(
    tmp_path: Path, press: Press, settings: str, every: int, expected: str | None
) -> None:
    desk = Desk(tmp_path, press)
    for host in HOSTS:
        desk.add(host, every)
    wire = desk.config / "wire.toml"
    wire.write_text(wire.read_text() + settings + "\n")
    said = desk("check")
    assert ("warning: wire.toml: " in said) == (expected is not None)
    assert expected is None or expected in said


def test_check_says_where_a_budget_or_a_domain_cannot_bear_what_is_asked_of_it(tmp_path: Path, press: Press) -> None:
    desk = Desk(tmp_path, press)
    for number in range(30):
        text = (desk.config / ML / "one.toml").read_text().replace("every_minutes = 30", "")
        text = text.replace(f"{press.url}/one.example/feed", f"https://news.example/{number}")
        (desk.config / ML / f"p{number}.toml").write_text(text)
    wire = desk.config / "wire.toml"
    text = wire.read_text().replace("per_domain_seconds = 0", "per_domain_seconds = 600")
    wire.write_text(text + "requests_per_hour = 1\n")
    said = desk("check")
    assert "found 1, which 30 sources cannot keep to: one poll of each in 1440 minutes (longest_minutes)" in said
    assert "found 600, which lets 6 requests an hour go to news.example; its sources ask for 60" in said


# docs/publishers.md


def test_the_commands_of_the_page_do_what_it_says(desk: Desk) -> None:
    page = (ROOT / "docs" / "publishers.md").read_text().replace("daily-example", "one").replace("the-daily", "uno")
    (block,) = re.findall(r"```sh\n(.*?)```", page, re.S)
    commands_of_page = [shlex.split(line)[1:] for line in block.splitlines()]
    assert [each[:2] for each in commands_of_page] == [["publishers", "rename"], *[["publishers", "remove"]] * 2]
    for arguments in commands_of_page:
        desk(*arguments)
    assert desk.rows("SELECT DISTINCT publisher FROM wire") == [("two",)]
    former, switch_off = re.findall(r"```toml\n(.*?)```", page, re.S)
    file = desk.config / ML / "two.toml"
    sources = file.read_text()
    file.write_text(switch_off + former + sources)
    assert "reports of both uno and two, and cannot join them" in desk("check", code=1)
    file.write_text(switch_off + former.replace("one", "eins") + sources)
    desk("check")
    rows = {row["publisher"]: row for row in json.loads(desk("publishers", "--json"))}
    assert (rows["two"]["enabled"], rows["two"]["former_keys"]) == (False, ["eins"])
    page = " ".join(page.split())
    assert "publisher was one, is uno" in page
    for said in ("former_keys = []", "not polled", "end with 1"):
        assert said in page

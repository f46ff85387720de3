"""`subscribers` and the daemon: files are followed, faults are named, and people see who takes what he is owed."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from aggregator.demo import Press
from tests import ROOT, commands
from tests.cli.test_cli import Desk
from tests.conftest import NOW
from tests.delivery.receiver import KEY, SECRET, Receiver, Reply, receiver
from tests.hostile import run
from tests.test_trip import feed
from tests.waiting import until

FILE = """
url = "{url}"
secret = "${{PARTNER_SECRET}}"
contact = "ops@partner.example"
{more}
"""


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.setenv("PARTNER_SECRET", SECRET)
    with Press(now=NOW) as press:
        yield Desk(tmp_path, press)


@pytest.fixture
def partner() -> Iterator[Receiver]:
    with receiver() as opened:
        yield opened


def add(desk: Desk, url: str, name: str = "partner", more: str = "") -> Path:
    folder = desk.config / "subscribers"
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.toml").write_text(FILE.format(url=url, more=more))
    return folder / f"{name}.toml"


def rows(desk: Desk) -> dict[str, dict[str, Any]]:
    return {
        row["subscriber"]: row for row in json.loads(run("--config", str(desk.config), "subscribers", "--json").out)
    }


def test_fetch_sends_what_it_brought_and_the_list_says_how_each_does(desk: Desk, partner: Receiver) -> None:
    add(desk, partner.url, more='from = "beginning"\nformat = "report"')
    add(desk, "http://127.0.0.1:9/", "dead")
    desk("fetch")
    assert len(partner.received) == 4
    assert all(each.is_signed() for each in partner.received)
    found = rows(desk)
    assert (found["partner"]["state"], found["partner"]["owed"]) == ("fine", 0)
    assert found["partner"]["acknowledged_seq"] == 4
    assert found["dead"]["state"] in ("fine", "failing")
    desk.press.set_document("one.example", "/feed", feed("one.example-1", "one.example-2", "one.example-9"))
    desk("fetch", "one")
    assert partner.numbers == [1, 2, 3, 4, 5]
    dead = rows(desk)["dead"]
    assert (dead["state"], dead["attempts"], dead["contact"]) == ("failing", 1, "ops@partner.example")
    assert dead["owed"] >= 1
    assert "Connect" in dead["error"]
    assert "dead" in desk("subscribers")
    assert "subscriber dead is failing" in desk("health")
    desk("health", "--fail-on", "subscribers", code=1)
    # What a report says that has been withdrawn wants to be confirmed.
    ((report,),) = desk.rows("SELECT id FROM articles WHERE article_id = 5")
    assert "nothing to confirm" in desk("subscribers", "--unacknowledged", str(report), code=1)
    desk("withhold", str(report), "--reason", "as asked")
    late = json.loads(desk("subscribers", "--unacknowledged", str(report), "--json"))
    assert {row["subscriber"]: row["overdue"] for row in late} == {"dead": False, "partner": False}
    run("--config", str(desk.config), "subscribers", "--deliver")  # "dead" may be due
    assert partner.received[-1].said["data"]["kind"] == "withheld"
    (row,) = json.loads(desk("subscribers", "--unacknowledged", str(report), "--json"))
    assert (row["subscriber"], row["change_kind"], row["state"]) == ("dead", "withheld", "failing")


def test_pause_resume_and_test(desk: Desk, partner: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    add(desk, partner.url, more='second_secret = "${OTHER_KEY}"')
    monkeypatch.setenv("OTHER_KEY", KEY)
    assert "whpk_" in desk("subscribers", "--test", "partner")
    (test,) = partner.received
    assert test.is_signed()
    assert test.said["type"] == "wire.test"
    assert "v1a," in test.headers["webhook-signature"]
    partner.answer(Reply(500))
    assert "the server answered 500" in desk("subscribers", "--test", "partner", code=1)
    partner.answer(Reply())
    desk("fetch", "two")
    desk("subscribers", "--pause", "partner")
    assert rows(desk)["partner"]["state"] == "paused"
    desk.press.set_document("two.example", "/feed", feed("two.example-1", "two.example-2", "two.example-9"))
    before = len(partner.received)
    desk("fetch", "two")
    assert len(partner.received) == before
    desk("subscribers", "--resume", "partner")
    desk("subscribers", "--deliver")
    assert len(partner.received) > before
    assert "has no dead letters" in desk("subscribers", "--replay", "partner")
    assert "nothing was sent to a subscriber of this name" in desk("subscribers", "--pause", "nobody", code=1)
    assert "found no subscriber" in desk("subscribers", "--test", "nobody", code=1)
    desk("subscribers", "--pause", "a", "--resume", "b", code=2)


def test_a_file_that_is_renamed_is_a_new_subscriber_which_check_says(desk: Desk, partner: Receiver) -> None:
    file = add(desk, partner.url)
    desk("fetch")
    assert "without a file" not in desk("check")
    file.rename(file.with_name("friend.toml"))
    said = desk("check")
    assert "note: 1 subscriber without a file: partner;" in said
    assert "A file that is renamed is a new subscriber" in said
    desk("fetch")
    assert {name: row["state"] for name, row in rows(desk).items()} == {"friend": "fine", "partner": "no_file"}
    file.with_name("friend.toml").rename(file)
    assert "1 subscriber without a file: friend;" in desk("check")


def test_a_broken_file_is_named_and_the_others_go_on(desk: Desk, partner: Receiver) -> None:
    add(desk, partner.url, more='from = "beginning"')
    folder = desk.config / "subscribers"
    (folder / "broken.toml").write_text(
        'url = "ftp://x"\nsecret = "in the open"\ncountries = ["ZZ"]\nformat = "thick"\nfrm = 1\n'
    )
    (folder / "nothing.toml").write_text("")
    (folder / "noise.toml").write_bytes(b"\xff\xfe")
    add(desk, partner.url, "misspelt", 'publishers = ["twoo"]')
    said = desk("check", code=1)
    for part in (
        "broken.toml: line 1: url", "line 2: secret", 'countries[1]: found "ZZ"', 'format: found "thick"',
        'did you mean "from"', "nothing.toml", "noise.toml", 'found "twoo"', 'did you mean "two"',
    ):  # fmt: skip
        assert part in said, part
    assert "in the open" not in said
    assert "sent nothing until these faults are corrected" in desk("fetch", code=1)
    assert len(partner.received) == 4  # the sound one was sent all the same
    found = rows(desk)
    assert {name: row["state"] for name, row in found.items()} == {
        "broken": "faulty", "misspelt": "faulty", "noise": "faulty", "nothing": "faulty", "partner": "fine",
    }  # fmt: skip


def test_the_daemon_follows_files_sends_at_once_and_stops_while_a_server_hangs(
    desk: Desk, partner: Receiver, tmp_path: Path
) -> None:
    desk("fetch")
    log = tmp_path / "log"
    with receiver() as hanging, log.open("w") as errors:
        hanging.answer(Reply(hangs=True))
        process = commands.Popen(desk.command("run"), stderr=errors, cwd=desk.config)
        try:
            until(lambda: "polling 2" in log.read_text())
            add(desk, partner.url)
            add(desk, hanging.url, "hanging")
            until(lambda: len(desk.rows("SELECT * FROM subscribers")) == 2)
            ((report,),) = desk.rows("SELECT id FROM articles WHERE article_id = 1")
            desk("withhold", str(report), "--reason", "as asked")
            until(lambda: partner.received)
            assert partner.received[0].said["data"]["kind"] == "withheld"
            until(lambda: hanging.received)
            process.send_signal(signal.SIGTERM)
            assert process.wait(12) == 0
        finally:
            process.kill()
            process.wait()
    assert desk.rows("SELECT seq, attempts FROM subscribers WHERE subscriber = 'hanging'") == [(4, 0)]
    assert "internal error" not in log.read_text()


def test_the_lines_of_python_on_the_page_verify_what_is_sent(desk: Desk, partner: Receiver) -> None:
    page = (ROOT / "docs" / "subscribers.md").read_text("utf-8")
    code = page.partition("```python\n")[2].partition("```")[0]
    namespace: dict[str, Any] = {}
    exec(code, namespace)
    add(desk, partner.url, more='from = "beginning"')
    desk("fetch")
    for received in partner.received:
        assert namespace["message"](SECRET, received.headers, received.body) == received.said
        with pytest.raises(ValueError, match="somebody else"):
            namespace["message"](SECRET, received.headers, received.body + b" ")
        with pytest.raises(ValueError, match="somebody else"):
            namespace["message"]("whsec_" + "A" * 32, received.headers, received.body)
        with pytest.raises(ValueError, match="too old"):
            namespace["message"](SECRET, {**received.headers, "webhook-timestamp": "1"}, received.body)
    example = json.loads(page.partition("```json\n")[2].partition("```")[0])
    assert example.keys() == partner.received[0].said.keys()
    assert example["data"].keys() == partner.received[0].said["data"].keys()

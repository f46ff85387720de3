"""A person pauses sources and resumes them: nobody asks them meanwhile, whatever is restarted or read again."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from aggregator.demo import Press
from aggregator.desk.housekeeping import tick
from aggregator.store import Store
from aggregator.text.dates import utc_now
from tests.cli.test_cli import Desk
from tests.conftest import NOW

ONE, TWO = "one/one-example-feed", "two/two-example-feed"
SECOND = '[[source]]\nurl = "{}/one.example/second"\nkey = "second"\n'


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with Press(now=NOW) as press:
        made = Desk(tmp_path, press)
        press.set_document("one.example", "/second", b"<rss version='2.0'><channel><title>x</title></channel></rss>")
        with (made.config / "publishers" / "ml" / "one.toml").open("a") as file:
            file.write(SECOND.format(press.url))
        yield made


def fetched(desk: Desk, *arguments: str) -> set[str]:
    return {made["source_name"] for made in json.loads(desk("fetch", "--json", *arguments))}


def health(desk: Desk, name: str) -> dict[str, object]:
    (row,) = (row for row in json.loads(desk("health", "--json")) if row["source_name"] == name)
    return row


def test_a_paused_source_is_not_asked_until_it_is_resumed(desk: Desk) -> None:
    said = desk("pause", ONE, "--reason", "it moves house", "--actor", "amina")  # before its first poll
    assert said == f"{ONE}: paused until it is resumed; `aggregator resume {ONE}` ends that at once\n"
    assert fetched(desk) == {TWO, "one/second"}
    with (desk.config / "publishers" / "ml" / "one.toml").open("a") as file:  # the files are read again
        file.write("# read again\n")
    assert fetched(desk, "--all") == {TWO, "one/second"}
    assert fetched(desk, "one") == {"one/second"}
    assert f"`aggregator fetch --force {ONE}` once" in desk("fetch", ONE, code=2)
    row = health(desk, ONE)
    assert (row["states"], row["paused_by"], row["problem"]) == (
        ["paused"], "person:amina", "paused by amina: it moves house"
    )  # fmt: skip
    assert re.search(
        rf"^{ONE}: paused since 20..-..-.. ..:.. UTC by amina: it moves house\n  aggregator resume {ONE}; not fetched",
        desk("health"),
    )
    assert fetched(desk, ONE, "--force") == {ONE}
    assert health(desk, ONE)["states"] == ["paused"]
    assert desk("resume", "one") == f"{ONE} is due now\n"
    assert fetched(desk) == {ONE}
    assert f"{ONE}, one/second: not paused" in desk("resume", "one", code=2)
    assert desk.rows("SELECT actor, reason, ended_by IS NOT NULL, paused_until FROM pauses") == [
        ("person:amina", "it moves house", 1, None)
    ]


def test_a_pause_ends_by_itself(desk: Desk) -> None:
    desk("fetch")
    assert desk("pause", "one", "--until", "2h").count("paused until 20") == 2
    desk("pause", "one/second", "--until", "9d")  # paused again, it has the new time
    with Store.open(desk.database) as store:
        assert store.paused() == [ONE, "one/second"]
        tick(store, utc_now() + timedelta(hours=3))
        assert store.paused() == ["one/second"]
        assert ONE in {due.source.name for due in store.due(utc_now() + timedelta(hours=3))}
    ended = "SELECT ended_at = paused_until, ended_by IS NULL FROM pauses ORDER BY pause_id"
    assert desk.rows(ended) == [(1, 1), (0, 0), (None, 1)]


def test_a_resume_ends_a_pause_of_410_too_and_a_new_address_no_pause_by_a_person(desk: Desk) -> None:
    desk.press.misbehave("one.example", "/feed", "status", status=410)
    desk("fetch", code=1)
    assert health(desk, ONE)["paused_by"] == "feed"
    desk("pause", ONE)
    file = desk.config / "publishers" / "ml" / "one.toml"
    file.write_text(file.read_text().replace("/one.example/feed", "/one.example/second?b") + "")
    file.write_text(file.read_text().replace('second?b"\n', 'second?b"\nkey = "one-example-feed"\n'))
    desk("fetch")
    assert health(desk, ONE)["paused_by"] != "feed"
    assert health(desk, ONE)["states"] == ["paused"]
    assert desk("resume", "one") == f"{ONE} is due now\n"
    assert fetched(desk) == {ONE}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("pause", "onee"), 'did you mean "one"?'),
        (("pause", "one/x"), "no publisher or source 'one/x' is known"),
        (("pause", "one", "--until", "2020-01-01"), "no time to come"),
        (("pause", "one", "--until", "soon"), "no time to come"),
        (("pause", "one", "--reason", " "), "--reason is empty"),
        (("pause", "test-wire"), "'test-wire' has no source"),
        (("resume", "twoo"), 'did you mean "two"?'),
        (("health", "onee"), 'did you mean "one"?'),
        (("health", "--fail-on", "failing,gap"), "'gap' is not one of failing, silent, gaps, held"),
        (("health", "--fail-on", ""), "'' is not one of"),
        (("coverage", "two/x"), "no publisher or source 'two/x' is known"),
        (("coverage", "--on", "2d"), "no day such as"),
        (("coverage", "--on", "2026-11-27", "--since", "2d"), "give --on, or"),
        (("coverage", "--since", "1d", "--until", "2d"), "must begin before it ends"),
        (("fetch", "--force"), "--force is for the sources that KEY names"),
    ],
)
def test_what_cannot_be_meant_is_a_usage_error(usage_desk: Desk, words: tuple[str, ...], said: str) -> None:
    assert said in usage_desk(*words, code=2)


@pytest.fixture(scope="module")
def usage_desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with Press(now=NOW) as press:
        made = Desk(tmp_path_factory.mktemp("wire"), press)
        made("fetch")
        yield made

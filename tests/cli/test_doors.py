"""probe and check --live as people call them, and what they write into a publisher's file."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from aggregator.demo import Press, Resource
from tests import commands
from tests.cli.test_cli import HOSTS, Desk
from tests.conftest import NOW
from tests.pipeline.test_probing import alternate, page, whole
from tests.test_trip import feed

SITE = "127.0.0.1"  # the site that is probed stands at the press's own address


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with Press(now=NOW) as press:
        yield Desk(tmp_path, press)


@pytest.fixture
def site(desk: Desk) -> str:
    """The address of a site whose page names two feeds."""
    desk.press.set_document(SITE, "/robots.txt", Resource(b"User-agent: *\nAllow: /\n", "text/plain"))
    desk.press.set_document(SITE, "/", page(alternate("/short.xml"), alternate("/whole.xml")))
    desk.press.set_document(SITE, "/short.xml", feed(1, 2, 3))
    desk.press.set_document(SITE, "/whole.xml", whole(1, 2))
    return f"{desk.press.url}/"


def publisher_file(desk: Desk, key: str = "one") -> Path:
    return desk.config / "publishers" / "ml" / f"{key}.toml"


# probe


def test_probe_says_what_it_tried_and_prints_the_table_of_the_best(desk: Desk, site: str) -> None:
    said = desk("probe", site)
    assert said.index("an HTML page") < said.index("rss20, 3 entries") < said.index("rss20, 2 entries")
    assert said.endswith(f'[[source]]\nurl = "{site}whole.xml"\n')
    told = json.loads(desk("probe", site, "--json"))
    assert [found_feed["url"] for found_feed in told["feeds"]] == [f"{site}whole.xml", f"{site}short.xml"]
    assert tomllib.loads(told["source"]) == {"source": [{"url": f"{site}whole.xml"}]}
    assert not desk.database.exists()


def test_probe_without_a_door_is_exit_code_1(desk: Desk, site: str) -> None:
    desk.press.set_document(SITE, "/", page())
    assert "No feed found on this site. Tried " in desk("probe", site, code=1)
    assert "URL" in desk("probe", "gopher:nothing", code=2)


def test_probe_writes_the_best_into_the_publishers_file(desk: Desk, site: str) -> None:
    before = publisher_file(desk).read_text()
    assert "publishers/ml/one.toml: now has" in desk("probe", "--write", "one", site)
    after = publisher_file(desk).read_text()
    assert after.startswith(before)
    assert [source["url"] for source in tomllib.loads(after)["source"]][1:] == [f"{site}whole.xml"]
    assert "found" in desk("probe", site, "--write", "one", code=1)  # it is there already
    assert "another" not in desk("probe", site, "--write", "nobody", code=1)
    assert publisher_file(desk).read_text() == after
    assert "3 sources" in desk("check")


def test_a_file_that_does_not_load_afterwards_is_put_back(desk: Desk, site: str) -> None:
    desk("probe", "--write", "two", site)
    before = publisher_file(desk).read_bytes()
    assert "an address that no other source has" in desk("probe", "--write", "one", site, code=1)
    assert publisher_file(desk).read_bytes() == before
    assert sorted(path.name for path in publisher_file(desk).parent.iterdir()) == ["one.toml", "two.toml"]


# check --live


def test_check_live_polls_once_and_stores_nothing(desk: Desk) -> None:
    rows = json.loads(desk("check", "--live", "--json"))
    assert [(row["source_name"], row["state"], row["http_status"], row["format"], row["entries"]) for row in rows] == [
        ("one/one-example-feed", "fine", 200, "rss20", 2),
        ("two/two-example-feed", "fine", 200, "rss20", 2),
    ]
    assert {row["validators"] for row in rows} == {"yes"}
    assert (rows[0]["dated"], rows[0]["summaries"], rows[0]["full_text"]) == (1.0, 1.0, 0.0)
    assert rows[0]["newest"].startswith("2026-11-21T08:00")
    assert not desk.database.exists()
    said = desk("check", "--live", "one")
    assert "one/one-example-feed" in said
    assert "two/two-example-feed" not in said
    assert "1 source: 1 fine" in said


def test_check_live_is_exit_code_1_when_something_is_dead(desk: Desk) -> None:
    desk.press.misbehave("two.example", "/feed", "status", status=404)
    done = commands.run(desk.command("check", "--live"), capture_output=True, text=True, cwd=desk.config)
    assert done.returncode == 1
    assert "1 fine, 1 dead" in done.stdout
    assert "the server answered 404" in done.stdout
    assert "nobody" in desk("check", "--live", "nobody", code=2)
    assert "--live" in desk("check", "one", code=2)


def test_a_source_that_has_to_be_found_yet_is_not_dead(desk: Desk) -> None:
    publisher_file(desk).write_text(publisher_file(desk).read_text() + 'kind = "discover"\n')
    rows = json.loads(desk("check", "--live", "--json", "one"))
    assert [row["state"] for row in rows] == ["no source yet"]
    assert not desk.press.requests


def test_a_terminal_sees_a_bar_while_sources_are_asked(desk: Desk) -> None:
    leader, follower = pty.openpty()
    with commands.Popen(desk.command("check", "--live"), stdout=subprocess.PIPE, stderr=follower) as process:
        os.close(follower)
        process.communicate()
    seen = b""
    with contextlib.suppress(OSError):  # how Linux says that the other side is closed
        while read := os.read(leader, 65536):
            seen += read
    os.close(leader)
    assert f"{len(HOSTS)}/{len(HOSTS)}".encode() in seen
    assert process.returncode == 0

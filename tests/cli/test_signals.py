"""What publishers' sites say to machines, from a real site to the database, to `rights --signals`, to what leaves."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from aggregator.demo import Press
from aggregator.demo.answers import Resource
from aggregator.text.dates import to_iso, utc_now
from tests import commands
from tests.cli.test_cli import PUBLISHER, make_config
from tests.conftest import NOW
from tests.waiting import until

ROBOTS = """# BEGIN Cloudflare Managed content
User-agent: *
Content-Signal: search=yes,ai-train=no
Allow: /

User-agent: GPTBot
Disallow: /
# END Cloudflare Managed Content
License: {url}/licence.xml
"""
RSL = b"""<?xml version="1.0"?><rsl xmlns="https://rslstandard.org/rsl"><content url="/paid/*"><license>
<permits type="usage">ai-all</permits><payment type="purchase"/></license></content></rsl>"""
TDMREP = (
    b'\xef\xbb\xbf[{"location": "/free/", "tdm-reservation": 0},\r\n{"location": "/reserved/*", "tdm-reservation": 1}]'
)
PATHS = ("/free/a", "/reserved/b", "/paid/c", "/other/d")


def feed(url: str, *paths: str) -> bytes:
    items = "".join(
        f"<item><title>Report {path}</title><link>{url}{path}</link><guid>{path}</guid>"
        f"<description>The market of {path} opened on Monday. Traders came from far.</description></item>"
        for path in paths
    )
    return f'<rss version="2.0"><channel><title>x</title><link>{url}/</link>{items}</channel></rss>'.encode()


def publisher(folder: Path, key: str, url: str, rights: str) -> None:
    text = PUBLISHER.format(name=key.title(), host="x", base=url, every=30).replace("http://x/", f"{url}/")
    text = text.replace(f"{url}/x/feed", f"{url}/feed") + f"[rights]\n{rights}\n"
    (folder / "publishers" / "ml" / f"{key}.toml").write_text(text)


class Wire:
    """A wire of three publishers, each with a site of its own."""

    def __init__(self, folder: Path, sites: dict[str, Press]) -> None:
        self.sites = sites
        self.config, self.database = make_config(folder / "config"), folder / "data" / "wire.db"
        for name, site in sites.items():
            publisher(self.config, name, site.url, 'ai_use = "allowed"' if name != "unsaid" else "")

    def __call__(self, *arguments: str) -> str:
        command = [*commands.COMMAND, "--config", str(self.config), *arguments]
        done = commands.run(command, capture_output=True, text=True, timeout=60, cwd=self.config)
        assert done.returncode == 0, done.stderr + done.stdout
        return done.stdout

    def requests(self, path: str) -> int:
        return sum(seen.path == path for site in self.sites.values() for seen in site.requests)


@pytest.fixture(scope="module")
def wire(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wire]:
    """Polled once: `daily` speaks in every place of its site, `header` in the fields of its feed, `unsaid` nowhere."""
    with Press(now=NOW) as daily, Press(now=NOW) as header, Press(now=NOW) as unsaid:
        for site in (daily, header, unsaid):
            site.set_document("127.0.0.1", "/feed", feed(site.url, *PATHS))
        robots = ROBOTS.format(url=daily.url).replace("\n", "\r\n").encode("utf-8-sig")
        daily.set_document("127.0.0.1", "/robots.txt", Resource(robots, "text/plain"))
        daily.set_document("127.0.0.1", "/licence.xml", Resource(RSL, "application/rsl+xml"))
        daily.set_document("127.0.0.1", "/.well-known/tdmrep.json", Resource(TDMREP, "application/json"))
        told = (
            ("Content-Usage", "train-ai=n, search=y"),
            ("tdm-reservation", "1"),
            ("tdm-policy", "https://p.example/t"),
        )
        header.set_document("127.0.0.1", "/feed", Resource(feed(header.url, "/e"), "application/rss+xml", headers=told))
        made = Wire(tmp_path_factory.mktemp("wire"), {"daily": daily, "header": header, "unsaid": unsaid})
        made("fetch")
        yield made


def test_each_use_is_let_out_as_configuration_and_site_say(wire: Wire) -> None:
    rows = list(csv.DictReader(io.StringIO(wire("export", "csv", "--publisher", "daily"))))
    found = {row["url"].removeprefix(wire.sites["daily"].url): row for row in rows}
    assert {path: (row["ai_train"], row["ai_input"], row["ai_search"]) for path, row in found.items()} == {
        "/free/a": ("refused", "allowed", "allowed"),
        "/reserved/b": ("refused", "refused", "allowed"),
        "/paid/c": ("refused", "refused", "allowed"),
        "/other/d": ("refused", "allowed", "allowed"),
    }
    assert {row["publisher"] for row in csv.DictReader(io.StringIO(wire("export", "csv", "--for", "train")))} == set()
    for_input = [*csv.DictReader(io.StringIO(wire("export", "csv", "--for", "input")))]
    whole = {row["url"].removeprefix(wire.sites["daily"].url) for row in for_input if row["publisher"] == "daily"}
    assert whole == {"/free/a", "/other/d"}
    assert {(row["scope"], row["text"]) for row in for_input if row["publisher"] == "unsaid"} == set()


def test_the_sheet_of_signals_counts_who_says_what(wire: Wire) -> None:
    said = json.loads(wire("rights", "--signals", "--json"))
    assert (said["publishers_polled"], said["publishers_with_signals"]) == (3, 2)
    counts = {(row["form"], row["place"]): row for row in said["signals"]}
    assert set(counts) == {
        ("content-signal", "robots"), ("ai-tokens", "robots"), ("tdmrep", "file"), ("rsl", "file"),
        ("content-usage", "header"), ("tdmrep", "header"),
    }  # fmt: skip
    assert counts["content-signal", "robots"] == {
        "form": "content-signal", "place": "robots", "publishers": 1, "train_refused": 1, "train_allowed": 0,
        "input_refused": 0, "input_allowed": 0, "search_refused": 0, "search_allowed": 1,
    }  # fmt: skip
    daily = next(row for row in said["publishers"] if row["publisher"] == "daily")
    cdn = next(row for row in daily["signals"] if row["form"] == "content-signal")
    assert (cdn["origin"], cdn["literal"]) == ("cdn", "Content-Signal: search=yes,ai-train=no")
    rows = {row["publisher"]: row for row in csv.DictReader(io.StringIO(wire("rights", "--signals", "--csv")))}
    assert {key: (row["train"], row["ai_use_train"]) for key, row in rows.items()} == {
        "daily": ("refused", "allowed"), "header": ("refused", "allowed"), "unsaid": ("unstated", "refused"),
    }  # fmt: skip
    assert "Of 3 publishers polled, 2 say something to machines." in wire("rights", "--signals")


def test_the_evidence_is_printed_for_one_report(wire: Wire) -> None:
    (row,) = csv.DictReader(io.StringIO(wire("export", "csv", "--publisher", "header")))
    said = wire("show", row["id"], "--rights")
    assert "What its publisher says to machines:" in said
    assert "content-usage: train-ai=n, search=y" in said
    assert "train refused, search allowed" in said
    decided = {(each["use"], each["decided_by"]) for each in json.loads(wire("show", row["id"], "--rights", "--json"))}
    assert ("train", "content-usage") in decided
    assert ("input", "tdmrep") in decided


def test_documents_are_asked_for_once_a_day_and_what_is_gone_stays_with_what_was_received(wire: Wire) -> None:
    asked = wire.requests("/.well-known/tdmrep.json"), wire.requests("/licence.xml")
    assert asked == (3, 1)  # of each site; two have none, which is remembered
    header = wire.sites["header"]
    header.set_document("127.0.0.1", "/feed", feed(header.url, "/e", "/f"))
    with closing(sqlite3.connect(wire.database)) as connection:
        (received,) = connection.execute("SELECT max(first_seen) FROM articles").fetchone()
    until(lambda: to_iso(utc_now()) > received)  # stored times are of whole seconds, and what is said has one too
    wire("fetch", "--all")
    assert (wire.requests("/.well-known/tdmrep.json"), wire.requests("/licence.xml")) == asked
    rows = {row["url"][-1]: row for row in csv.DictReader(io.StringIO(wire("export", "csv", "--publisher", "header")))}
    assert {name: row["ai_train"] for name, row in rows.items()} == {"e": "refused", "f": "allowed"}
    with closing(sqlite3.connect(wire.database)) as connection:
        ended = connection.execute("SELECT count(*) FROM rights_signals WHERE ended_at IS NOT NULL").fetchone()
        notes = [note for (note,) in connection.execute("SELECT note FROM changes WHERE change_kind = 'terms_changed'")]
        (raw,) = connection.execute("SELECT body FROM signal_files WHERE url LIKE '%.xml'").fetchone()
    assert ended == (2,)
    assert "uses by machines that its site refuses were train, input, are none" in notes
    assert raw == RSL

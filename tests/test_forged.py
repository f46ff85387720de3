"""Names, links and headlines that a publisher or a server forges: what is stored of them, and what leaves.

Each test stands for a kind; the values are examples of it.
"""

from __future__ import annotations

import csv
import io
import json
import logging
import re
import shlex
import shutil
import signal
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, timedelta
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from aggregator.cli.printing import set_up_log
from aggregator.config.directory import page as directory_page
from aggregator.config.opml import Outline, read, write
from aggregator.demo import Press, Resource
from aggregator.desk.merges import split
from aggregator.desk.purging import purge
from aggregator.desk.terms import sync
from aggregator.identity import keys_of, near_keys
from aggregator.model import Category, Cause, Entry, Link, Person, Publisher, Selection, Text
from aggregator.normalise import LONG_ADDRESS, LONG_BYLINE, LONG_HEADLINE, NO_ADDRESS
from aggregator.output import versions
from aggregator.pipeline.discovery.candidates import named_by_page, of_wordpress, sitemaps
from aggregator.pipeline.recording import record as record_polls
from aggregator.rights.rules import is_address
from aggregator.store import Store
from aggregator.text.folding import fold
from aggregator.text.html import MOST_BYLINE, MOST_HEADLINE, MOST_HEADLINE_WORDS, excerpt
from aggregator.text.printable import MOST_ADDRESS, MOST_MESSAGE, as_json
from aggregator.text.query import parse
from tests import commands
from tests.cli.test_cli import Desk
from tests.cli.test_printable import Desk as Reader
from tests.cli.test_printable import assert_unforged
from tests.conftest import (
    AGREEMENT,
    NOW,
    QUOTATION,
    WIRE,
    make_articles,
    make_entry,
    make_poll,
    make_publisher,
    record,
    scaled,
    some,
)
from tests.hostile import COSTLY, FORGED, HEADING, UNFIT, hostile, json_feed, run
from tests.older_words import old_words
from tests.releases import printed
from tests.rows import every_row
from tests.waiting import until

LATER = timedelta(hours=1)
FORGED_URL = f"http://x.example/a\n\n{FORGED}"
UNLINKABLE = (
    "javascript:alert(1)", "JAVASCRIPT:alert(1)", "java\tscript:alert(1)", "data:text/html,<script>alert(1)</script>",
    "vbscript:msgbox(1)", "file:///etc/passwd", "nostr:naddr1abc", "mailto:desk@x.example", "tag:x.example,2026:1",
    "about:blank", "blob:http://x.example/1", "ftp://x.example/a", "http://", "http://[::1", "http://x y.example/",
    "http:\\\\x.example\\a",
)  # fmt: skip


def rows(store: Store, sql: str, *values: object) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(store.path, isolation_level=None)) as connection:
        return connection.execute(sql, values).fetchall()


@pytest.fixture
def press() -> Iterator[Press]:
    with Press(now=NOW) as opened:
        yield opened


@pytest.fixture
def desk(press: Press, tmp_path: Path) -> Desk:
    return Desk(tmp_path, press)


def serve(desk: Desk, *items: dict[str, object]) -> None:
    """A JSON Feed in the place of the first publisher's feed."""
    desk.press.set_document("one.example", "/feed", Resource(json_feed(list(items)), "application/feed+json"))


# A second report under another publisher's name


def test_a_newline_in_an_address_forges_no_report(desk: Desk) -> None:
    serve(desk, {"id": "1", "url": FORGED_URL, "title": "A report", "summary": "Some words."})
    desk("fetch", "one")
    ((report,),) = desk.rows("SELECT id FROM articles WHERE publisher = 'one'")
    about, sql = str(report), "SELECT * FROM wire"
    for arguments in (
        ["complaint", "add", about, "--kind", "factual", "--text", "It is wrong."],
        ["latest"],
        ["show", about],
        ["search", "report"],
        ["changes"],
        ["query", sql],
        ["query", "--csv", sql],
        ["query", "SELECT url FROM wire"],
        ["withhold", about, "--reason", "x"],
        ["show", about],
    ):
        ran = run("--config", str(desk.config), *arguments)
        assert ran.code == 0
        assert not any(row.strip().startswith(HEADING) for row in ran.out.splitlines())
        assert HEADING not in ran.out.replace("http://x.example/a", "")
    assert desk.rows("SELECT url, disclaimer FROM wire WHERE instr(url || disclaimer, char(10))") == []


@every_row("end", ["\n\n", "\r", "\r\n", "\u2028", "\u2029", "\x85", "\x0b", "\x0c", "\x1c", "&#10;&#10;", "<br><br>"])
def test_no_field_forges_a_report(tmp_path: Path, end: str) -> None:
    said = f"Words.{end}{FORGED}"
    fields = ("title", "id", "language", "date_published", "date_modified", "summary", "content_html")
    item = {
        "url": f"http://x.example/{said}",
        "authors": [{"name": said}],
        "tags": [said],
        **dict.fromkeys(fields, said),
    }
    reader = Reader.of(tmp_path)
    reader.receive("evil", json_feed([item]))
    ((report,),) = reader.rows("SELECT id FROM articles")
    for arguments in (["latest"], ["show", str(report)], ["show", str(report), "--revisions"], ["changes"]):
        ran = reader(*arguments)
        assert ran.code == 0
        assert not any(row.startswith((HEADING, "Cholera")) for row in ran.out.splitlines())
        assert_unforged(reader, arguments, ran)


def test_the_words_of_a_report_stand_apart_from_what_is_ours(store: Store, publisher: Publisher) -> None:
    """In the page of a report its text is indented, so that it cannot bring a credit, a disclaimer or a link along."""
    text = "First.\n\nCredit: The Ministry\nDisclaimer: none\nOriginal: http://evil.example/"
    record(store, publisher, make_entry(content=(Text(text, "text/plain"),), summary=None))
    (report,) = store.latest(Selection())
    shown = re.sub("\x1b\\[[0-9;]*m", "", printed(store, [report], NOW).pages)
    assert [row for row in shown.splitlines() if row.startswith("Credit:")] == [f"Credit: {report.credit}"]
    assert [row for row in shown.splitlines() if row.startswith("Original:")] == [f"Original: {report.url}"]
    assert "\n  Credit: The Ministry\n" in shown


# Links that are none


@pytest.mark.parametrize("link", UNLINKABLE)
def test_what_is_no_web_address_is_no_link(store: Store, publisher: Publisher, link: str) -> None:
    poll = record(store, publisher, make_entry(links=(Link(link),)))
    assert (poll.new, dict(poll.drops), dict(poll.adjusted)) == (1, {}, {NO_ADDRESS: 1})
    assert rows(store, "SELECT adjusted FROM polls") == [(json.dumps({NO_ADDRESS: 1}),)]
    (report,) = store.latest(Selection())
    assert report.url is None
    raw = store.raw(report.id)
    assert raw is not None
    assert raw["links"][0]["href"] == link  # the literal stays
    if not link.lower().startswith("http:"):
        scheme = link.partition(":")[0] + ":"
        for shown in (*printed(store, [report], NOW), as_json(store.changes())):
            assert scheme not in shown
    assert record(store, publisher, make_entry(links=(Link(link),))).unchanged == 1
    assert dict(record(store, publisher, make_entry(2), now=NOW + LATER).adjusted) == {}


def test_the_first_link_that_is_a_web_address_is_the_link(store: Store, publisher: Publisher) -> None:
    links = (
        Link("nostr:naddr1abc"),
        Link("javascript:alert(1)"),
        Link("http://daily.example/1"),
        Link("http://daily.example/2"),
    )
    poll = record(store, publisher, make_entry(links=links))
    assert dict(poll.adjusted) == {}
    assert rows(store, "SELECT url FROM wire") == [("http://daily.example/1",)]


def test_an_address_has_a_length(store: Store, publisher: Publisher) -> None:
    longest = "http://daily.example/" + "a" * (MOST_ADDRESS - 21)
    poll = record(store, publisher, make_entry(1, links=(Link(longest),)), make_entry(2, links=(Link(longest + "a"),)))
    assert dict(poll.adjusted) == {LONG_ADDRESS: 1}
    assert rows(store, "SELECT url FROM articles ORDER BY article_id") == [(longest,), (None,)]
    for link, why in (("http://daily.example/" + "ክ" * 1_000, LONG_ADDRESS), ("javascript:" + "a" * 9_000, NO_ADDRESS)):
        (article,) = make_articles(publisher, make_entry(links=(Link(link),)))
        assert (article.url, article.adjusted) == (None, (why,))


def test_a_link_that_changes_between_two_that_are_none_is_the_same_report(store: Store, publisher: Publisher) -> None:
    """Without an id such an entry is known by what it says its link is."""
    record(store, publisher, make_entry(id=None, links=(Link("javascript:a"),)))
    poll = record(
        store,
        publisher,
        make_entry(id=None, links=(Link("javascript:a"),), categories=(Category("x"),)),
        now=NOW + LATER,
    )
    assert (poll.new, poll.revised, poll.unchanged) == (0, 0, 1)


def test_an_article_that_is_split_off_has_neither_a_false_link_nor_a_long_headline(
    store: Store, publisher: Publisher
) -> None:
    long = Text("Un titre " + "très " * 200 + "long", "text/plain")
    entry = make_entry(title=long, links=(Link("javascript:alert(1)"),), id="http://daily.example/p/1")
    record(store, publisher, entry)
    record(store, publisher, replace(entry, id="https://www.daily.example/p/1"), now=NOW + LATER)
    ((merge,),) = rows(store, "SELECT merge_id FROM merges")
    split(store, int(str(merge)), NOW + LATER)
    found = rows(
        store,
        "SELECT url, length(title) <= 300 FROM articles UNION ALL SELECT NULL, length(title) <= 300 FROM revisions",
    )
    assert set(found) == {(None, 1)}


def test_a_link_of_a_page_or_a_robots_file_is_an_address_or_none() -> None:
    odd = ["javascript:x", "http://x.example/a\x1b\u202e", "HTTP://u:p@x.example/b", "http://x.example/" + "a" * 9_000]
    fit = ["http://x.example/a%1B%E2%80%AE", "http://x.example/b"]
    links = [Link(href, "alternate", "application/rss+xml") for href in odd]
    assert [each.url for each in named_by_page(links)] == fit
    listings = [each.url for each in of_wordpress([Link(href, "https://api.w.org/") for href in odd])]
    assert listings
    assert all(listing.startswith(tuple(fit)) for listing in listings)
    news, others = sitemaps(
        "\n".join(f"Sitemap: {href}" for href in ("http://x.example/news\x9b.xml", "javascript:news", *odd))
    )
    assert [each.url for each in news] == ["http://x.example/news%C2%9B.xml"]
    assert all(not UNFIT.search(each.url) for each in others)


def test_an_address_in_a_command_is_one_word_of_the_shell(store: Store, publisher: Publisher) -> None:
    """`health` prints commands to copy, with addresses that a site named."""
    evil = "http://x.example/$(touch,owned);'a'&b"
    rows(store, "UPDATE sources SET source_kind = 'discover', next_reason = 'discover', proposed = ?", evil)
    ((repair,),) = rows(store, "SELECT advice FROM health")
    assert shlex.split(str(repair), posix=True) == [
        *["aggregator", "probe", "--write", "daily-example"],
        evil,
    ]
    rows(store, "UPDATE sources SET proposed = 'http://x.example/feed.xml'")
    ((repair,),) = rows(store, "SELECT advice FROM health")
    assert repair == "aggregator probe --write daily-example http://x.example/feed.xml"


# A whole report in a headline


@every_row("scope", ["excerpt", "headline_only", "full_text"])
@every_row("words", ["mot " * 50_000, "w" * 1_000_000, "a " * 100_000, "字" * 100_000, "é\u0301" * 50_000])
def test_a_text_in_the_headline_does_not_leave_by_it(tmp_path: Path, scope: str, words: str) -> None:
    rights = replace(AGREEMENT if scope == "full_text" else QUOTATION, text_scope=scope)
    publisher = make_publisher(rights=rights)
    with Store.open(tmp_path / "wire.db") as store:
        sync(store, WIRE, [publisher], NOW, NOW.date())
        poll = record(store, publisher, make_entry(title=Text(words, "text/plain"), summary=None, content=()))
        assert dict(poll.adjusted) == {LONG_HEADLINE: 1}
        (report,) = store.latest(Selection())
        assert report.title is not None
        assert report.title.endswith("…")
        assert len(report.title) <= MOST_HEADLINE
        assert len(report.title.split()) <= MOST_HEADLINE_WORDS
        assert words.startswith(report.title[:-1])
        raw = store.raw(report.id)
        assert raw is not None
        assert raw["title"]["value"] == words  # of what the publisher said nothing is lost
        for shown in (*printed(store, [report], NOW), as_json(store.changes())):
            assert len(shown) < 3_000
        for table in ("articles", "revisions"):
            assert rows(store, f"SELECT max(length(title)) <= {MOST_HEADLINE} FROM {table}") == [(1,)]  # noqa: S608


def test_a_change_behind_the_bound_is_a_revision(store: Store, publisher: Publisher) -> None:
    long = "Un titre " + "très " * 200
    names = tuple(Person(f"Auteur {number}") for number in range(200))
    first = make_entry(title=Text(long + "long", "text/plain"), authors=names)
    poll = record(store, publisher, first)
    assert dict(poll.adjusted) == {LONG_HEADLINE: 1, LONG_BYLINE: 1}
    ((byline,),) = rows(store, "SELECT byline FROM articles")
    assert len(str(byline)) <= MOST_BYLINE
    assert record(store, publisher, first, now=NOW + LATER).unchanged == 1
    other = replace(first, title=Text(long + "court", "text/plain"))
    assert record(store, publisher, other, now=NOW + 2 * LATER).revised == 1
    third = replace(other, authors=(*names[:-1], Person("Somebody Else")))
    assert record(store, publisher, third, now=NOW + 3 * LATER).revised == 1
    assert rows(store, "SELECT changed FROM revisions ORDER BY revision_id") == [
        (None,),
        ('["title"]',),
        ('["byline"]',),
    ]
    assert record(store, publisher, third, now=NOW + 4 * LATER).unchanged == 1
    printed = versions(store.revisions(str(rows(store, "SELECT id FROM articles")[0][0])), coloured=False)
    assert "[-long-]{+court+}" in printed


def test_whatever_stands_beside_the_raw_words_has_a_length(store: Store, publisher: Publisher) -> None:
    huge = "x" * 200_000
    entry = make_entry(
        id=huge,
        title=Text(huge),
        authors=(Person(huge),),
        published=huge,
        updated=f"2026-11-22\n{huge}",
        language=huge,
        categories=tuple(map(Category, (*(f"{number} {huge}" for number in range(3)), *map(str, range(20_000))))),
        rights=huge,
        links=(Link(f"http://x.example/{huge}"),),
        summary=None,
        content=(),
    )
    record(store, publisher, entry)
    for table in ("articles", "bodies", "revisions", "article_keys", "sightings"):
        ((*values,),) = rows(store, f"SELECT * FROM {table} LIMIT 1")  # noqa: S608
        assert all(len(value) < 30_000 for value in values if isinstance(value, str)), table
    assert rows(store, "SELECT length(categories) < 25000, json_array_length(categories) FROM bodies") == [(1, 100)]
    assert rows(store, "SELECT instr(updated_stated, char(10)) FROM articles") == [(0,)]
    free = make_publisher("other", languages=())
    (article,) = make_articles(free, replace(entry, language="fr\n"))
    assert article.language is None
    assert make_articles(free, replace(entry, language="pt-MZ"))[0].language == "pt-MZ"


@pytest.mark.parametrize("text", ["w" * 1_000_000, "字。" * 100_000, "w" * 1_000 + " " + "v" * 100_000])
def test_a_word_without_end_is_no_excerpt(text: str) -> None:
    taken = excerpt("", text, 60)
    assert len(taken) <= 60 * 12 + 100
    assert text.startswith(taken.rstrip("… "))


# Control characters


def test_raw_words_are_printed_with_escapes(tmp_path: Path) -> None:
    reader = Reader.of(tmp_path)
    title = "\x9b31m \x1b[2J \u202e \x07 \ud800 é"
    reader.receive("evil", json_feed([{"id": "1", "url": "http://x.example/1", "title": title}]))
    ((report,),) = reader.rows("SELECT id FROM articles")
    ran = reader("show", str(report), "--raw")
    assert not UNFIT.search(ran.out)
    assert r"\u009b31m \u001b[2J \u202e \u0007" in ran.out
    assert "é" in ran.out
    assert json.loads(ran.out)["title"]["value"].startswith("\x9b31m \x1b[2J \u202e \x07 ")


def test_a_page_that_a_server_wrote_puts_nothing_into_log_and_json(desk: Desk) -> None:
    href = "http://x\u202e\x9b.example/\x1b[2J"
    html = f'<!doctype html><html><link rel="alternate" type="application/rss+xml" href="{href}"></html>'
    desk.press.set_document("one.example", "/feed", Resource(html.encode(), "text/html; charset=utf-8"))
    done = commands.run(desk.command("-v", "fetch", "--all", "--json"), capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert not UNFIT.search(done.stdout + done.stderr)
    (poll,) = [poll for poll in json.loads(done.stdout) if poll["outcome"] != "ok"]
    assert "feed" in poll["error"]
    assert re.search(r'source=one/one-example-feed .* error="', done.stderr)
    assert not UNFIT.search(desk("health", "--json") + desk("health"))


# What a server says where a feed should be: a page, a root element, plain text, an address of its own.
ANSWERS = st.one_of(
    hostile.map(lambda said: Resource(said.encode("utf-8", "replace"), "text/plain")),
    hostile.map(lambda said: Resource(f"<{said}>x</{said}>".encode("utf-8", "replace"), "application/xml")),
    hostile.map(lambda said: Resource(f"<?xml version='1.0'?><a{'b' * 3_000} x='{said}'/>".encode("utf-8", "replace"))),
    hostile.map(lambda said: Resource(f"{{{json.dumps(said)}: {said}".encode("utf-8", "replace"), "application/json")),
    hostile.map(
        lambda said: Resource(
            f"<!doctype html><html><head><link rel=alternate type=application/rss+xml href='http://x.example/{said}'>"
            f"<link rel=alternate type=application/rss+xml href='/{said}'><title>{said}</title></head></html>".encode(
                "utf-8", "replace"
            ),
            "text/html",
        )
    ),
    hostile.map(lambda said: Resource(json_feed([{"id": said, "url": f"http://x.example/{said}", "title": said}]))),
)  # fmt: skip


@settings(COSTLY, max_examples=scaled(20))
@given(st.lists(ANSWERS, min_size=2, max_size=2), hostile)
def test_what_a_server_says_is_fit_in_every_output(
    tmp_path_factory: pytest.TempPathFactory, answers: list[Resource], said: str
) -> None:
    with Press(now=NOW) as press:
        desk = Desk(tmp_path_factory.mktemp("wire"), press)
        robots = f"User-agent: *\nAllow: /\nSitemap: http://x.example/news{said}\nSitemap: /{said}\n"
        for host, answer in zip(("one.example", "two.example"), answers, strict=True):
            press.set_document(host, "/feed", answer)
            press.set_document(host, "/robots.txt", Resource(robots.encode("utf-8", "replace"), "text/plain"))
        site = f"{press.url}/one.example/feed"
        typed = ["fetch --all", "fetch --all --json", "fetch one", "check --live", "check --live --json"]
        typed += [
            f"probe {site}",
            f"probe {site} --json",
            "recheck",
            "recheck --json",
            "health",
            "health --json",
            "latest",
        ]
        sql = ["query", "SELECT * FROM polls"], ["query", "--csv", "SELECT * FROM sources"]
        for arguments in (*map(str.split, typed), *sql):
            ran = run("--config", str(desk.config), *arguments)
            out = ran.out.replace("\t", "") if arguments == sql[0] else ran.out  # there are tabs between columns
            assert not (found := UNFIT.search(out + ran.err)), (arguments, found)
            assert ran.code in (0, 1), ran.err
            if "--json" in arguments:
                json.loads(ran.out or "[]")
        assert all(
            len(str(error)) <= MOST_MESSAGE for (error,) in desk.rows("SELECT error FROM polls WHERE error IS NOT NULL")
        )


def test_the_log_of_the_daemon_is_fit(desk: Desk) -> None:
    """Also of records of several lines, and of what a fault of the program quotes."""
    href = "http://x\u202e\x9b.example/\x1b[2J"
    html = f'<!doctype html><html><link rel="alternate" type="application/rss+xml" href="{href}"></html>'
    desk.press.set_document("one.example", "/feed", Resource(html.encode(), "text/html; charset=utf-8"))
    serve_name = desk.config / "publishers" / "ml" / "x\x1b\u202e\n2026-11-28 INFO forged.toml"
    process = commands.Popen(desk.command("run"), stderr=subprocess.PIPE, text=True, cwd=desk.config)
    try:
        until(lambda: _count(desk, "SELECT count(*) FROM polls") >= 2)
        serve_name.write_text("nonsense")
        process.send_signal(signal.SIGHUP)
        assert process.stderr is not None
        log = ""
        while "forged" not in log:
            row = process.stderr.readline()
            assert row, "the daemon ended"
            log += row
        process.send_signal(signal.SIGTERM)
        log += process.communicate(timeout=20)[1]
    finally:
        process.kill()
        process.communicate()
    assert not UNFIT.search(log)
    assert all(row.startswith(("20", "  ")) for row in log.splitlines())
    assert "2026-11-28 INFO forged" not in [row[:22] for row in log.splitlines()]


def _count(desk: Desk, sql: str) -> int:
    try:
        return int(str(desk.rows(sql)[0][0]))
    except sqlite3.OperationalError:
        return 0


def test_a_traceback_forges_no_record(capsys: pytest.CaptureFixture[str]) -> None:
    root = logging.getLogger()
    before = root.handlers[:]
    root.handlers.clear()
    try:
        set_up_log(logging.WARNING, lambda: UTC)
        try:
            raise ValueError("no\n2026-11-28 17:00:00,000 INFO aggregator.poll source=x\x9b\u202e")
        except ValueError:
            logging.getLogger("aggregator.odd").exception("what\nhappened")
    finally:
        root.handlers[:] = before
    first, *others = capsys.readouterr().err.splitlines()
    assert first.endswith("ERROR aggregator.odd what")
    assert others
    assert all(row.startswith("  ") for row in others)
    assert not UNFIT.search("".join(others))


# CSV


def test_a_headline_is_no_formula_in_csv(desk: Desk) -> None:
    evil = ['=HYPERLINK("http://evil.example","x")', '@SUM(1+1)*cmd|"/C calc"!A0', "+1", "-2+3", "honest = yes"]
    serve(desk, *({"id": str(n), "url": f"http://x.example/{n}", "title": said} for n, said in enumerate(evil)))
    desk("fetch", "one")
    sql = "SELECT title, -article_id AS below, -1.5 AS number, '-7' AS text, NULL AS none FROM wire"
    sql += " WHERE publisher = 'one' ORDER BY article_id"
    _, *found = csv.reader(io.StringIO(desk("query", "--csv", sql)))
    assert [row[0] for row in found] == [f"'{said}" for said in evil[:4]] + evil[4:]
    assert {tuple(row[2:]) for row in found} == {("-1.5", "'-7", "")}
    assert all(re.fullmatch(r"-\d+", row[1]) for row in found)
    _, *plain = csv.reader(io.StringIO(desk("query", "--csv", "--verbatim", sql)))
    assert [row[0] for row in plain] == evil
    assert {row[3] for row in plain} == {"-7"}
    assert "--verbatim belongs to --csv" in desk("query", "--verbatim", sql, code=2)
    assert [row["title"] for row in json.loads(desk("query", "--json", sql))] == evil


# Names of files, lists of feeds


def test_names_of_files_are_shown_and_drive_nothing(desk: Desk) -> None:
    odd = "a\nb\u202e\x1b[2J\x9b c.toml"
    (desk.config / "publishers" / "ml" / odd).write_text("name = ")
    said = desk("check", code=1)
    assert not UNFIT.search(said)
    assert r"publishers/ml/a\nb\u202e\u001b[2J\u009b c.toml: line 1" in said
    assert all(row.startswith(("publishers/", "1 error in ")) for row in said.splitlines())
    done = commands.run(desk.command("check", "--json"), capture_output=True, text=True, timeout=60)
    assert not UNFIT.search(done.stdout)
    assert json.loads(done.stdout)["faults"][0].startswith(f"publishers/ml/{odd}: line 1")
    for arguments in (["fetch"], ["latest"], ["publishers"], ["probe", "http://x.example/"]):
        ran = run("--config", str(desk.config), *arguments)
        assert not UNFIT.search(ran.out + ran.err), arguments


def test_a_name_of_a_file_that_is_not_utf8_is_shown_too(desk: Desk) -> None:
    odd = str(desk.config / "publishers" / "ml").encode() + b"/caf\xe9.toml"
    try:
        Path(odd.decode("utf-8", "surrogateescape")).write_text("name = ")
    except OSError:
        pytest.skip("this file system has names in UTF-8 alone")
    assert r"publishers/ml/caf\udce9.toml" in desk("check", code=1)
    done = commands.run(desk.command("check", "--json"), capture_output=True, timeout=60)
    assert json.loads(done.stdout)["faults"][0].startswith("publishers/ml/caf\udce9.toml")


def test_a_warning_names_its_file_in_one_line(desk: Desk) -> None:
    text = (desk.config / "publishers" / "ml" / "one.toml").read_text()
    (desk.config / "publishers" / "ml" / "one.toml").write_text(text + "enabled = false\n")
    odd = desk.config / "publishers" / "m\u202e\nl"
    odd.mkdir()
    shutil.move(desk.config / "publishers" / "ml" / "one.toml", odd / "one.toml")
    for said in (
        desk("check", code=1),
        commands.run(desk.command("check", "--json"), capture_output=True, text=True).stdout,
    ):
        assert not UNFIT.search(said)


@given(hostile, hostile)
def test_lists_that_are_written_can_be_read_by_anybody(title: str, name: str) -> None:
    outline = Outline(title=name, url=f"http://x.example/{name}", homepage=name, language=name, categories=(name,))
    written = write(title, {title: [outline]}, NOW)
    assert not UNFIT.search(written)
    assert len(ElementTree.fromstring(written).findall(".//outline[@xmlUrl]")) == 1
    (found,) = read(written.encode()).outlines
    assert not UNFIT.search(found.title + found.url)


def test_a_page_of_counts_is_a_table_whatever_a_profile_is_called() -> None:
    odd = make_publisher(profile="a|b\nc\x1b")
    written = directory_page([odd])
    assert not UNFIT.search(written)
    assert "| a\\|b c | 1 |" in written


@every_row(
    "said", ["http://x.example/\x9b", "http://x.example/\u202e", "http://x.example/\u2066a", "http://x\x85.example/"]
)
def test_an_address_of_the_configuration_has_nothing_that_cannot_be_seen(said: str) -> None:
    assert not is_address(said)


# Databases of earlier versions


def as_before(path: Path, changes: dict[str, object], title: str) -> None:
    """Makes a database as the version before the migration left it, with what it let in."""
    with Store.open(path) as store, closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("UPDATE articles SET title = ? WHERE article_id = 1", (title,))
        connection.execute("UPDATE revisions SET title = ? WHERE article_id = 1", (title,))
        while store.index():
            pass
        for column, value in changes.items():
            connection.execute(f"UPDATE articles SET {column} = ? WHERE article_id = 1", (value,))  # noqa: S608
        old_words(connection)
        connection.execute("ALTER TABLE polls DROP COLUMN adjusted")
        connection.execute("DELETE FROM _sqlite_migrations WHERE name = '0006_fit_to_leave'")
        # Of a database that is so old the search index is made anew.
        connection.execute("DELETE FROM settings WHERE name = 'search_form'")
        connection.execute("DELETE FROM search_removals")


@pytest.mark.soak
@pytest.mark.parametrize(
    "link",
    some([FORGED_URL, "http://x.example/" + "a" * 5_000, "http://x.example/é\x9b", "javascript:alert(1)"], 2),
)
def test_a_database_of_an_earlier_version_is_made_fit(tmp_path: Path, publisher: Publisher, link: str) -> None:
    title = "Un titre " + "très " * 200 + "zzyzx"
    entry = make_entry(title=Text(title, "text/plain"), links=(Link(link),), authors=(Person("N" * 500),))
    path = tmp_path / "wire.db"
    with Store.open(path) as store:
        sync(store, WIRE, [publisher], NOW, NOW.date())
        articles = make_articles(publisher, entry, make_entry(2))
        record_polls(store, [(make_poll(publisher.sources[0]), articles)], NOW)  # the search index waits
    as_before(path, {"url": link, "byline": "N" * 500, "published_stated": "x" * 900}, title)
    # Commands that only read open it as it is.
    for arguments in (
        ["latest"],
        ["latest", "--json"],
        ["changes"],
        ["changes", "--json"],
        ["query", "--csv", "SELECT * FROM wire"],
    ):
        ran = run("--db", str(path), *arguments)
        assert ran.code == 0, ran.err
        assert not UNFIT.search(ran.out)
        assert not any(row.startswith(HEADING) for row in ran.out.splitlines()) or "--csv" in arguments
        assert "javascript:" not in ran.out or "query" in arguments
    with Store.open(path) as store:
        found = rows(
            store,
            "SELECT url, length(title), length(byline), length(published_stated) FROM articles ORDER BY article_id",
        )
        while store.index():
            pass
        (url, *lengths), other = found
        assert url is None or re.fullmatch(r"http://x\.example/[!-~]*", str(url))
        assert lengths[0] <= MOST_HEADLINE
        assert lengths[1] <= MOST_BYLINE
        assert lengths[2] <= 200
        assert other[0] == "http://daily.example/2"
        assert rows(store, "SELECT max(length(title)) FROM revisions") == [(lengths[0],)]
        assert not any(UNFIT.search(str(row)) for row in rows(store, "SELECT url, disclaimer, title FROM wire"))
        raw = store.raw(articles[0].id)
        assert raw is not None
        assert (raw["title"]["value"], raw["links"][0]["href"]) == (title, link)
        # What the index was shown it can take back: a purge leaves no word in it.
        assert store.search(parse("titre"), Selection()) != []
        assert rows(store, "SELECT count(*) FROM article_search WHERE article_search MATCH 'zzyzx'") == [(0,)]
        # The same entry is the same report, and no version of it.
        again = record(store, publisher, entry, make_entry(2), now=NOW + LATER)
        assert (again.new, again.revised, again.unchanged) == (0, 0, 2)
        edited = record(store, publisher, replace(entry, categories=(Category("x"),)), now=NOW + 2 * LATER)
        assert (edited.new, edited.revised) == (0, 0)
        purge(store, [articles[0].id], Cause(actor="person:x", reason="x"), NOW + LATER)
        rows(store, "INSERT INTO article_search (article_search) VALUES ('integrity-check')")
        for word in ("titre", "tres", "zzyzx"):
            sql = "SELECT count(*) FROM article_search WHERE article_search MATCH ?"
            assert rows(store, sql, word) == [(0,)]


def test_a_proposal_that_is_no_address_is_forgotten(tmp_path: Path, publisher: Publisher) -> None:
    path = tmp_path / "wire.db"
    with Store.open(path) as store:
        sync(store, WIRE, [publisher], NOW, NOW.date())
        record(store, publisher, make_entry())
        rows(store, "UPDATE sources SET proposed = 'http://x\x9b.example/', proposed_as = 'rss20'")
    as_before(path, {}, "T")
    with Store.open(path) as store:
        assert rows(store, "SELECT proposed, proposed_as FROM sources") == [(None, None)]


def test_entries_keep_their_keys(publisher: Publisher) -> None:
    """Known articles are found again by what they said before links and headlines had bounds."""
    entries = [
        Entry(title=Text("Un titre " + "très " * 200, "text/plain"), links=(Link("javascript:alert(1)"),)),
        Entry(title=Text("Un deuxième titre assez long", "text/plain"), links=(Link("http://daily.example/a b"),)),
    ]
    first, second = make_articles(publisher, *entries)
    assert first.keys[0].startswith("url:")
    assert "alert(1)" in first.keys[0]
    assert (first.keys, second.keys) == tuple(keys_of(entries))
    assert first.near_keys == near_keys(fold(" ".join(("Un titre " + "très " * 200).split())), "")
    assert second.url == "http://daily.example/a%20b"


def test_many_documents_at_once_are_read_by_the_pipeline(desk: Desk) -> None:
    """The whole way, through a reading process: nothing on it trips over lone surrogates, NUL or huge values."""
    odd = {"title": "\ud800\x00" + "x" * 100_000, "authors": [{"name": "\udc9b\n" * 500}], "tags": ["\x00"] * 500}
    serve(desk, {"id": "\ud800\x00", "url": FORGED_URL, "date_published": "\ud800", "language": "\x00", **odd})
    (poll,) = json.loads(desk("fetch", "one", "--json"))
    assert (poll["outcome"], poll["new"], poll["adjusted"]) == ("ok", 1, {LONG_HEADLINE: 1, LONG_BYLINE: 1})

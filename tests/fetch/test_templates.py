"""No document reads the environment: an address from the network is taken literally, wherever it comes from and goes.

Only a template in the operator's own files is filled in, and what it holds goes to the origin that stands there. All of
it over a real server, with the variable set in the environment of this process.
"""

from __future__ import annotations

import ast
import asyncio
import base64
import json
import re
import sqlite3
import tomllib
from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import product
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from msgspec.structs import replace
from sqlite_utils import Database

from aggregator.config.new_publishers import Known, LeftOut
from aggregator.config.opml import Outline
from aggregator.config.writing import source_table, with_source
from aggregator.demo import Press, Resource
from aggregator.fetch import Fetcher
from aggregator.fetch.credentials import Opened
from aggregator.model import Access, Credentials, FetchResult, Publisher, Source, Template, Validators
from aggregator.pipeline.discovery.prober import Survey
from aggregator.pipeline.probing import open_prober
from aggregator.store import Store
from aggregator.store.sqlite.schema.migrations import migrations
from aggregator.text.urls import literal, without_user
from tests import ROOT
from tests.cli.test_cli import Desk
from tests.cli.test_doors import publisher_file
from tests.config.test_import import MALI
from tests.conftest import NOW, WIRE, file_of, make_publisher, make_source, some
from tests.pipeline.test_probing import alternate, page, whole
from tests.pipeline.test_withdrawals import visits
from tests.test_trip import HOST, Trip, feed

NAME = "WIRE_SECRET"
VALUE = "hunter2-unter-uns"  # no other text here has it
TEMPLATE = f"${{{NAME}}}"
LITERAL = f"$%7B{NAME}%7D"
SITE = f"http://{HOST}/"
FEED = f"{SITE}feed"
OTHER = "other.example"
HOUR, WEEK = timedelta(hours=1), timedelta(days=7)
USER = "mallory:open-sesame@"
PAIR = base64.b64encode(USER[:-1].encode()).decode()


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(NAME, VALUE)


@pytest.fixture
def press() -> Iterator[Press]:
    with Press(now=NOW) as opened:
        for host in (HOST, OTHER):
            opened.set_document(host, "/robots.txt", Resource(b"User-agent: *\nAllow: /\n", "text/plain"))
        yield opened


@pytest.fixture
def trip(press: Press, tmp_path: Path, publisher: Publisher) -> Trip:
    return Trip(press, tmp_path / "wire.db", [publisher])


def asked(press: Press) -> list[str]:
    """What was asked for, robots.txt aside, as `HOST/path`."""
    return [f"{seen.host}{seen.path}" for seen in press.requests if seen.path != "/robots.txt"]


def everything_sent(press: Press) -> str:
    said = "\n".join(f"{seen.host}{seen.path}\n{dict(seen.headers)}" for seen in press.requests)
    return said + unquote(said)


def everything_stored(path: Path) -> str:
    connection = sqlite3.connect(path)
    names = [name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
    rows = [repr(connection.execute(f'SELECT * FROM "{name}"').fetchall()) for name in names]  # noqa: S608  its own names
    connection.close()
    return "\n".join(rows)


def assert_literal(press: Press, at: str) -> None:
    """The address was asked for just as somebody wrote it, and the variable's value went nowhere."""
    assert at in asked(press), asked(press)
    assert VALUE not in everything_sent(press)


# The two types


def test_a_template_and_an_address_from_the_network_are_not_of_one_type() -> None:
    """mypy reads `two_types.py` with the program, and complains of an error there that is none any more."""
    checked = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["mypy"]
    assert checked["strict"]
    assert {"aggregator", "tests/fetch/two_types.py"} <= {*checked["files"]}
    lines = (ROOT / "tests" / "fetch" / "two_types.py").read_text().splitlines()
    assert sum(line.endswith("  # type: ignore[arg-type]") for line in lines) == 8


def test_only_the_reader_of_the_operators_files_makes_a_template() -> None:
    """`kept` reads back what it was given, through msgspec and the types. Where the database is, the operator says on
    the command line or in `wire.toml`, before any configuration is read.
    """
    makers = {
        file.relative_to(ROOT / "aggregator").as_posix()
        for file in (ROOT / "aggregator").rglob("*.py")
        if re.search(r"\b(Template|Access)\(", text := file.read_text())
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Call)
        and getattr(node.func, "id", getattr(node.func, "attr", "")) in ("Template", "Access")
    }
    of_config = {name for name in makers if name.startswith("config/")}
    assert of_config
    assert makers - of_config == {"cli/database_option.py", "pipeline/paths.py"}


# Addresses as text

PIECES = st.sampled_from(
    ["http://", "https://", "//", "/", "\\", "a.example", "@", "u:p@", ":", "?", "#", "$", "{", "}", TEMPLATE, "%7B",
     "%", " ",
     "\t", "\n", "\x00", "\x7f", "\x9b", "\u202e", "\ud800", "é", "|", '"', "<", "^", "`", "[", "]", "..", "x=1&y"]
)  # fmt: skip
ADDRESSES = st.one_of(st.text(max_size=60), st.lists(PIECES, max_size=12).map("".join))


@given(ADDRESSES)
def test_no_text_is_a_template_once_it_is_literal(text: str) -> None:
    made = literal(text)
    assert not re.search(r'[\s{}<>"\\^`|\x00-\x20\x7f]', made)
    assert made.isprintable()
    assert literal(made) == made
    try:
        parts = urlsplit(made)
    except ValueError:  # no address, and no file is read with it
        return
    assert "@" not in parts.netloc
    access = Access(url=Template(made))
    assert Opened.of_source(Source(publisher="x", key="x", url=made, access=access), {NAME: VALUE}).hidden == ()


@given(ADDRESSES)
def test_what_is_written_into_a_publishers_file_is_no_template(url: str) -> None:
    files = (
        "",
        '[[source]]\nkind = "discover"\n',
        '[[source]]\nurl = "x"\n',
        'source = [{url = "x"}]\n',
        "source = []\n",
    )
    written = [with_source("x.toml", f'name = "X"\n{text}', url, "feed") for text in files]
    assert "${" not in "".join(written) + source_table(url, "feed")


# Whatever names an address


def discovered(press: Press, url: str = SITE) -> Survey:
    async def search() -> Survey:
        async with open_prober(WIRE, lambda: NOW, lambda host: press.address) as prober:
            return await prober.discover(url)

    return asyncio.run(search())


ATTACK = f"/steal/{TEMPLATE}?x={TEMPLATE}"
ASKED = f"/steal/{LITERAL}?x={LITERAL}"


def names_a_feed(press: Press) -> str:
    press.set_document(HOST, "/", page(alternate(f"http://{OTHER}{ATTACK}")))
    return OTHER + ASKED


def names_a_feed_of_its_own(press: Press) -> str:
    press.set_document(HOST, "/", page(alternate(ATTACK)))
    return HOST + ASKED


def names_an_interface_of_wordpress(press: Press) -> str:
    press.set_document(HOST, "/", page(f'rel="https://api.w.org/" href="http://{OTHER}/{TEMPLATE}/wp-json/"'))
    return f"{OTHER}/{LITERAL}/wp-json/wp/v2/posts?per_page=20&_embed=author,wp:featuredmedia,wp:term"


def names_a_sitemap(press: Press) -> str:
    press.set_document(HOST, "/", page())
    robots = f"User-agent: *\nAllow: /\nSitemap: http://{OTHER}/news-sitemap.xml?x={TEMPLATE}\n"
    press.set_document(HOST, "/robots.txt", Resource(robots.encode(), "text/plain"))
    return f"{OTHER}/news-sitemap.xml?x={LITERAL}"


def names_an_index_of_sitemaps(press: Press) -> str:
    press.set_document(HOST, "/", page())
    robots = f"User-agent: *\nAllow: /\nSitemap: {SITE}news-index.xml\n"
    press.set_document(HOST, "/robots.txt", Resource(robots.encode(), "text/plain"))
    index = f"<sitemapindex><sitemap><loc>http://{OTHER}/news.xml?x={TEMPLATE}</loc></sitemap></sitemapindex>"
    press.set_document(HOST, "/news-index.xml", Resource(index.encode(), "application/xml"))
    return f"{OTHER}/news.xml?x={LITERAL}"


def redirects_its_page(press: Press) -> str:
    press.misbehave(HOST, "/", "redirect", status=302, location=f"http://{OTHER}{ATTACK}")
    return OTHER + ASKED


def redirects_a_feed_that_it_names(press: Press) -> str:
    press.set_document(HOST, "/", page(alternate("/feed.xml")))
    press.misbehave(HOST, "/feed.xml", "redirect", status=301, location=f"http://{OTHER}{ATTACK}")
    return OTHER + ASKED


def redirects_its_robots_txt(press: Press) -> str:
    press.set_document(HOST, "/", page())
    press.misbehave(HOST, "/robots.txt", "redirect", status=302, location=f"http://{OTHER}{ATTACK}")
    return OTHER + ASKED


WAYS_OF_A_SITE = (
    names_a_feed,
    names_a_feed_of_its_own,
    names_an_interface_of_wordpress,
    names_a_sitemap,
    names_an_index_of_sitemaps,
    redirects_its_page,
    redirects_a_feed_that_it_names,
    redirects_its_robots_txt,
)


@pytest.mark.soak
@pytest.mark.parametrize(("way", "is_a_feed"), some(product(WAYS_OF_A_SITE, (True, False)), 8))
def test_a_site_that_is_searched_reads_no_variable(press: Press, way: Callable[[Press], str], is_a_feed: bool) -> None:
    at = way(press)
    if is_a_feed:
        press.set_document(at.partition("/")[0], "/" + at.partition("/")[2], whole(1, 2))
    found = discovered(press)
    assert_literal(press, at)
    assert VALUE not in repr(found)
    assert TEMPLATE not in "".join(found_feed.url for found_feed in found.feeds) + "".join(
        other.url for other in found.others
    )


def json_feed(*numbers: object, **more: object) -> Resource:
    items = [{"id": str(number), "content_text": f"Words of {number}."} for number in numbers]
    body = {"version": "https://jsonfeed.org/version/1.1", "title": "Daily", "items": items, **more}
    return Resource(json.dumps(body).encode(), "application/feed+json")


def rss(link: str) -> Callable[..., Resource]:
    return lambda *numbers: Resource(feed(*numbers).replace(b"<channel>", b"<channel>" + link.encode()), "text/xml")


def atom_link(rel: str, href: str) -> str:
    return f'<a:link xmlns:a="http://www.w3.org/2005/Atom" rel="{rel}" href="{href}"/>'


OLDER = (
    ("jsonfeed", lambda *numbers: json_feed(*numbers, next_url=ATTACK), "/feed", ASKED),
    ("jsonfeed", lambda *numbers: json_feed(*numbers, next_url=f"http://{HOST}{ATTACK}"), "/feed", ASKED),
    ("feed", rss(atom_link("next", ATTACK)), "/feed", ASKED),
    ("feed", rss(atom_link("prev-archive", f"?x={TEMPLATE}")), "/feed", f"/feed?x={LITERAL}"),
    (
        "feed",
        rss("<generator>https://wordpress.org/?v=6.7</generator>"),
        f"/feed?x={LITERAL}",
        f"/feed?x={LITERAL}&paged=2",
    ),
)


@pytest.mark.parametrize(("kind", "document", "path", "older"), OLDER)
def test_a_document_reads_no_variable_by_its_older_pages(
    trip: Trip, kind: str, document: Callable[..., Resource], path: str, older: str
) -> None:
    (publisher,) = trip.config.publishers
    source = Source(publisher=publisher.key, key="feed", url=f"http://{HOST}{path}", kind=kind)
    trip.config = replace(trip.config, publishers=(replace(publisher, sources=(source,)),))
    trip.press.set_document(HOST, path, document(1, 2))
    trip()
    trip.press.set_document(HOST, path, document(8, 9))
    trip.press.set_document(HOST, older, document(2, 7))
    trip.now += HOUR
    (poll,) = trip()
    assert (poll.gap, poll.pages, poll.new) == ("closed", 1, 3)
    assert_literal(trip.press, HOST + older)
    assert VALUE not in everything_stored(trip.place) + repr(poll)


def also_at_other(publisher: Publisher) -> Publisher:
    """A publisher whose redirects to the other host are its own."""
    return replace(publisher, identity=replace(publisher.identity, same_hosts=(OTHER,)))


@pytest.mark.soak
@pytest.mark.parametrize("status", some([301, 302, 303, 307, 308], 3))
def test_a_redirect_reads_no_variable_not_even_once_the_source_has_moved(trip: Trip, status: int) -> None:
    trip.config = replace(trip.config, publishers=tuple(map(also_at_other, trip.config.publishers)))
    trip.press.misbehave(HOST, "/feed", "redirect", status=status, location=f"http://{OTHER}{ATTACK}")
    trip.press.set_document(OTHER, ASKED, feed(1, 2))
    for _ in range(4):
        (poll,) = trip()
        assert poll.outcome in ("ok", "not_modified"), poll.error
        trip.now += WEEK / 2
    assert_literal(trip.press, OTHER + ASKED)
    assert set(asked(trip.press)) == {f"{HOST}/feed", OTHER + ASKED}
    assert VALUE not in everything_stored(trip.place)


@pytest.mark.parametrize("way", [names_a_feed, names_a_feed_of_its_own, redirects_a_feed_that_it_names])
def test_a_feed_that_was_found_is_polled_literally(
    trip: Trip, publisher: Publisher, way: Callable[[Press], str]
) -> None:
    """`accept_discovered` polls it without a person."""
    source = Source(publisher=publisher.key, key="main", url=SITE, kind="discover")
    wire = replace(WIRE, poll=replace(WIRE.poll, accept_discovered=True))
    trip.config = replace(trip.config, wire=wire, publishers=(also_at_other(replace(publisher, sources=(source,))),))
    at = way(trip.press)
    host, _, path = at.partition("/")
    trip.press.set_document(host, f"/{path}", whole(1, 2))
    (search,) = trip()
    trip.now += HOUR
    trip.press.forget()
    (poll,) = trip()
    assert (search.proposal is not None, poll.outcome, poll.new) == (True, "ok", 2)
    assert asked(trip.press) == [at]
    assert_literal(trip.press, at)
    assert VALUE not in everything_stored(trip.place)


def test_the_page_of_a_report_reads_no_variable(trip: Trip) -> None:
    item = f"<item><title>One</title><link>http://{USER}{HOST}{ATTACK}</link><guid>1</guid></item>"
    trip.press.set_document(HOST, "/feed", feed(extra=item))
    trip.press.set_document(HOST, ASKED, Resource(b"<html>Words</html>", "text/html"))
    trip()
    (finding,) = visits(trip, HOUR)
    assert finding.there
    assert_literal(trip.press, HOST + ASKED)
    assert all("authorization" not in seen.headers for seen in trip.press.requests)


# User names that a document or a server wrote


def link_with_a_user(press: Press) -> None:
    press.set_document(HOST, "/", page(alternate(f"http://{USER}{OTHER}/feed.xml")))


def sitemap_with_a_user(press: Press) -> None:
    press.set_document(HOST, "/", page())
    robots = f"User-agent: *\nAllow: /\nSitemap: http://{USER}{OTHER}/news.xml\nSitemap: http://{USER}{OTHER}/pages.xml"
    press.set_document(HOST, "/robots.txt", Resource(robots.encode(), "text/plain"))


def redirect_with_a_user(press: Press) -> None:
    press.misbehave(HOST, "/", "redirect", status=302, location=f"http://{USER}{OTHER}/")


def redirect_with_a_user_to_no_address(press: Press) -> None:
    press.misbehave(HOST, "/", "redirect", status=302, location=f"http://{USER}[{OTHER}/")


def redirect_with_a_user_to_another_scheme(press: Press) -> None:
    press.misbehave(HOST, "/", "redirect", status=302, location=f"ftp://{USER}{OTHER}/")


@pytest.mark.parametrize(
    "way",
    [
        link_with_a_user,
        sitemap_with_a_user,
        redirect_with_a_user,
        redirect_with_a_user_to_no_address,
        redirect_with_a_user_to_another_scheme,
    ],
)
def test_a_user_name_from_the_network_is_neither_sent_nor_shown(press: Press, way: Callable[[Press], None]) -> None:
    way(press)
    for path in ("/feed.xml", "/"):
        press.set_document(OTHER, path, whole(1, 2))
    said = repr(discovered(press))
    assert all("authorization" not in seen.headers for seen in press.requests)
    assert "open-sesame" not in said + everything_sent(press)
    assert PAIR not in everything_sent(press)


def test_a_user_name_in_a_link_is_not_shown_and_its_words_stay(trip: Trip) -> None:
    item = f"<item><title>One</title><link>http://{USER}{HOST}/1</link><guid>1</guid></item>"
    trip.press.set_document(HOST, "/feed", feed(extra=item))
    trip()
    assert trip.rows("SELECT url FROM wire") == [(f"http://{HOST}/1",)]
    with Store.read(trip.place) as store, file_of(store) as connection:
        ((raw,),) = connection.execute("SELECT raw_words(raw, dictionary_id) FROM revisions").fetchall()
    assert USER.encode() in (raw if isinstance(raw, bytes) else raw.encode())


# A private source


def private(publisher: Publisher, url: str, credentials: Credentials | None = None) -> Publisher:
    source = replace(make_source(url, credentials), publisher=publisher.key)
    return replace(publisher, sources=(source,))


BASIC = Credentials(username=Template("desk"), password=Template(TEMPLATE))
BEARER = Credentials(bearer=Template(TEMPLATE))
IN_ADDRESS = f"{FEED}?token={TEMPLATE}"
FILLED = f"/feed?token={VALUE}"


def test_the_template_in_the_file_is_filled_in(trip: Trip, publisher: Publisher) -> None:
    trip.config = replace(trip.config, publishers=(private(publisher, IN_ADDRESS),))
    trip.press.set_document(HOST, FILLED, feed(1))
    (poll,) = trip()
    assert (poll.outcome, poll.new) == ("ok", 1)
    assert asked(trip.press) == [HOST + FILLED]
    assert VALUE not in everything_stored(trip.place)


@pytest.mark.parametrize(
    "document",
    [
        lambda *numbers: json_feed(*numbers, next_url=f"/feed?token={TEMPLATE}&page=2"),
        lambda *numbers: json_feed(*numbers, next_url=f"/feed?token={VALUE}&page=2"),
        lambda *numbers: json_feed(*numbers, next_url=f"/steal?x={TEMPLATE}"),
        lambda *numbers: json_feed(*numbers, next_url="/steal?x=${HOME}"),
    ],
)
def test_an_older_page_that_needs_a_secret_is_not_asked_for(
    trip: Trip, publisher: Publisher, document: Callable[..., Resource]
) -> None:
    """Not even one of its own: what a document wrote cannot be told from what a secret was taken out of."""
    made = private(publisher, IN_ADDRESS)
    trip.config = replace(
        trip.config, publishers=(replace(made, sources=(replace(made.sources[0], kind="jsonfeed"),)),)
    )
    trip.press.set_document(HOST, FILLED, document(1, 2))
    trip()
    trip.press.set_document(HOST, FILLED, document(8, 9))
    trip.now += HOUR
    trip.press.forget()
    (poll,) = trip()
    assert (poll.outcome, poll.gap, poll.pages, poll.new) == ("ok", "open", 0, 2)
    assert "an older page was not fetched: its address needs a secret" in (poll.error or "")
    assert asked(trip.press) == [HOST + FILLED]
    assert VALUE not in everything_stored(trip.place)


@pytest.mark.parametrize(("credentials", "field"), [(BASIC, "Basic"), (BEARER, "Bearer")])
def test_older_pages_of_the_same_origin_get_the_credentials(
    trip: Trip, publisher: Publisher, credentials: Credentials, field: str
) -> None:
    trip.config = replace(trip.config, publishers=(private(publisher, FEED, credentials),))
    document = rss(atom_link("next", "/older"))
    trip.press.set_document(HOST, "/feed", document(1, 2))
    trip()
    trip.press.set_document(HOST, "/feed", document(8, 9))
    trip.press.set_document(HOST, "/older", feed(2, 7))
    trip.now += HOUR
    trip.press.forget()
    (poll,) = trip()
    assert (poll.gap, poll.pages) == ("closed", 1)
    pages = [seen for seen in trip.press.requests if seen.path != "/robots.txt"]
    assert [seen.path for seen in pages] == ["/feed", "/older"]
    assert all(seen.headers["authorization"].startswith(field) for seen in pages)


MOVES = (
    (f"http://{HOST}/new", True),
    (f"http://{HOST}:80/new", True),
    (f"http://{HOST}:8080/new", False),
    (f"https://{HOST}/new", False),
    (f"http://www.{HOST}/new", False),
    (f"http://{OTHER}/new", False),
)


@pytest.mark.parametrize(("to", "is_same"), MOVES)
@pytest.mark.parametrize("credentials", [BASIC, BEARER])
def test_credentials_stay_with_the_origin_in_the_file_whatever_the_database_says(
    press: Press, to: str, is_same: bool, credentials: Credentials
) -> None:
    """As after a move of a source that was public then: `sources.url` is what a server named."""
    for host in (HOST, f"www.{HOST}", OTHER):
        press.set_document(host, "/new", feed(1))
    moved = replace(make_source(FEED, credentials), url=to)

    async def ask() -> FetchResult:
        async with Fetcher(WIRE, lambda host: press.address) as fetcher, fetcher.turn(to) as turn:
            return await fetcher.get(moved, Validators(), turn)

    assert asyncio.run(ask()).http_status == 200
    (seen,) = press.requests
    assert ("authorization" in seen.headers) == is_same
    assert is_same or VALUE not in everything_sent(press)


def test_a_source_that_moved_before_it_was_private_keeps_its_secret(trip: Trip, publisher: Publisher) -> None:
    trip.press.set_document(HOST, "/feed", feed(1, 2))
    trip.press.set_document(OTHER, "/feed", feed(1, 2))
    trip()
    with Store.open(trip.place) as store, file_of(store) as connection:
        connection.execute("UPDATE sources SET url = ?, old_url = ?", (f"http://{OTHER}/feed", FEED))
    trip.config = replace(trip.config, publishers=(private(publisher, FEED, BASIC),))
    trip.press.forget()
    trip()
    assert asked(trip.press) == [f"{OTHER}/feed"]
    assert all("authorization" not in seen.headers for seen in trip.press.requests)


def test_an_address_in_the_database_is_no_template(trip: Trip, publisher: Publisher) -> None:
    """Of a source that is private, and of one that is not: whoever wrote it there, it is not what the file has."""
    for made in (private(publisher, IN_ADDRESS), publisher):
        trip.config = replace(trip.config, publishers=(made,))
        trip.press.set_document(HOST, FILLED, feed(1))
        trip.press.set_document(HOST, "/feed", feed(1))
        trip()
        url = f"http://{USER}{OTHER}/steal?x={TEMPLATE}"
        with Store.open(trip.place) as store, file_of(store) as connection:
            connection.execute("UPDATE sources SET url = ?, old_url = ?", (url, made.sources[0].url))
        trip.press.forget()
        (poll,) = trip()
        assert poll.outcome == "failed"
        assert_literal(trip.press, f"{OTHER}/steal?x={LITERAL}")
        assert all("authorization" not in seen.headers for seen in trip.press.requests)
        assert VALUE not in everything_stored(trip.place)


def test_what_earlier_versions_stored_as_templates_is_put_right(tmp_path: Path, publisher: Publisher) -> None:
    path = tmp_path / "wire.db"
    connection = sqlite3.connect(path)
    migrations.apply(Database(connection, execute_plugins=False), stop_before="0004_addresses")
    columns = (
        "publisher, key, url, old_url, kind, class, enabled, next_at, next_reason, moved_to, moved_since, proposed"
    )
    at = "2026-11-22T10:00:00Z"
    connection.execute(
        """INSERT INTO publishers (key, name, place, country, kind, "group", languages, homepage, rights, configured)
        VALUES ('p', 'P', '', 'ML', 'newspaper', 'news_organization', '[]', 'http://p.example/', '{}', 1)"""
    )
    for key, url, old_url, moved_to, proposed in (
        ("moved", f"{FEED}?token={TEMPLATE}&page=1", IN_ADDRESS, None, None),
        ("still", IN_ADDRESS, None, f"{FEED}?token={TEMPLATE}&page=1", None),
        ("plain", f"{FEED}/new", FEED, f"{FEED}/newer", None),
        ("site", SITE, None, None, f"http://{OTHER}/?x={TEMPLATE}"),
        ("user", SITE, None, None, f"https://{USER}{OTHER}"),
        ("sign", SITE, None, None, f"http://{OTHER}/@desk.rss"),
        ("found", SITE, None, None, f"http://{OTHER}/feed"),
    ):
        values = ("p", key, url, old_url, "feed", "news", 1, at, "first", moved_to, at if moved_to else None, proposed)
        connection.execute(f"INSERT INTO sources ({columns}) VALUES ({', '.join('?' * 12)})", values)  # noqa: S608
    connection.commit()
    connection.close()
    Store.open(path).close()
    connection = sqlite3.connect(path)
    rows = connection.execute(
        "SELECT source_key, url, old_url, moved_to, moved_since, proposed FROM sources ORDER BY source_id"
    )
    assert rows.fetchall() == [
        ("moved", IN_ADDRESS, None, None, None, None),
        ("still", IN_ADDRESS, None, None, None, None),
        ("plain", f"{FEED}/new", FEED, f"{FEED}/newer", at, None),
        ("site", SITE, None, None, None, None),
        ("user", SITE, None, None, None, None),
        ("sign", SITE, None, None, None, f"http://{OTHER}/@desk.rss"),
        ("found", SITE, None, None, None, f"http://{OTHER}/feed"),
    ]
    connection.close()


# The commands


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with Press(now=NOW) as press:
        yield Desk(tmp_path, press)


def test_probe_writes_no_template_into_a_publishers_file(desk: Desk) -> None:
    site = "127.0.0.1"
    desk.press.set_document(site, "/robots.txt", Resource(b"User-agent: *\nAllow: /\n", "text/plain"))
    desk.press.set_document(site, "/", page(alternate(f"/feed.xml?x={TEMPLATE}")))
    desk.press.set_document(site, f"/feed.xml?x={LITERAL}", whole(1, 2))
    said = desk("probe", "--write", "one", f"{desk.press.url}/")
    assert f'url = "{desk.press.url}/feed.xml?x={LITERAL}"' in publisher_file(desk).read_text()
    desk("check")
    desk("fetch", "one/feed")
    assert VALUE not in said + everything_sent(desk.press) + everything_stored(desk.database)
    assert desk.rows("SELECT outcome FROM polls") == [("ok",)]


@pytest.mark.parametrize("url", [f"http://one.example/?x={TEMPLATE}", f"http://{USER}one.example/", "http://desk@x/"])
def test_probe_takes_no_secret(desk: Desk, url: str) -> None:
    said = desk("probe", url, code=2)
    assert "a search sends no secrets" in said
    assert "open-sesame" not in said
    assert VALUE not in said
    assert desk.press.requests == ()


def test_a_list_that_somebody_wrote_has_no_templates(desk: Desk, tmp_path: Path) -> None:
    """Nor does it show a password that stands in it."""
    path = tmp_path / "list.opml"
    urls = (f"https://weekly.test/?x={TEMPLATE}", f"https://{USER}daily.test/feed", "https://yearly.test/feed")
    outlines = "".join(f'<outline text="{n}" xmlUrl="{url}" htmlUrl="{url}"/>' for n, url in enumerate(urls))
    path.write_text(f'<opml version="2.0"><body>{outlines}</body></opml>')
    said = desk("import", "--country", "ML", "--language", "fr", "--json", str(path))
    told = json.loads(said)
    assert [each["url"] for each in told["added"]] == [urls[2]]
    assert [each["why"].partition(";")[0] for each in told["left_out"]] == [
        "its address has ${NAME}, which a list may not fill in",
        "its address has a user name",
    ]
    assert "open-sesame" not in said
    written = "".join(file.read_text() for file in desk.config.rglob("*.toml"))
    assert TEMPLATE not in written
    assert "open-sesame" not in written


@given(ADDRESSES)
@example("?\ud800")
def test_no_list_brings_a_template(url: str) -> None:
    (made,) = Known([make_publisher()]).sort([Outline(title="X", url=url, homepage=url)], MALI)
    assert isinstance(made, LeftOut) or ("${" not in made.text and without_user(url) == url)


def test_a_command_that_is_to_be_pasted_holds_an_address_together(trip: Trip, publisher: Publisher) -> None:
    """What a server wrote may hold signs that a shell obeys."""
    source = Source(publisher=publisher.key, key="main", url=SITE, kind="discover")
    trip.config = replace(trip.config, publishers=(replace(publisher, sources=(source,)),))
    trip.press.set_document(HOST, "/", page(alternate("/feed;id?a=$(id)&amp;b='c'")))
    trip.press.set_document(HOST, "/feed;id?a=$(id)&b='c'", whole(1))
    trip()
    (repair,) = trip.rows("SELECT advice FROM health")[0]
    quoted = "'" + f"{SITE}feed;id?a=$(id)&b='c'".replace("'", "'\"'\"'") + "'"
    assert repair == f"aggregator probe --write {publisher.key} {quoted}"

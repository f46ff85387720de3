"""Where a document may come from: a table of cases, trips over real HTTP, the upgrade, and what people see and do."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from aggregator.cli import aggregator
from aggregator.demo import Press, Resource
from aggregator.identity.redirects import SAME, Evidence, Origin, Owners, judge
from aggregator.identity.shared_hosts import SHARED_HOSTS, linked_hosts, sharing
from aggregator.model import Entry, IdentityRules, Link, Poll, PollSettings, Publisher, Redirection, Selection, Source
from aggregator.pipeline.recording import record as record_polls
from aggregator.scheduling.polls import Found, Habits, Pace, plan
from aggregator.store import Store
from tests import ROOT
from tests.cli.test_cli import OWN, WIRE
from tests.conftest import NOW, make_entry, make_poll, make_publisher, some
from tests.older_words import old_words
from tests.pipeline.test_discover import accept as accept_discovered
from tests.pipeline.test_probing import alternate
from tests.pipeline.test_probing import page as html_page
from tests.rows import every_row
from tests.test_trip import HOST, Trip, feed

DOCS = (ROOT / "docs" / "redirects.md").read_text()
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SOURCE = "daily-example/feed"
FEED = f"http://{HOST}/feed"
OTHER = "http://other-example.example/feed"
STRANGER = "http://stranger.example/feed"
BURNER = "http://feeds.feedburner.com/daily-example"


def publisher(key: str, homepage: str, *urls: str, same_hosts: Sequence[str] = ()) -> Publisher:
    sources = tuple(Source(publisher=key, key=f"s{number}", url=url) for number, url in enumerate(urls))
    rules = IdentityRules(same_hosts=tuple(same_hosts))
    return make_publisher(key, homepage=homepage, sources=sources, identity=rules, name=key.title())


WORLD = (
    publisher(
        "daily",
        "https://www.daily.example/",
        "http://feeds.daily.co.example/rss",
        "https://daily.example/sport/rss",
        same_hosts=("daily.example", "daily-mirror.example"),
    ),
    publisher("other", "https://other.example/", "https://other.example/feed?lang=fr", "https://cdn.example/other.xml"),
    # A group with a domain for all of its publishers: by path, and by name.
    publisher("group-en", "https://group.example/en/", "https://group.example/en/feed"),
    publisher("group-fr", "https://group.example/fr/", "https://group.example/fr/feed"),
    publisher("group-ar", "https://ar.group.example/", "https://ar.group.example/feed"),
    publisher("group-sw", "https://group.example/", "https://group.example/fr/swahili/feed"),
    publisher("awa", "https://awa.wordpress.com/", "https://awa.wordpress.com/feed/"),
    publisher("issa", "https://issa.wordpress.com/", "https://issa.wordpress.com/feed/"),
    publisher("zainab", "https://medium.com/@zainab", "https://medium.com/feed/@zainab"),
    publisher("kofi", "https://medium.com/@kofi", "https://medium.com/feed/@kofi"),
    publisher("burnt", "https://burnt.example/", "http://feeds.feedburner.com/burnt"),
    publisher("blog", "https://blog.blogspot.co.ke/", "https://blog.blogspot.co.ke/feeds/posts/default"),
    publisher("local", "http://192.0.2.7:8080/", "http://192.0.2.7:8080/feed"),
    publisher("own", "https://wire.example/"),
)
BY_KEY = {each.key: each for each in WORLD}
OWNERS = Owners(WORLD, (("other", "https://moved-other.example/new"),))


def origin_of(key: str, **fields: object) -> Origin:
    url = BY_KEY[key].sources[0].url
    return replace(Origin(publisher=BY_KEY[key], configured=url, polled=url), **fields)


NOTHING = Evidence()


def told(key: str, url: str, evidence: Evidence | None = NOTHING, **fields: object) -> tuple[str, str]:
    found = judge(url, origin_of(key, **fields), OWNERS, evidence)
    return found.state, found.rule


# The rules


@every_row(
    ("key", "url", "state", "rule"),
    [
        # What its file says, however it is written.
        ("daily", "http://feeds.daily.co.example/rss", "accepted", "configured"),
        ("daily", "https://feeds.daily.co.example:443/rss/", "accepted", "configured"),
        ("daily", "https://daily.example/sport/rss/", "accepted", "configured"),
        ("burnt", "https://feeds.feedburner.com/burnt", "accepted", "configured"),
        ("zainab", "http://medium.com/feed/@zainab", "accepted", "configured"),
        # The domain of its source, its homepage, its same_hosts.
        ("daily", "https://www.daily.co.example/feed.xml", "accepted", "domain"),
        ("daily", "https://news.daily.example/feed", "accepted", "homepage"),
        ("daily", "https://www.daily-mirror.example/feed", "accepted", "same_hosts"),
        ("group-en", "https://group.example/feeds/en.xml", "accepted", "domain"),
        ("group-en", "https://cms.group.example/feed", "accepted", "domain"),
        ("group-sw", "https://group.example/fr/swahili/rss.xml", "accepted", "domain"),
        ("awa", "https://awa.wordpress.com/feed/atom/", "accepted", "domain"),
        ("blog", "https://blog.blogspot.com/feeds/posts/default", "accepted", "domain"),
        ("local", "https://192.0.2.7:8080/rss", "accepted", "domain"),
        # An address of another publisher of this wire.
        ("daily", "https://other.example/feed?lang=fr", "refused", "another_publisher"),
        ("daily", "https://www.other.example/anything", "refused", "another_publisher"),
        ("daily", "http://feeds.other.example/", "refused", "another_publisher"),
        ("daily", "https://cdn.example/nobody.xml", "refused", "another_publisher"),
        ("daily", "https://moved-other.example/new/", "refused", "another_publisher"),
        ("daily", "https://wire.example/own.xml", "refused", "another_publisher"),
        ("group-en", "https://group.example/fr/feed", "refused", "another_publisher"),
        ("group-en", "http://www.group.example/en/../fr/feed/", "refused", "another_publisher"),
        ("group-en", "https://group.example/fr/sport.xml", "refused", "another_publisher"),
        ("group-sw", "https://group.example/fr/sport/rss.xml", "refused", "another_publisher"),
        ("group-en", "https://ar.group.example/en.xml", "refused", "another_publisher"),
        ("awa", "https://issa.wordpress.com/feed/", "refused", "another_publisher"),
        ("awa", "https://issa.wordpress.com/comments/feed/", "refused", "another_publisher"),
        ("awa", "https://blog.blogspot.com/feeds/posts/default", "refused", "another_publisher"),
        ("zainab", "https://medium.com/feed/@Kofi", "refused", "another_publisher"),
        ("zainab", "https://medium.com/@kofi/feed", "refused", "another_publisher"),
        ("daily", "https://feeds.feedburner.com/burnt", "refused", "another_publisher"),
        ("other", "http://feeds.feedburner.com/Burnt", "refused", "another_publisher"),
        # Everything else waits for a person.
        ("daily", "https://stranger.example/feed", "pending", "unknown"),
        ("daily", "https://daily.example.stranger.example/feed", "pending", "unknown"),
        ("daily", "https://moved-other.example/another", "pending", "unknown"),
        ("daily", "http://feeds.feedburner.com/daily", "pending", "unknown"),
        ("burnt", "http://feeds.feedburner.com/another", "pending", "unknown"),
        ("awa", "https://nobody.wordpress.com/feed/", "pending", "unknown"),
        ("awa", "https://wordpress.com/feed/", "pending", "unknown"),
        ("zainab", "https://medium.com/feed/@zainab-2", "pending", "unknown"),
        ("zainab", "https://zainab.medium.com/feed", "pending", "unknown"),
        ("daily", "https://medium.com/feed/@daily", "pending", "unknown"),
        ("daily", "https://192.0.2.8/feed", "pending", "unknown"),
        ("local", "http://192.0.2.7:9090/feed", "pending", "unknown"),
        ("local", "http://192.0.2.7/feed", "pending", "unknown"),
        ("daily", "https://[not an address/feed", "pending", "unknown"),
        ("daily", f"https://{'a' * 300}/feed", "pending", "unknown"),
        ("daily", "", "pending", "unknown"),
    ],
)
def test_whose_an_address_is(key: str, url: str, state: str, rule: str) -> None:
    assert told(key, url) == (state, rule)
    assert f"`{rule}`" in DOCS


OTHERS = [source.url for each in WORLD if each.key != "daily" for source in each.sources]


@st.composite
def spellings(draw: st.DrawFn) -> tuple[str, str]:
    """An address of another publisher, and the same in another way of writing it."""
    url = draw(st.sampled_from(OTHERS))
    scheme = draw(st.sampled_from(["http", "https"]))
    host, _, rest = url.partition("://")[2].partition("/")
    path, mark, query = rest.partition("?")
    if ":" not in host:
        host = f"{draw(st.sampled_from(['', 'www.']))}{host}{draw(st.sampled_from(['', '.']))}"
        host += draw(st.sampled_from(["", {"http": ":80", "https": ":443"}[scheme]]))
    path = draw(st.sampled_from(["", "./", "nothing/../", "/"])) + path
    path = path.replace("e", draw(st.sampled_from(["e", "%65", "E"])))
    end = draw(st.sampled_from(["", "#top"])) if query else draw(st.sampled_from(["", "/", "#top", "?utm_source=x"]))
    written = f"{host}/{path}{mark}{query}{end}"
    return url, f"{scheme}://{draw(st.sampled_from([written, written.upper()]))}"


@given(spelling=spellings())
def test_however_it_is_written_an_address_of_another_publisher_is_never_accepted(spelling: tuple[str, str]) -> None:
    url, written = spelling
    generous = Evidence(hosts={"daily.example": 9}, is_familiar=True)
    for evidence in (None, generous, SAME):
        assert told("daily", written, evidence)[0] == "refused"
        accepted = {"accepted": (url, written), "unchecked": True, "polled": url}
        assert told("daily", written, evidence, **accepted)[0] == "refused"


def test_a_feed_host_is_accepted_where_most_entries_link_to_the_publishers_own_site() -> None:
    url = "http://feeds.feedburner.com/daily"
    assert told("daily", url, None) == ("undecided", "unknown")
    for hosts, state in (
        ({"daily.example": 3}, "accepted"),
        ({"sport.daily.co.example": 2, "stranger.example": 1}, "accepted"),
        ({"daily-mirror.example": 1}, "accepted"),
        ({"daily.example": 2, "stranger.example": 2}, "pending"),
        ({"daily.example": 1, "": 1}, "pending"),
        ({"daily.example.stranger.example": 3}, "pending"),
        ({"feeds.feedburner.com": 3}, "pending"),
        ({}, "pending"),
    ):
        assert told("daily", url, Evidence(hosts=hosts))[0] == state, hosts
    assert told("daily", "https://medium.com/feed/@daily", Evidence(hosts={"daily.example": 9}))[0] == "pending"
    assert told("daily", url, SAME) == ("accepted", "entries")  # of the document that was accepted before
    # A blog on a host that many share has a name of its own, and that is its site.
    assert told("awa", url, Evidence(hosts={"awa.wordpress.com": 1})) == ("accepted", "entries")
    assert told("awa", url, Evidence(hosts={"nobody.wordpress.com": 1}))[0] == "pending"


def test_the_hosts_that_entries_link_to() -> None:
    def entry(link: str | None, guid: str | None = None) -> Entry:
        return make_entry(1, id=guid, links=(Link(link),) if link else ())

    entries = [
        entry("https://www.Daily.example/1"),
        entry("http://feedproxy.google.com/~r/daily/~3/x/", "http://daily.example/?p=2"),
        entry(None, "https://daily.example/3"),
        entry("https://stranger.example/4", "https://daily.example/4"),
        entry("http://feedproxy.google.com/~r/daily/~3/x/", "tag:5"),
        entry("http://[/"),
        entry(f"http://{'a' * 300}/"),
        entry(None),
    ]
    assert linked_hosts(entries) == {"daily.example": 3, "stranger.example": 1, "": 4}


def test_what_was_accepted_is_accepted_for_that_host_and_that_source_alone() -> None:
    accepted = {"accepted": ("https://new.stranger.example/feed",)}
    assert told("daily", "https://new.stranger.example/rss", **accepted) == ("accepted", "accepted")
    assert told("daily", "https://stranger.example/feed", **accepted)[0] == "pending"
    assert told("other", "https://new.stranger.example/feed")[0] == "pending"
    # Where publishers share a host, it is that address alone.
    accepted = {"accepted": ("https://medium.com/feed/@daily",)}
    assert told("daily", "http://medium.com/feed/@daily/", **accepted) == ("accepted", "accepted")
    assert told("daily", "https://medium.com/feed/@stranger", **accepted)[0] == "pending"


def test_a_source_that_moved_for_good_may_move_on_within_its_new_domain() -> None:
    assert told("daily", "https://b.stranger.example/", polled="https://a.stranger.example/") == ("accepted", "moved")
    assert told("daily", "https://medium.com/b", polled="https://medium.com/a")[0] == "pending"
    assert told("daily", "https://other.example/a", polled="https://other.example/a")[0] == "refused"


def test_what_was_in_force_before_is_accepted_once_it_is_seen_to_be_the_same() -> None:
    url = "https://stranger.example/feed"
    assert told("daily", url, None, unchecked=True) == ("undecided", "unknown")
    assert told("daily", url, Evidence(is_familiar=True), unchecked=True) == ("accepted", "in_force")
    assert told("daily", url, SAME, unchecked=True) == ("accepted", "in_force")
    assert told("daily", url, Evidence(), unchecked=True) == ("pending", "unknown")
    assert told("daily", url, SAME) == ("pending", "unknown")


def test_an_address_is_shown_in_ascii_and_cut_where_it_is_long() -> None:
    found = judge(f"https://stranger.example/\u202e\x9b\n{'a' * 9000}", origin_of("daily"), OWNERS)
    assert re.fullmatch(
        r"https://stranger\.example/%E2%80%AE%C2%9B%0Aa{200,300}\.\.\., which is not known to be .*", found.reason
    )


def test_an_address_of_another_publisher_on_the_way_counts_unless_the_way_leads_home() -> None:
    way = ("https://short.example/1", "https://other.example/feed?lang=fr")
    origin = origin_of("daily", accepted=("https://stranger.example/",))
    for url in ("https://stranger.example/feed", "http://feeds.feedburner.com/daily"):
        found = judge(url, origin, OWNERS, Evidence(hosts={"daily.example": 1}), way)
        assert found.state == "refused"
        assert found.reason == f"{url} by way of https://other.example/feed?lang=fr, an address of Other (other)"
    assert judge("https://daily.example/feed", origin, OWNERS, None, way).state == "accepted"
    assert judge("https://stranger.example/feed", origin, OWNERS, None, way[:1]).state == "accepted"


@every_row(
    ("longest", "every", "fresh_for", "hours"),
    [(24, None, None, 6), (24, 12, None, 12), (24, None, 9, 9), (24, None, 90, 24), (1, None, None, 1)],
)
def test_what_is_held_is_polled_calmly(longest: int, every: int | None, fresh_for: int | None, hours: int) -> None:
    source = replace(make_publisher().sources[0], every=every and every * HOUR)
    made = make_poll(source, outcome="pending", fresh_for=fresh_for and fresh_for * HOUR)
    before = Habits(url=FEED, failures=3, moved_to=STRANGER, moved_since=NOW - 6 * DAY)
    after, following = plan(made, before, Found(), Pace(settings=PollSettings(longest=longest * HOUR)))
    assert after == Habits(url=FEED)
    assert following.reason == "pending"
    assert hours * HOUR <= following.at - NOW <= hours * HOUR * 1.1


@every_row(
    ("host", "how"),
    [
        ("feeds.feedburner.com", ("feeds", None)),
        ("feedproxy.google.com", ("feeds", None)),
        ("sites.google.com", ("paths", None)),
        ("daily.wordpress.com", ("names", "daily.wordpress.com")),
        ("www.daily.wordpress.com", ("names", "daily.wordpress.com")),
        ("www.medium.com", ("names", None)),
        ("daily.blogspot.co.ke", ("names", "daily.blogspot.*")),
        ("daily.blogspot.com", ("names", "daily.blogspot.*")),
        ("google.com", None),
        ("notx.com", None),
        ("blogspot.daily.co.ke.example", None),
        ("com", None),
        ("", None),
    ],
)
def test_hosts_that_many_publishers_share(host: str, how: object) -> None:
    assert sharing(host) == how


def test_the_documentation_lists_the_hosts_that_many_share() -> None:
    for kind in ("feeds", "paths", "names"):
        (row,) = re.findall(rf"^\| `{kind}` \|[^|]*\|([^|]*)\|$", DOCS, re.MULTILINE)
        assert row.split() == [host for host, each in SHARED_HOSTS.items() if each == kind]


# Over HTTP


@contextmanager
def new_press() -> Iterator[Press]:
    with Press(now=NOW) as opened:
        opened.set_document(HOST, "/feed", feed(1, 2, 3))
        opened.set_document("other-example.example", "/feed", feed("o1", "o2"))
        opened.set_document("stranger.example", "/feed", feed("s1", "s2"))
        yield opened


@pytest.fixture
def press() -> Iterator[Press]:
    with new_press() as opened:
        yield opened


PUBLISHER = """
name = "{name}"
country = "ML"
kind = "newspaper"
languages = ["fr"]
homepage = "http://{key}.example/"
rights_profile = "quotation"
[[source]]
url = "http://{key}.example/feed"
key = "feed"
"""


@pytest.fixture
def trip(press: Press, tmp_path: Path) -> Trip:
    return new_trip(press, tmp_path)


def new_trip(press: Press, folder: Path) -> Trip:
    """Two publishers, which the files for the command have too."""
    config = folder / "config"
    (config / "publishers").mkdir(parents=True)
    (config / "wire.toml").write_text(WIRE)
    shutil.copy(ROOT / "config" / "rights.toml", config)
    (config / "publishers" / "test-wire.toml").write_text(OWN)
    publishers = (make_publisher(), make_publisher("other-example"))
    for each in publishers:
        (config / "publishers" / f"{each.key}.toml").write_text(PUBLISHER.format(key=each.key, name=each.name))
    return Trip(press, folder / "wire.db", publishers)


def redirect(trip: Trip, to: str, status: int = 301, path: str = "/feed", host: str = HOST) -> None:
    trip.press.misbehave(host, path, "redirect", status=status, location=to)


def poll(trip: Trip, after: timedelta = timedelta(0)) -> Poll:
    """The poll of the first publisher's source; all are polled."""
    trip.now += after
    return next(each for each in trip() if each.source.publisher == "daily-example")


def health(trip: Trip) -> tuple[object, ...]:
    return trip.rows(f"SELECT problem, advice, redirect, redirected_to FROM health WHERE source_name = '{SOURCE}'")[0]  # noqa: S608


def stored(trip: Trip) -> list[tuple[object, ...]]:
    return trip.rows("SELECT publisher, title FROM articles ORDER BY publisher, title")


def command(trip: Trip, *arguments: str) -> Result:
    options = ("--config", str(trip.place.parent / "config"), "--db", str(trip.place))
    return CliRunner().invoke(aggregator, [*options, *arguments])


OTHERS_OWN = [("other-example", "Report o1"), ("other-example", "Report o2")]


@pytest.mark.soak
@pytest.mark.parametrize("status", some([301, 303, 307, 308, 302], 2))
def test_a_redirect_to_another_publisher_stores_nothing_and_never_moves(trip: Trip, status: int) -> None:
    redirect(trip, OTHER, status)
    for _ in range(3):
        made = poll(trip, 4 * DAY)
        assert (made.outcome, made.http_status, made.new, made.next and made.next.reason) == (
            "pending",
            200,
            0,
            "pending",
        )
    assert stored(trip) == OTHERS_OWN
    kept = "SELECT url, old_url, moved_to, etag, last_modified, body_hash FROM sources ORDER BY source_id LIMIT 1"
    assert trip.rows(kept) == [(FEED, None, None, None, None, None)]
    said = f"its document came from {OTHER}, an address of Other Example (other-example)"
    advice = "another url, or enabled = false, in the file of daily-example"
    assert health(trip) == (f"refused: {said}", advice, "refused", OTHER)
    assert made.error == (
        f"{said}; nothing of it is stored; write another url, or enabled = false, into the file of daily-example"
    )
    answer = command(trip, "accept", SOURCE)
    assert answer.exit_code == 1
    assert f"{SOURCE}: {said}, and one publisher's reports are never carried under another's name" in answer.output
    assert poll(trip, DAY).outcome == "pending"


@pytest.mark.parametrize("status", [301, 307])
def test_a_redirect_to_a_stranger_is_held_and_heals_by_itself(trip: Trip, status: int) -> None:
    poll(trip)
    redirect(trip, STRANGER, status)
    for _ in range(4):
        made = poll(trip, 3 * DAY)
        assert (made.outcome, made.entries) == ("pending", 0)
        assert made.next is not None
        assert timedelta(hours=6) <= made.next.at - made.started <= timedelta(hours=6.6)
    assert len(stored(trip)) == 5
    held = f"pending: its document came from {STRANGER}, which is not known to be an address of Daily Example"
    assert health(trip) == (held, f"aggregator accept {SOURCE}", "pending", STRANGER)
    assert trip.rows("SELECT at FROM redirects") == [("2026-11-25T10:00:00Z",)]  # since when
    assert trip.rows("SELECT url, moved_to, failures FROM sources ORDER BY source_id LIMIT 1") == [(FEED, None, 0)]
    trip.press.behave(HOST, "/feed")
    trip.press.set_document(HOST, "/feed", feed(4, 3, 2))
    made = poll(trip, DAY)
    assert (made.outcome, made.new, made.gap) == ("ok", 1, None)
    assert health(trip)[0] is None
    assert trip.rows("SELECT * FROM redirects") == []


def test_what_failed_meanwhile_says_nothing_of_the_redirect(trip: Trip) -> None:
    redirect(trip, STRANGER)
    poll(trip)
    trip.press.misbehave(HOST, "/feed", "status", status=500)
    assert poll(trip, DAY).outcome == "failed"
    assert health(trip)[2:] == ("pending", STRANGER)
    assert trip.rows("SELECT failures FROM sources ORDER BY source_id LIMIT 1") == [(1,)]


def test_a_304_from_a_stranger_is_held_too(trip: Trip) -> None:
    poll(trip)
    trip.press.misbehave("stranger.example", "/feed", "lying_etag")
    redirect(trip, STRANGER, 302)
    made = poll(trip, DAY)
    assert (made.outcome, made.http_status) == ("pending", 304)
    assert trip.rows("SELECT last_success FROM sources ORDER BY source_id LIMIT 1") == [("2026-11-22T10:00:00Z",)]


@pytest.mark.parametrize("kind", ["feed", "jsonfeed", "wordpress", "sitemap"])
@pytest.mark.parametrize(("to", "rule"), [(OTHER, "refused"), (STRANGER, "pending")])
def test_every_kind_of_source_is_checked(trip: Trip, kind: str, to: str, rule: str) -> None:
    first, *others = trip.config.publishers
    source = replace(first.sources[0], kind=kind)
    trip.config = replace(trip.config, publishers=(replace(first, sources=(source,)), *others))
    redirect(trip, to, 302)
    assert poll(trip).outcome == "pending"
    assert health(trip)[2] == rule


@pytest.mark.soak
@pytest.mark.parametrize(
    ("steps", "state"),
    some(
        [
            ((f"http://{HOST}/new",), None),
            (("https://www.daily-example.example/feed",), None),
            (("http://bit.ly/1", f"http://feeds.{HOST}/2"), None),
            (("http://bit.ly/1", OTHER), "refused"),
            (("http://bit.ly/1", STRANGER), "pending"),
            ((OTHER, STRANGER), "refused"),
            ((OTHER, f"http://{HOST}/new"), None),
            ((f"http://{HOST}/a", f"http://{HOST}/b", OTHER), "refused"),
        ],
        4,
    ),
)
def test_where_a_chain_of_redirects_ends_decides(trip: Trip, steps: Sequence[str], state: str | None) -> None:
    at = FEED
    for step in steps:
        host, path = at.split("/")[2], "/" + at.split("/", 3)[3]
        redirect(trip, step, 302, path, host)
        at = step
    if state is None:
        trip.press.set_document(at.split("/")[2], "/" + at.split("/", 3)[3], feed(1, 2, 3))
    made = poll(trip)
    assert (made.outcome, health(trip)[2]) == ("pending", state) if state else (made.outcome, made.new) == ("ok", 3)


def test_a_source_does_not_move_to_an_address_of_another_publisher_on_the_way_home(trip: Trip) -> None:
    redirect(trip, OTHER, 301)
    redirect(trip, f"http://{HOST}/new", 302, host="other-example.example")
    trip.press.set_document(HOST, "/new", feed(1, 2, 3))
    for _ in range(3):
        assert poll(trip, 5 * DAY).outcome in ("ok", "not_modified")
    assert trip.rows("SELECT url, moved_to FROM sources ORDER BY source_id LIMIT 1") == [(FEED, None)]


def burn(trip: Trip, host: str = HOST, status: int = 302) -> None:
    """The feed is at FeedBurner now, and its entries link to `host`."""
    document = feed(1, 2, 3).replace(HOST.encode(), host.encode())
    trip.press.set_document("feeds.feedburner.com", "/daily-example", document)
    redirect(trip, BURNER, status)


def test_a_feed_host_whose_entries_link_home_is_accepted_and_moved_to(trip: Trip) -> None:
    burn(trip, status=301)
    outcomes = [poll(trip, 2 * DAY).outcome for _ in range(5)]
    assert outcomes == ["ok", *["not_modified"] * 4]
    assert trip.rows("SELECT url, old_url FROM sources ORDER BY source_id LIMIT 1") == [(BURNER, FEED)]
    # From then on as before: it is the entries that say whose feed it is.
    trip.press.set_document("feeds.feedburner.com", "/daily-example", feed(7, 8).replace(HOST.encode(), b"x.example"))
    made = poll(trip, DAY)
    assert made.outcome == "pending"
    assert made.error is not None
    assert "a host of many feeds, and most of its entries do not link to the site of Daily Example" in made.error
    trip.press.set_document("feeds.feedburner.com", "/daily-example", feed(9, 8, 7))
    assert poll(trip, DAY).new == 3


def test_a_feed_host_whose_entries_link_elsewhere_is_held(trip: Trip) -> None:
    burn(trip, "stranger.example")
    assert poll(trip).outcome == "pending"
    assert health(trip)[2:] == ("pending", BURNER)
    assert len(stored(trip)) == 2
    assert command(trip, "accept", SOURCE).exit_code == 0
    assert (poll(trip).outcome, len(stored(trip))) == ("ok", 5)


def json_feed(*numbers: object, older: str | None = None) -> bytes:
    items = [{"id": f"{n}", "url": f"http://{HOST}/{n}", "title": f"Report {n}", "content_text": "x"} for n in numbers]
    said = {"version": "https://jsonfeed.org/version/1.1", "title": "Daily", "items": items}
    return json.dumps(said | ({"next_url": older} if older else {})).encode()


@pytest.mark.parametrize(
    ("older", "why"),
    [
        (f"http://{HOST}/fr/feed", f"it is at http://{HOST}/fr/feed, an address of Other Example (other-example)"),
        (f"http://{HOST}/away", f"it came from http://{HOST}/fr/feed, an address of Other Example (other-example)"),
        (f"http://{HOST}/off", f"it came from {STRANGER}, which is not known to be an address of Daily Example"),
    ],
)
def test_older_pages_are_checked_where_they_are_and_where_they_redirect(trip: Trip, older: str, why: str) -> None:
    first, second = trip.config.publishers
    sharing_the_host = Source(publisher=second.key, key="feed", url=f"http://{HOST}/fr/feed")
    trip.config = replace(trip.config, publishers=(first, replace(second, sources=(sharing_the_host,))))
    trip.press.set_document(HOST, "/fr/feed", json_feed("o1", "o2"))
    trip.press.set_document(HOST, "/feed", json_feed(1, 2))
    redirect(trip, f"http://{HOST}/fr/feed", 302, "/away")
    redirect(trip, STRANGER, 302, "/off")
    poll(trip)
    trip.press.set_document(HOST, "/feed", json_feed(8, 9, older=older))
    made = poll(trip, HOUR)
    assert (made.outcome, made.new, made.gap, made.pages) == ("ok", 2, "open", 0)
    assert made.error == f"an older page could not be read: {why}"
    assert len(stored(trip)) == 6


def test_older_pages_of_an_accepted_address_are_read(trip: Trip) -> None:
    redirect(trip, STRANGER, 302)
    trip.press.set_document("stranger.example", "/feed", json_feed(1, 2))
    poll(trip)
    command(trip, "accept", SOURCE)
    assert poll(trip).new == 2
    trip.press.set_document("stranger.example", "/feed", json_feed(5, 6, older="http://stranger.example/2"))
    trip.press.set_document("stranger.example", "/2", json_feed(3, 4, 2))
    made = poll(trip, HOUR)
    assert (made.new, made.gap, made.pages) == (4, "closed", 1)


# Feeds that are found


def searched(trip: Trip, *links: str) -> None:
    trip.press.set_document(HOST, "/", html_page(*map(alternate, links)))
    first, *others = trip.config.publishers
    source = replace(first.sources[0], url=f"http://{HOST}/", kind="discover")
    trip.config = replace(trip.config, publishers=(replace(first, sources=(source,)), *others))


def test_a_feed_of_another_publisher_is_not_proposed(trip: Trip) -> None:
    searched(trip, OTHER)
    made = poll(trip)
    assert (made.outcome, made.proposal) == ("failed", None)
    assert made.error == f"the feed that was found is at {OTHER}, an address of Other Example (other-example)"
    searched(trip, OTHER, FEED)
    made = poll(trip)
    assert made.proposal is not None
    assert made.proposal.url == FEED


@pytest.mark.parametrize("status", [None, 302])
def test_a_proposal_that_is_polled_unasked_is_checked(trip: Trip, status: int | None) -> None:
    accept_discovered(trip)
    searched(trip, FEED if status else STRANGER)
    assert poll(trip).proposal is not None
    if status:
        redirect(trip, OTHER, status)
    made = poll(trip)
    assert made.outcome == "pending"
    assert health(trip)[2:] == (("refused", OTHER) if status else ("pending", STRANGER))
    if status is None:
        assert command(trip, "accept", SOURCE).exit_code == 0
        assert poll(trip).new == 2
        assert health(trip)[0] is None


# What a person accepts


def test_accept_lets_in_what_is_held_for_that_host_and_moves_after_a_week(trip: Trip) -> None:
    poll(trip)
    redirect(trip, STRANGER)
    poll(trip, DAY)
    answer = command(trip, "accept", SOURCE)
    assert answer.exit_code == 0
    assert answer.output == f"{SOURCE}: its documents may come from {STRANGER}; it is due now\n"
    assert health(trip)[2:] == ("person", STRANGER)
    made = poll(trip)
    assert (made.outcome, made.new) == ("ok", 2)
    assert "gap" in str(health(trip)[0])  # nothing that it listed before
    redirect(trip, "http://stranger.example/elsewhere", path="/feed", host="stranger.example")
    trip.press.set_document("stranger.example", "/elsewhere", feed("s3", "s2"))
    assert poll(trip, DAY).new == 1
    assert poll(trip, 8 * DAY).outcome == "not_modified"
    assert trip.rows("SELECT url, old_url FROM sources ORDER BY source_id LIMIT 1") == [
        ("http://stranger.example/elsewhere", FEED)
    ]
    redirect(trip, "http://stranger-two.example/", path="/elsewhere", host="stranger.example")
    trip.press.set_document("stranger-two.example", "/", feed("t1"))
    assert poll(trip, DAY).outcome == "pending"


def test_accept_says_when_nothing_is_held(trip: Trip) -> None:
    poll(trip)
    for name in (SOURCE, "daily-example"):
        answer = command(trip, "accept", name)
        assert answer.exit_code == 2
        assert f"nothing is held of '{name}'; `aggregator health` lists what is held, by source" in answer.output
    answer = command(trip, "accept", "nobody/nothing")
    assert answer.exit_code == 2
    assert "no publisher or source 'nobody/nothing' is known" in answer.output


def test_what_was_accepted_becomes_another_publishers(trip: Trip) -> None:
    redirect(trip, STRANGER)
    poll(trip)
    command(trip, "accept", SOURCE)
    assert poll(trip).new == 2
    stranger = make_publisher("stranger")
    trip.config = replace(trip.config, publishers=(*trip.config.publishers, stranger))
    assert poll(trip, DAY).outcome == "pending"
    assert health(trip)[2:] == ("refused", STRANGER)


def test_a_publishers_new_home_in_its_file_needs_no_person(trip: Trip) -> None:
    redirect(trip, STRANGER)
    assert poll(trip).outcome == "pending"
    first, *others = trip.config.publishers
    there = replace(first, homepage="https://www.stranger.example/")
    trip.config = replace(trip.config, publishers=(there, *others))
    assert poll(trip, DAY).new == 2
    assert health(trip)[2:] == (None, None)


def test_another_address_in_the_file_forgets_what_was_accepted(trip: Trip) -> None:
    redirect(trip, STRANGER)
    poll(trip)
    command(trip, "accept", SOURCE)
    poll(trip)
    first, *others = trip.config.publishers
    source = replace(first.sources[0], url=f"http://{HOST}/other")
    trip.config = replace(trip.config, publishers=(replace(first, sources=(source,)), *others))
    redirect(trip, STRANGER, path="/other")
    assert poll(trip, DAY).outcome == "pending"
    assert trip.rows("SELECT state FROM redirects") == [("pending",)]


def test_a_redirect_that_is_accepted_while_a_poll_is_under_way_stays_so(trip: Trip) -> None:
    redirect(trip, STRANGER)
    poll(trip)
    held = Redirection(url=STRANGER, state="pending", rule="unknown", reason=STRANGER)
    source = trip.config.publishers[0].sources[0]
    with Store.open(trip.place) as store:
        assert store.accept_redirect(SOURCE, trip.now) is not None
        record_polls(store, [(make_poll(source, outcome="pending", redirection=held), ())], NOW)
    assert trip.rows("SELECT state, accepted_by FROM redirects") == [("accepted", "person")]


def test_where_another_publisher_has_moved_to_is_its_address(trip: Trip) -> None:
    trip.press.set_document("new-other.example", "/feed", feed("o1", "o2"))
    redirect(trip, "http://new-other.example/feed", host="other-example.example")
    poll(trip)
    assert command(trip, "accept", "other-example/feed").exit_code == 0
    poll(trip)
    poll(trip, 8 * DAY)
    assert trip.rows("SELECT url FROM sources WHERE publisher = 'other-example'") == [
        ("http://new-other.example/feed",)
    ]
    redirect(trip, "https://www.new-other.example/feed/", 302)
    trip.press.set_document("www.new-other.example", "/feed/", feed("o1", "o2"))
    assert poll(trip, DAY).outcome == "pending"
    assert health(trip)[2] == "refused"


# The upgrade


@pytest.fixture(scope="module")
def polled_before(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A database that polled all once, as the version before redirects were checked left it."""
    with new_press() as press:
        trip = new_trip(press, tmp_path_factory.mktemp("before"))
        poll(trip)
    with closing(sqlite3.connect(trip.place)) as connection, connection:
        for (view,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'view'").fetchall():
            connection.execute(f'DROP VIEW "{view}"')
        old_words(connection)
        connection.execute("DROP TABLE redirects")
        connection.execute("ALTER TABLE sources DROP COLUMN redirect_unchecked")
        connection.execute("DELETE FROM _sqlite_migrations WHERE name = '0005_redirects'")
    return trip.place.read_bytes()


@pytest.fixture
def old(trip: Trip, polled_before: bytes) -> Trip:
    """`trip` with that database."""
    trip.place.write_bytes(polled_before)
    return trip


def changed(trip: Trip, statement: str) -> None:
    with closing(sqlite3.connect(trip.place)) as connection, connection:
        connection.execute(f"{statement} WHERE publisher = 'daily-example'")


def listed(trip: Trip) -> list[str]:
    """The lines of `health` that name an address which documents come from, in the list of what was in force."""
    printed = command(trip, "health").output.partition("were in force before redirects were checked")[2]
    return [line.split()[1] for line in printed.splitlines() if line.split()[:1] == [SOURCE]]


def migrated(trip: Trip) -> None:
    with Store.open(trip.place):
        pass


MOVED = "UPDATE sources SET old_url = url, url = 'http://stranger.example/feed'"
MOVING = "UPDATE sources SET moved_to = 'http://stranger.example/feed', moved_since = '2026-11-20T00:00:00Z'"


@pytest.mark.parametrize("before", [MOVED, MOVING])
def test_what_had_moved_or_was_moving_before_is_accepted_and_listed_once(old: Trip, before: str) -> None:
    changed(old, before)
    redirect(old, STRANGER)
    migrated(old)
    assert listed(old) == [STRANGER]
    assert listed(old) == []
    made = poll(old, DAY)  # nothing of it was known before
    assert (made.outcome, made.new) == ("ok", 2)
    assert health(old)[2:] == ("in_force", STRANGER)
    assert listed(old) == []
    poll(old, 8 * DAY)
    assert old.rows("SELECT url, old_url FROM sources ORDER BY source_id LIMIT 1") == [(STRANGER, FEED)]


@pytest.mark.parametrize(
    ("document", "validators", "outcome", "new"),
    [(feed(1, 2, 3), True, "not_modified", 0), (feed(1, 2, 3), False, "unchanged", 0), (feed(4, 3), True, "ok", 1)],
)
def test_a_temporary_redirect_from_before_is_known_by_its_document(
    old: Trip, document: bytes, validators: bool, outcome: str, new: int
) -> None:
    redirect(old, STRANGER, 302)
    old.press.set_document("stranger.example", "/feed", Resource(document, "text/xml", validators=validators))
    made = poll(old, DAY)
    assert (made.outcome, made.new) == (outcome, new)
    assert health(old)[2:] == ("in_force", STRANGER)
    assert listed(old) == [STRANGER]
    assert listed(old) == []
    old.press.set_document("stranger.example", "/feed", feed("s9"))
    assert poll(old, DAY).new == 1


def test_a_redirect_after_the_upgrade_was_not_in_force_before(old: Trip) -> None:
    redirect(old, STRANGER, 302)
    assert poll(old, DAY).outcome == "pending"  # other entries than those that the source had
    old.press.set_document("stranger.example", "/feed", feed(1, 2))
    assert poll(old, DAY).outcome == "pending"


def test_the_first_answer_after_the_upgrade_settles_what_was_in_force(old: Trip) -> None:
    changed(old, MOVING)
    poll(old, DAY)  # not redirected any more
    assert old.rows("SELECT redirect_unchecked FROM sources") == [(0,), (0,)]
    redirect(old, STRANGER)
    assert poll(old, DAY).outcome == "pending"
    assert listed(old) == []


@pytest.mark.soak
@pytest.mark.parametrize("before", some([MOVED, MOVING, None], 2))
def test_another_publishers_address_was_never_in_force(old: Trip, before: str | None) -> None:
    if before:
        changed(old, before.replace(STRANGER, OTHER))
    migrated(old)
    assert listed(old) == []
    redirect(old, OTHER)
    old.press.set_document("other-example.example", "/feed", feed(1, 2, 3))
    assert poll(old, DAY).outcome == "pending"
    assert health(old)[2:] == ("refused", OTHER)
    assert listed(old) == []


def test_what_a_file_accepts_is_not_listed(old: Trip) -> None:
    changed(old, MOVED.replace(STRANGER, f"https://www.{HOST}/feed"))
    migrated(old)
    assert listed(old) == []
    old.press.set_document(f"www.{HOST}", "/feed", feed(1, 2, 3))
    assert poll(old, DAY).outcome in ("ok", "unchanged", "not_modified")
    assert old.rows("SELECT * FROM redirects") == []
    assert listed(old) == []


def test_the_wire_has_each_report_once_under_its_own_publisher(trip: Trip) -> None:
    redirect(trip, OTHER)
    poll(trip)
    with Store.read(trip.place) as store:
        reports = store.latest(Selection())
    assert {(report.publisher, report.title) for report in reports} == set(OTHERS_OWN)

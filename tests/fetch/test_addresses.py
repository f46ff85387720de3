"""Private addresses are reached on hosts that stand in a publisher's own file, by that publisher's sources, and by
nobody's redirects and links; IANA's registries say what is private; of a name only a few addresses are tried.

Real servers on several addresses of this machine stand for the inside of a network.
"""

from __future__ import annotations

import asyncio
import ipaddress
import json
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from aggregator.demo import Press, Resource
from aggregator.fetch import Fetcher, written_by, written_in
from aggregator.fetch.addresses import is_public, is_written, refuse_private
from aggregator.fetch.first_addresses import MOST_ADDRESSES, first
from aggregator.model import Config, FetchResult, IdentityRules, Publisher, Source, Validators, Wire
from aggregator.model.errors import AddressRefused, FetchError, PressError
from aggregator.pipeline.pipeline import Pipeline
from aggregator.pipeline.probing import open_prober
from aggregator.store import Store
from tests.cli.test_cli import Desk
from tests.conftest import NOW, WIRE, examples, file_of, make_publisher, make_source
from tests.fetch.test_fetch import BODY, wire
from tests.pipeline.test_probing import alternate, page, whole
from tests.rows import every_row
from tests.test_trip import Trip, feed

HOUR = timedelta(hours=1)

# Both registries of special-purpose addresses, row by row, and whether a publisher's server may stand there.
# https://www.iana.org/assignments/iana-ipv4-special-registry/ and iana-ipv6-special-registry/, as of October 2025.
IPV4 = {
    "0.0.0.0/8": False, "0.0.0.0/32": False, "10.0.0.0/8": False, "100.64.0.0/10": False, "127.0.0.0/8": False,
    "169.254.0.0/16": False, "172.16.0.0/12": False, "192.0.0.0/24": False, "192.0.0.0/29": False,
    "192.0.0.8/32": False, "192.0.0.170/32": False, "192.0.0.171/32": False, "192.0.2.0/24": False,
    "192.88.99.0/24": False, "192.88.99.2/32": False, "192.168.0.0/16": False, "198.18.0.0/15": False,
    "198.51.100.0/24": False, "203.0.113.0/24": False, "240.0.0.0/4": False, "255.255.255.255/32": False,
    "192.0.0.9/32": False, "192.0.0.10/32": False,  # globally reachable, and no publisher's: PCP and TURN
    "192.31.196.0/24": True, "192.52.193.0/24": True, "192.175.48.0/24": True,  # globally reachable: AS112, AMT
}  # fmt: skip
IPV6 = {
    "::1/128": False, "::/128": False, "::ffff:0:0:0/96": False, "64:ff9b:1::/48": False, "100::/64": False,
    "100:0:0:1::/64": False, "2001::/23": False, "2001::/32": False, "2001:2::/48": False, "2001:db8::/32": False,
    "2001:10::/28": False, "2002::/16": False, "3fff::/20": False, "5f00::/16": False, "fc00::/7": False,
    "fe80::/10": False,
    "2001:1::1/128": False, "2001:1::2/128": False, "2001:1::3/128": False, "2001:3::/32": False,  # reachable, and
    "2001:4:112::/48": False, "2001:20::/28": False, "2001:30::/28": False,  # no publisher's: within 2001::/23
    "2620:4f:8000::/48": True,  # globally reachable: AS112
}  # fmt: skip
# In neither: what was given out once, what IANA keeps, multicast; and the inside of a cloud on a public address.
OTHERS = {
    "::/96": False, "fec0::/10": False, "224.0.0.0/4": False, "ff00::/8": False, "::/8": False, "4000::/3": False,
    "8000::/1": False, "168.63.129.16/32": False, "200::/7": False,
}  # fmt: skip
BLOCKS = {ipaddress.ip_network(block): public for block, public in {**IPV4, **IPV6, **OTHERS}.items()}
INSIDE = [block for block, public in BLOCKS.items() if not public]


def within(block: ipaddress.IPv4Network | ipaddress.IPv6Network) -> st.SearchStrategy[ipaddress.IPv4Address]:
    numbers = st.integers(int(block.network_address), int(block.broadcast_address))
    return numbers.map(type(block.network_address))


def assert_as_registered(ip: ipaddress.IPv4Address | ipaddress.IPv6Address, public: bool) -> None:
    for address in (str(ip), f"::ffff:{ip}") if ip.version == 4 else (str(ip),):
        if public:
            refuse_private(address, [])
            continue
        with pytest.raises(AddressRefused, match="not a public address"):
            refuse_private(address, [])


@every_row("block", BLOCKS, ids=str)
def test_what_is_public_is_what_the_registries_say(block: ipaddress.IPv4Network) -> None:
    assert_as_registered(block.network_address, BLOCKS[block])
    assert_as_registered(block.broadcast_address, BLOCKS[block])


@settings(max_examples=examples(300))
@given(st.data())
def test_all_of_a_block_is_as_it_is_registered(data: st.DataObject) -> None:
    block = data.draw(st.sampled_from(list(BLOCKS)))
    assert_as_registered(data.draw(within(block)), BLOCKS[block])


@given(st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6), within(ipaddress.ip_network("2000::/3"))))
def test_nothing_is_public_that_python_knows_for_private(ip: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    assert not is_public(ip) or (ip.is_global and not ip.is_multicast)


@every_row("address", ["93.184.215.14", "41.79.13.5", "2606:4700::6810:1", "2c0f:fb50:4002::1"])
def test_publishers_addresses_are_public(address: str) -> None:
    refuse_private(address, [])


def embedded(ip: ipaddress.IPv4Address) -> dict[str, str]:
    """An IPv4 address in every form of IPv6 that leads to it."""
    number = int(ip)
    high, low = number >> 16, number & 0xFFFF
    turned = number ^ 0xFFFF_FFFF
    return {
        "mapped": f"::ffff:{high:x}:{low:x}",
        "nat64": f"64:ff9b::{high:x}:{low:x}",
        "compatible": f"::{high:x}:{low:x}",
        "siit": f"::ffff:0:{high:x}:{low:x}",
        "local nat64": f"64:ff9b:1::{high:x}:{low:x}",
        "6to4": f"2002:{high:x}:{low:x}::1",
        "teredo server": f"2001:0:{high:x}:{low:x}::1",
        "teredo client": f"2001:0:c000:200::{turned >> 16:x}:{turned & 0xFFFF:x}",
        "isatap": f"2606:4700::5efe:{high:x}:{low:x}",
        "isatap, unique": f"2606:4700::200:5efe:{high:x}:{low:x}",
    }


@given(st.ip_addresses(v=4))
def test_an_address_within_another_is_as_private_as_by_itself(ip: ipaddress.IPv4Address) -> None:
    forms = {name: is_public(ipaddress.ip_address(address)) for name, address in embedded(ip).items()}
    # An IPv6-only network reaches every publisher by NAT64; what else leads to IPv4 has no server behind it.
    leads = {"mapped", "nat64", "isatap", "isatap, unique"}
    assert forms == {name: name in leads and is_public(ip) for name in forms}


@given(st.data())
def test_a_block_that_is_allowed_is_open_to_those_it_is_open_for(data: st.DataObject) -> None:
    block = data.draw(st.sampled_from(INSIDE))
    ip = str(data.draw(within(block)))
    refuse_private(ip, [block])
    with pytest.raises(AddressRefused, match="only for hosts that are named in the publisher's own file"):
        refuse_private(ip, [block], is_open=False)


def test_a_private_address_is_not_opened_by_the_block_of_another_form() -> None:
    block = ipaddress.ip_network("10.0.0.0/8")
    refuse_private("::ffff:10.0.0.1", [block])  # the same socket
    with pytest.raises(AddressRefused):
        refuse_private("64:ff9b::10.0.0.1", [block])  # a translator's network, which may be another


# Whose hosts these are


def test_hosts_are_those_in_the_publishers_file_with_their_ports() -> None:
    rules = IdentityRules(same_hosts=("intranet.example", "m.intranet.example"))
    urls = ("http://Feeds.Example.:8080/${KEY}/feed", "https://[::1]:8443/x", "http://127.0.0.1/y")
    sources = tuple(Source(publisher="x", key=str(n), url=url) for n, url in enumerate(urls))
    hosts = written_by(make_publisher(homepage="http://intranet.example/", sources=sources, identity=rules))
    for url in (
        "http://feeds.example:8080/", "http://feeds.example/", "https://feeds.example/z", "https://[0:0::1]:8443/",
        "http://127.0.0.1:80/", "https://m.intranet.example", "http://INTRANET.example/a", "https://127.0.0.1/",
    ):  # fmt: skip
        assert is_written(url, hosts), url
    for url in (
        "http://feeds.example:9200/", "http://intranet.example:8080/", "http://www.intranet.example/", "http://[::1]:1/",
        "http://127.0.0.1:8080/", "http://127.0.0.2/", "http://example/", "ftp://intranet.example/", "http://[", "",
        "http://intranet.example.evil.example/", "http://intranet.example@evil.example/", "http://127.0.0.1:x/",
    ):  # fmt: skip
        assert not is_written(url, hosts), url
    assert written_by(None) == frozenset()


# Over real servers

INTRANET, EVIL, THIRD = "127.0.0.2", "127.0.0.3", "127.0.0.4"


class Servers:
    """One server an address, each with a robots.txt that lets everybody in."""

    def __init__(self, stack: ExitStack) -> None:
        self.by_host = {}
        for host in (INTRANET, EVIL, THIRD):
            try:
                press = stack.enter_context(Press(now=NOW, host=host))
            except PressError:
                pytest.skip(f"this system has no {host}")
            press.set_document(host, "/robots.txt", Resource(b"User-agent: *\nAllow: /\n", "text/plain"))
            press.set_document(host, "/feed", feed(f"{host}-1", f"{host}-2"))
            self.by_host[host] = press

    def at(self, host: str, path: str = "/") -> str:
        return f"{self.by_host[host].url}{path}"

    def asked(self, host: str) -> list[str]:
        return [seen.path for seen in self.by_host[host].requests]


@pytest.fixture
def servers() -> Iterator[Servers]:
    with ExitStack() as stack:
        yield Servers(stack)


def of(servers: Servers, key: str, host: str, **source: object) -> Publisher:
    made = Source(publisher=key, key="feed", url=servers.at(host, "/feed"))
    return make_publisher(key, homepage=servers.at(host), sources=(replace(made, **source),))


@pytest.fixture
def trip(servers: Servers, tmp_path: Path) -> Trip:
    """The intranet of a publisher whom the operator opened it for, and another publisher, both private."""
    publishers = [of(servers, "ours", INTRANET), of(servers, "evil", EVIL)]
    made = Trip(servers.by_host[INTRANET], tmp_path / "wire.db", publishers)
    made.connect_to = lambda host: None
    return made


def outcomes(trip: Trip) -> dict[str, str]:
    return {poll.source.publisher: poll.error or poll.outcome for poll in trip()}


def test_each_publisher_is_polled_on_its_own_hosts(trip: Trip) -> None:
    assert outcomes(trip) == {"ours": "ok", "evil": "ok"}


def test_without_the_block_none_is(trip: Trip) -> None:
    trip.config = Config(wire=wire(allow_addresses=("10.0.0.0/8",)), publishers=trip.config.publishers)
    assert all("add its block to [fetch] allow_addresses" in said for said in outcomes(trip).values())


@pytest.mark.parametrize("status", [301, 302, 307])
def test_a_redirect_to_another_publishers_host_is_refused(trip: Trip, servers: Servers, status: int) -> None:
    """Also while a connection to that host is held open for whom it is open to: both are polled by one Fetcher."""
    servers.by_host[EVIL].misbehave(
        EVIL, "/feed", "redirect", status=status, location=servers.at(INTRANET, "/admin/delete?all=1")
    )
    servers.by_host[INTRANET].set_document(INTRANET, "/admin/delete?all=1", feed("internal"))
    for _ in range(2):
        said = outcomes(trip)
        assert said["ours"] in ("ok", "not_modified")
        assert "not for redirects and links to other hosts" in said["evil"]
        trip.now += HOUR
    assert not [path for path in servers.asked(INTRANET) if path.startswith("/admin")]
    assert trip.rows("SELECT DISTINCT publisher FROM articles") == [("ours",)]


def test_a_redirect_to_another_port_of_its_own_host_is_refused(trip: Trip, servers: Servers) -> None:
    """Where another service of the same machine listens: a database, a console."""
    with Press(now=NOW, host=INTRANET) as console:
        servers.by_host[INTRANET].misbehave(
            INTRANET, "/feed", "redirect", status=302, location=f"{console.url}/_shutdown"
        )
        assert "not for redirects and links" in outcomes(trip)["ours"]
        assert console.requests == ()


def test_a_redirect_within_its_own_host_is_followed(trip: Trip, servers: Servers) -> None:
    servers.by_host[INTRANET].misbehave(INTRANET, "/feed", "redirect", status=302, location="/new")
    servers.by_host[INTRANET].set_document(INTRANET, "/new", feed(1))
    assert outcomes(trip)["ours"] == "ok"


def test_a_redirect_to_another_host_of_its_own_file_is_followed(trip: Trip, servers: Servers) -> None:
    ours, evil = trip.config.publishers
    trip.config = replace(trip.config, publishers=(replace(ours, homepage=servers.at(THIRD)), evil))
    servers.by_host[INTRANET].misbehave(INTRANET, "/feed", "redirect", status=302, location=servers.at(THIRD, "/feed"))
    assert outcomes(trip)["ours"] == "ok"
    assert servers.asked(THIRD) == ["/feed"]


def test_a_robots_txt_leads_nowhere_else(trip: Trip, servers: Servers) -> None:
    """And keeps nobody from the feed that the operator wrote."""
    servers.by_host[EVIL].misbehave(
        EVIL, "/robots.txt", "redirect", status=302, location=servers.at(INTRANET, "/admin")
    )
    assert outcomes(trip) == {"ours": "ok", "evil": "ok"}
    assert "/admin" not in servers.asked(INTRANET)


def test_an_address_in_the_database_opens_nothing(trip: Trip, servers: Servers) -> None:
    """A source that has moved is asked where a server said, and the operator did not write that."""
    outcomes(trip)
    with Store.open(trip.place) as store, file_of(store) as connection:
        connection.execute(
            "UPDATE sources SET old_url = url, url = ? WHERE publisher = 'evil'", (servers.at(INTRANET, "/admin"),)
        )
    trip.now += HOUR
    assert "not for redirects and links" in outcomes(trip)["evil"]
    assert "/admin" not in servers.asked(INTRANET)


def names_a_feed(servers: Servers) -> None:
    servers.by_host[EVIL].set_document(EVIL, "/feed", page(alternate(servers.at(INTRANET, "/admin"))))


def names_a_sitemap(servers: Servers) -> None:
    servers.by_host[EVIL].set_document(EVIL, "/feed", page())
    robots = f"User-agent: *\nAllow: /\nSitemap: {servers.at(INTRANET, '/admin/news.xml')}\n"
    servers.by_host[EVIL].set_document(EVIL, "/robots.txt", Resource(robots.encode(), "text/plain"))


def redirects_its_page(servers: Servers) -> None:
    servers.by_host[EVIL].misbehave(EVIL, "/feed", "redirect", location=servers.at(INTRANET, "/admin"))


@pytest.mark.parametrize("way", [names_a_feed, names_a_sitemap, redirects_its_page])
def test_a_site_that_is_searched_leads_nowhere_else(
    trip: Trip, servers: Servers, way: Callable[[Servers], None]
) -> None:
    ours, _ = trip.config.publishers
    trip.config = replace(trip.config, publishers=(ours, of(servers, "evil", EVIL, kind="discover")))
    way(servers)
    for path in ("/admin", "/admin/news.xml"):
        servers.by_host[INTRANET].set_document(INTRANET, path, whole(1, 2))
    trip()
    assert servers.asked(EVIL)
    assert not [path for path in servers.asked(INTRANET) if path.startswith("/admin")]
    assert trip.rows("SELECT proposed FROM sources WHERE publisher = 'evil'") == [(None,)]


def test_what_is_refused_to_one_is_open_to_the_other_a_moment_later(servers: Servers) -> None:
    """Nothing is remembered of a site that was not asked, least of all that it does not answer for its robots.txt."""
    url = servers.at(INTRANET, "/1")
    servers.by_host[INTRANET].set_document(INTRANET, "/1", Resource(b"<html>Words</html>", "text/html"))

    async def visit() -> int:
        async with Fetcher(WIRE) as fetcher:
            with pytest.raises(AddressRefused):
                await fetcher.page(url, Validators(), NOW, written_by(of(servers, "evil", EVIL)))
            first = await fetcher.page(url, Validators(), NOW, written_by(of(servers, "ours", INTRANET)))
            with pytest.raises(AddressRefused):  # also while the connection of the visit before is held open
                await fetcher.page(url, Validators(), NOW, written_by(of(servers, "evil", EVIL)))
            return first.http_status

    assert asyncio.run(visit()) == 200
    assert servers.asked(INTRANET) == ["/robots.txt", "/1"]


def item(url: str) -> str:
    return f"<item><title>{url}</title><link>{url}</link><guid>{url}</guid></item>"


def visits(trip: Trip) -> list[str]:
    trip.now += HOUR

    async def run(store: Store) -> list[str]:
        async with Pipeline(trip.config, store, lambda: trip.now) as pipeline:
            return [finding.result for finding in await pipeline.recheck(20, 20)]

    with Store.open(trip.place) as store:
        return asyncio.run(run(store))


def test_pages_of_reports_are_visited_on_its_own_hosts_alone(trip: Trip, servers: Servers) -> None:
    paid = servers.at(INTRANET, "/pay?to=mallory")
    servers.by_host[EVIL].set_document(EVIL, "/feed", feed(extra=item(paid) + item(servers.at(EVIL, "/1"))))
    servers.by_host[INTRANET].set_document(INTRANET, "/feed", feed(extra=item(servers.at(INTRANET, "/1"))))
    for host in (INTRANET, EVIL):
        servers.by_host[host].set_document(host, "/1", Resource(b"<html>Words</html>", "text/html"))
    trip()
    assert visits(trip) == ["200", "200"]
    assert "/1" in servers.asked(INTRANET)
    assert "/1" in servers.asked(EVIL)
    assert not [path for path in servers.asked(INTRANET) if path.startswith("/pay")]


def test_a_page_that_redirects_leads_nowhere_else(trip: Trip, servers: Servers) -> None:
    servers.by_host[EVIL].set_document(EVIL, "/feed", feed(extra=item(servers.at(EVIL, "/1"))))
    servers.by_host[EVIL].misbehave(EVIL, "/1", "redirect", status=302, location=servers.at(INTRANET, "/pay"))
    trip()
    visits(trip)
    assert "/1" in servers.asked(EVIL)
    assert "/pay" not in servers.asked(INTRANET)


def test_a_look_at_a_source_is_open_as_its_polls_are(servers: Servers) -> None:
    publishers = (of(servers, "ours", INTRANET), of(servers, "evil", EVIL))
    servers.by_host[EVIL].misbehave(EVIL, "/feed", "redirect", status=302, location=servers.at(INTRANET, "/feed"))

    async def look() -> list[str]:
        async with open_prober(WIRE, lambda: NOW, publishers=publishers) as prober:
            return [(await prober.look(publisher.sources[0])).state for publisher in publishers]

    assert asyncio.run(look()) == ["fine", "dead"]
    assert servers.asked(INTRANET) == ["/robots.txt", "/feed", "/feed"]  # the second sends the validators


def test_probe_is_open_on_the_host_that_is_typed_and_on_no_other(servers: Servers, tmp_path: Path) -> None:
    desk = Desk(tmp_path, servers.by_host[THIRD])
    servers.by_host[EVIL].set_document(EVIL, "/", page(alternate(servers.at(INTRANET, "/feed")), alternate("/feed")))
    told = json.loads(desk("probe", "--json", servers.at(EVIL)))
    assert [found_feed["url"] for found_feed in told["feeds"]] == [servers.at(EVIL, "/feed")]
    assert servers.asked(INTRANET) == []
    assert "not for redirects and links" in json.dumps(told["tried"])


def test_whoever_says_where_to_connect_has_opened_that_address(servers: Servers) -> None:
    """The demo's hosts stand for the press, whoever names them; the block has to be allowed all the same."""
    address = servers.by_host[THIRD].address
    servers.by_host[THIRD].set_document("a.example", "/feed", BODY)

    async def ask(settings: Wire) -> FetchResult:
        url = "http://a.example/feed"
        async with Fetcher(settings, lambda host: address) as fetcher, fetcher.turn(url) as turn:
            return await fetcher.get(make_source(url), Validators(), turn)

    assert asyncio.run(ask(WIRE)).body == BODY
    with pytest.raises(AddressRefused):
        asyncio.run(ask(wire(allow_addresses=())))


# Names with many addresses


def resolve_to(monkeypatch: pytest.MonkeyPatch, *addresses: tuple[socket.AddressFamily, str], port: int) -> None:
    """What the system says of every name, as a hostile name server can have it say."""

    def found(host: str, *rest: object, **options: object) -> list[tuple[object, ...]]:
        where = {socket.AF_INET: (port,), socket.AF_INET6: (port, 0, 0)}
        return [(family, socket.SOCK_STREAM, 6, "", (ip, *where[family])) for family, ip in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", found)


def ask_many(port: int) -> FetchResult:
    url = f"http://many.example:{port}/feed"

    async def ask() -> FetchResult:
        settings = wire(allow_addresses=("127.0.0.0/8", "::1/128"))
        async with Fetcher(settings) as fetcher, fetcher.turn(url, written_in([url])) as turn:
            return await fetcher.get(make_source(url), Validators(), turn)

    return asyncio.run(ask())


V4, V6 = socket.AF_INET, socket.AF_INET6


@pytest.mark.parametrize("place", [0, MOST_ADDRESSES - 1, MOST_ADDRESSES, 2_000])
def test_of_a_name_with_thousands_of_addresses_the_first_are_tried(monkeypatch: pytest.MonkeyPatch, place: int) -> None:
    with Press(now=NOW) as press:
        host, port = press.address
        press.set_document("many.example", "/feed", BODY)
        silent = [(V4, f"127.1.{n // 250}.{n % 250 + 1}") for n in range(3_000)]
        resolve_to(monkeypatch, *silent[:place], (V4, host), *silent[place:], port=port)
        if place < MOST_ADDRESSES:
            assert ask_many(port).body == BODY
            return
        with pytest.raises(FetchError):
            ask_many(port)
        assert press.requests == ()


def test_many_addresses_of_one_family_leave_room_for_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    with Press(now=NOW) as press:
        host, port = press.address
        press.set_document("many.example", "/feed", BODY)
        resolve_to(monkeypatch, *[(V6, "fd00::1")] * 1_000, (V4, host), port=port)
        assert ask_many(port).body == BODY


@given(st.lists(st.sampled_from([V4, V6]), max_size=40))
def test_the_first_addresses_are_of_all_families_in_the_systems_order(families: list[socket.AddressFamily]) -> None:
    found = [
        {"hostname": "a", "host": str(n), "port": 80, "family": family, "proto": 6, "flags": 0}
        for n, family in enumerate(families)
    ]
    kept = first(found)
    assert len(kept) == min(len(found), MOST_ADDRESSES)
    for family in (V4, V6):
        mine = [each["host"] for each in found if each["family"] == family]
        of_kept = [each["host"] for each in kept if each["family"] == family]
        assert of_kept == mine[: len(of_kept)]
        assert len(of_kept) >= min(len(mine), MOST_ADDRESSES // 2)
    assert kept[:1] == found[:1]


# Hosts in the operator's files

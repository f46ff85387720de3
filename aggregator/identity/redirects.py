"""Whether a document may be stored under its publisher's name, although it came from another address than the one in
that publisher's file. Pure. docs/redirects.md says the same for people.

What is compared is where a chain of redirects ended, and the address where older pages or a feed that was found are. An
address of another publisher on the way counts too, unless the chain comes back to what is the publisher's own.
"""

from __future__ import annotations

import ipaddress
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from posixpath import dirname, normpath
from typing import cast
from urllib.parse import quote, unquote, urlsplit

from msgspec import Struct, field

from aggregator.identity.shared_hosts import sharing
from aggregator.model import Publisher, Redirection
from aggregator.text.urls import domain_of, host_of, page_of

_LONGEST_SHOWN = 300  # characters of an address in a message
_PRINTED = "".join(map(chr, range(0x21, 0x7F)))


class _Place(Struct, frozen=True):
    """An address in the forms in which addresses are compared."""

    url: str
    host: str  # as `host_of`; with the port where no registrable domain says whose it is
    site: str | None  # the part of the host that is one publisher's; None: many publishers share the host by path
    path: str  # without a slash at its end
    is_feed_host: bool

    @property
    def address(self) -> str:
        """Equal for addresses that one server answers alike."""
        return page_of(self.url)

    @property
    def loosely(self) -> str:
        """The address without regard to capital letters anywhere. Two that are equal so may yet be two documents, so
        this only ever refuses.
        """
        return page_of(self.address.casefold())


def _place(url: str) -> _Place | None:
    """None: it is no address of http or https."""
    host = host_of(url)
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not host:
        return None
    shared = sharing(host)
    site = shared[1] if shared else domain_of(host)
    netloc = f"[{host}]" if ":" in host else host
    if port not in (None, 80, 443):
        netloc = f"{netloc}:{port}"
        if site == host and _has_no_domain(host):
            host = site = netloc
    # A server may answer `/a/../b` and `/%62` as it does `/b`.
    path = normpath(f"/{unquote(parts.path).lstrip('/')}")
    written = parts._replace(netloc=netloc, path=quote(path)).geturl()
    return _Place(written, host, site, path.rstrip("/"), shared is not None and shared[0] == "feeds")


def _has_no_domain(host: str) -> bool:
    """An IP address, or a name of the local network: its ports may be different servers of different people."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return "." not in host
    return True


# Whose an address is


class Owners(Struct, frozen=True, dict=True):  # dict: where `cached_property` keeps its value
    """Whose addresses are whose. The tables are made when the first redirect to another site is met, or by
    `prepare`.

    `polled` has the addresses that are polled instead of those in the files, each behind its publisher's key: sources
    that moved for good, and feeds that were found.
    """

    publishers: tuple[Publisher, ...]
    polled: tuple[tuple[str, str], ...] = ()

    def other_than(self, key: str, url: str) -> Publisher | None:
        """The other publisher whose address this is: its source, below its homepage's path, on its host, or on its
        domain. None: nobody's, or one of the publisher `key` as well.
        """
        place = _place(url)
        if place is None:
            return None
        found = _other(self._tables.addresses.get(place.loosely, ()), key)
        found = found or self._owner_of_path(place, key)
        if found is None and place.site is not None:
            for keys in (self._tables.hosts.get(place.host, ()), self._tables.sites.get(place.site, ())):
                if keys:
                    found = None if key in keys else keys[0]
                    break
        return self._tables.by_key[found] if found else None

    def _owner_of_path(self, place: _Place, key: str) -> str | None:
        """Where publishers share a host and have homepages below it, the longest path that the address is below. What
        is beside a source of the publisher itself is its own.
        """
        path, areas = f"{place.path}/".casefold(), self._tables.areas.get(place.host, ())
        below = [
            (len(area), owner)
            for area, owner, is_homepage in areas
            if (is_homepage or owner == key) and path.startswith(f"{area}/")
        ]
        longest = max((length for length, _ in below), default=0)
        return _other([owner for length, owner in below if length == longest], key)

    def prepare(self) -> Iterator[None]:
        """Makes the tables, a publisher at a time: for thousands it takes a second, and whoever has other things to do
        can do them in between.
        """
        if "_tables" in self.__dict__:
            return
        tables = _Tables({publisher.key: publisher for publisher in self.publishers})
        for publisher in self.publishers:
            tables.add(publisher)
            yield
        for key, url in self.polled:
            if key in tables.by_key and (place := _place(url)):
                tables.addresses[place.loosely].append(key)
            yield
        self.__dict__["_tables"] = tables

    @cached_property
    def _tables(self) -> _Tables:
        for _ in self.prepare():
            pass
        return cast(_Tables, self.__dict__["_tables"])


def _other(keys: Sequence[str], key: str) -> str | None:
    """The first of the keys, unless the publisher's own is among them."""
    return keys[0] if keys and key not in keys else None


class _Tables(Struct, frozen=True):
    """The keys of the publishers that have an address, a host, a site, or a homepage or source at a path of a host."""

    by_key: Mapping[str, Publisher]
    addresses: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    hosts: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    sites: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    areas: dict[str, list[tuple[str, str, bool]]] = field(default_factory=lambda: defaultdict(list))

    def add(self, publisher: Publisher) -> None:
        key = publisher.key
        homepage = _place(publisher.homepage)
        sources = [_place(source.url) for source in publisher.sources]
        same = [_place(f"https://{host}/") for host in publisher.identity.same_hosts]
        for place in filter(None, (homepage, *sources, *same)):
            if place.site is not None:
                self.hosts[place.host].append(key)
                self.sites[place.site].append(key)
        for place in filter(None, sources):
            self.addresses[place.loosely].append(key)
            self.areas[place.host].append((dirname(place.path).casefold().rstrip("/"), key, False))
        if homepage and homepage.path:
            self.areas[homepage.host].append((homepage.path.casefold(), key, True))


def is_on_site(url: str, addresses: Iterable[str]) -> bool:
    """Whether an address is on the host, or below the registrable domain, of one of these; ports of IP addresses and of
    names without a domain count. Where many publishers share a host, only that host counts.
    """
    place = _place(url)
    if place is None:
        return False
    known = filter(None, map(_place, addresses))
    return any(place.host == each.host or (each.site is not None and place.site == each.site) for each in known)


def addresses_of(publisher: Publisher) -> list[str]:
    """What its file says: homepage, sources, `same_hosts`."""
    same = (f"https://{host}/" for host in publisher.identity.same_hosts)
    return [publisher.homepage, *(source.url for source in publisher.sources), *same]


# Whether its document may be stored


class Origin(Struct, frozen=True, kw_only=True):
    """What a source's documents are expected to come from."""

    publisher: Publisher
    configured: str  # the address in its publisher's file
    polled: str  # another one where it moved for good
    accepted: tuple[str, ...] = ()  # addresses, by a person or because they were in force before
    unchecked: bool = False  # polled before redirects were checked, and no answer since


class Evidence(Struct, frozen=True, kw_only=True):
    """What the document itself says of where it belongs."""

    # How many of its entries link to each host, '' for none; as `identity.shared_hosts.linked_hosts`.
    hosts: Mapping[str, int] = field(default_factory=dict)
    is_familiar: bool = False  # it lists something that the source listed before
    is_same: bool = False  # nothing has changed since the last document that was accepted, so nothing is stored


SAME = Evidence(is_familiar=True, is_same=True)


def judge(
    url: str, origin: Origin, owners: Owners, evidence: Evidence | None = None, redirects: Sequence[str] = ()
) -> Redirection:
    """Whether a document from `url` may be stored. `evidence` None: it has not been read yet; the state is `undecided`
    where that matters. `redirects`: the addresses that led there.
    """
    rule = _own_rule(url, origin)
    if rule == "configured":
        return Redirection(url=url, state="accepted", rule=rule)
    for address in (url, *(() if rule else redirects)):
        if other := owners.other_than(origin.publisher.key, address):
            return _refused(url, address, other)
    rule = rule or _accepted_rule(url, origin)
    if rule is None and (_is_feed_host(url) or origin.unchecked):
        if evidence is None:
            return Redirection(url=url, state="undecided", rule="unknown")
        rule = _rule_by_evidence(url, origin, evidence)
    if rule is None:
        return _held(url, origin)
    return Redirection(url=url, state="accepted", rule=rule)


def _own_rule(url: str, origin: Origin) -> str | None:
    """The rule by which an address is the publisher's own, by its file alone."""
    if url == origin.configured:
        return "configured"
    place, publisher = _place(url), origin.publisher
    if place is None:
        return None
    configured = [_place(address) for address in (origin.configured, *(source.url for source in publisher.sources))]
    if any(each and each.address == place.address for each in configured):
        return "configured"
    if place.site is None:
        return None
    if configured[0] and place.site == configured[0].site:
        return "domain"
    homepage = _place(publisher.homepage)
    if homepage and place.site == homepage.site:
        return "homepage"
    same_hosts = {host_of(f"https://{host}/") for host in publisher.identity.same_hosts}
    return "same_hosts" if place.host in same_hosts else None


def _accepted_rule(url: str, origin: Origin) -> str | None:
    """The rule by which an address is accepted for this source alone: for its whole host, or where publishers share the
    host, for exactly this address. Where a source moved for good it may move on within the new domain.
    """
    if any(_is_same_target(url, accepted) for accepted in origin.accepted):
        return "accepted"
    place, polled = _place(url), _place(origin.polled)
    return "moved" if place and polled and place.site is not None and place.site == polled.site else None


def _is_same_target(one: str, other: str) -> bool:
    first, second = _place(one), _place(other)
    if first is None or second is None:
        return False
    return first.address == second.address if first.site is None else first.host == second.host


def _is_feed_host(url: str) -> bool:
    place = _place(url)
    return place is not None and place.is_feed_host


def _rule_by_evidence(url: str, origin: Origin, evidence: Evidence) -> str | None:
    if _is_feed_host(url) and (evidence.is_same or _links_home(evidence.hosts, origin)):
        return "entries"
    return "in_force" if origin.unchecked and evidence.is_familiar else None


def _links_home(hosts: Mapping[str, int], origin: Origin) -> bool:
    """Whether more than half of all entries link to what is the publisher's own."""
    home = sum(count for host, count in hosts.items() if host and _own_rule(f"https://{host}/", origin))
    return home * 2 > sum(hosts.values())


# For people


def _refused(url: str, address: str, other: Publisher) -> Redirection:
    by_way_of = "" if address == url else f" by way of {_shown(address)}"
    said = f"{_shown(url)}{by_way_of}, an address of {other.name} ({other.key})"
    return Redirection(url=url, state="refused", rule="another_publisher", reason=said)


def _held(url: str, origin: Origin) -> Redirection:
    name = origin.publisher.name
    if _is_feed_host(url):
        why = f"a host of many feeds, and most of its entries do not link to the site of {name}"
    else:
        why = f"which is not known to be an address of {name}"
    return Redirection(url=url, state="pending", rule="unknown", reason=f"{_shown(url)}, {why}")


def _shown(url: str) -> str:
    """An address that a server wrote, in ASCII, and not longer than anybody reads."""
    plain = quote(url, safe=_PRINTED)
    return plain if len(plain) <= _LONGEST_SHOWN else f"{plain[:_LONGEST_SHOWN]}..."

"""Looks for what publishers say to machines: in what polls and visits bring anyway, and once a day in tdmrep.json and
documents of RSL. What it means is for `rights`.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeVar

from msgspec import Struct
from msgspec.structs import replace

from aggregator.fetch import Fetcher, Hosts, written_by
from aggregator.fetch.redirects import origin_of
from aggregator.fetch.robots import text_of
from aggregator.model import FetchResult, PageVisit, Publisher, Recheck, RobotsCopy, Source
from aggregator.model.errors import FetchError, ParseError
from aggregator.model.signals import RSL_TYPE, Looked, Signal, SignalFile, SignalPlace
from aggregator.pipeline.on_store import OnStore
from aggregator.pipeline.worker import named
from aggregator.pipeline.workers import Workers
from aggregator.rights import signal_forms
from aggregator.text.link_field import links_of_field
from aggregator.text.urls import domain_of_url

log = logging.getLogger("aggregator.signals")

T = TypeVar("T")

EVERY = timedelta(hours=24)  # so seldom a document is asked for
TDMREP = "/.well-known/tdmrep.json"
_AT_ONCE = 16  # sites
_MOST_RSL = 3  # documents of a publisher


class Site(Struct, frozen=True):
    """A site that speaks for a publisher."""

    publisher: str
    origin: str
    hosts: Hosts


# By publisher, place and address: what was there when it was looked at last, and when that was stored.
_Noted = dict[tuple[str, str, str], tuple[frozenset[Signal], datetime]]


@dataclass
class SignalReader:
    """Remembers what was seen last, so that a poll that brings the same writes nothing. One event loop."""

    fetcher: Fetcher
    workers: Workers
    on_store: OnStore
    token: str  # the product token of RFC 9309
    clock: Callable[[], datetime]
    _noted: _Noted | None = None
    _robots: dict[str, tuple[datetime, tuple[Signal, ...], tuple[str, ...]]] = field(default_factory=dict)
    _named: dict[str, dict[str, str]] = field(default_factory=dict)  # documents of RSL by publisher: whom each is of

    async def of_poll(self, source: Source, result: FetchResult | None) -> None:
        """Notes what the robots.txt of the source's site says, and the fields of its answer. Raises StoreError."""
        looks = await self._of_robots(source.publisher, source.url)
        if result is not None:
            found = signal_forms.of_headers(result.headers, source.url)
            if found or result.http_status != 304:  # a 304 need not repeat what the answer before said
                looks.append(_looked(source.publisher, "header", source.url, source.url, found))
            self._note_rsl(source.publisher, links_of_fields(result.headers, result.url), source.url)
        await self.note(looks)

    async def of_page(self, recheck: Recheck, visit: PageVisit) -> None:
        """Notes what the page of a report says, by its fields and by its head. Raises StoreError."""
        if not 200 <= visit.http_status < 300:
            return
        publisher, url = recheck.publisher, recheck.url
        places: list[tuple[SignalPlace, tuple[Signal, ...]]] = [("header", signal_forms.of_headers(visit.headers, url))]
        named = links_of_fields(visit.headers, visit.url)
        if visit.head:
            found, licences = await self._parsed(((), ()), "of_head", visit.head, visit.url, url)
            places.append(("meta", found))
            named += licences
        self._note_rsl(publisher, named, url)
        await self.note(await self._of_robots(publisher, url))
        looks = [replace(_looked(publisher, place, url, url, found), article_id=recheck.article_id)
                 for place, found in places]  # fmt: skip
        now = self.clock()
        await self.on_store(lambda store: store.note_signals(looks, now))

    async def note(self, looks: Iterable[Looked]) -> None:
        """Stores what is not known yet, and once a day that it is still there. Raises StoreError."""
        noted = await self._known()
        now, due = self.clock(), list[Looked]()
        changed: _Noted = {}
        for look in looks:
            key, here = (look.publisher, look.place, look.url), frozenset(look.signals)
            before, seen = noted.get(key, (frozenset(), now))
            if here != before or (here and now - seen > EVERY):
                due.append(look)
                changed[key] = here, now
        if due:
            await self.on_store(lambda store: store.note_signals(due, now))
            noted |= changed

    async def _known(self) -> _Noted:
        """What the store has, read once."""
        if self._noted is None:
            noted: _Noted = {}
            for each in await self.on_store(lambda store: store.signals()):
                key = (each.publisher, each.signal.place, each.signal.url)
                before, seen = noted.get(key, (frozenset(), each.last_seen))
                noted[key] = (before | {each.signal}, min(seen, each.last_seen))
            if self._noted is None:  # another poll may have read it meanwhile
                self._noted = noted
        return self._noted

    async def _of_robots(self, publisher: str, url: str) -> list[Looked]:
        """What the robots.txt at hand says; each copy is read once. Nothing where there is none at hand, or the site
        did not answer for it.
        """
        copy = await self.fetcher.robots_at_hand(url, self.clock())
        if copy is None or copy.http_status is None or copy.http_status >= 500 or copy.http_status == 429:
            return []
        known = self._robots.get(copy.origin)
        if known is None or known[0] != copy.fetched_at:
            is_there = 200 <= copy.http_status < 300
            said = await asyncio.to_thread(_robots, copy, self.token) if is_there else ((), ())
            known = self._robots[copy.origin] = (copy.fetched_at, *said)
        _, found, licences = known
        self._note_rsl(publisher, licences, copy.origin)
        return [_looked(publisher, "robots", f"{copy.origin}/robots.txt", copy.origin, found)]

    def _note_rsl(self, publisher: str, urls: Iterable[str], of: str) -> None:
        known = self._named.setdefault(publisher, {})
        for url in urls:
            if len(known) < _MOST_RSL:
                known.setdefault(url, of)

    # Once a day

    async def read_files(self, publishers: Iterable[Publisher], most: int, only: Iterable[str] | None = None) -> int:
        """Asks sites for the documents that were not asked for within a day, at most so many; returns how many. `only`:
        of these origins, what their robots.txt named. Raises StoreError. A site that has none, or does not answer, is
        asked again a day later.
        """
        now = self.clock()
        sites = [site for each in publishers if each.enabled for site in sites_of(each)]
        if only is not None:
            those = set(only)
            sites = [site for site in sites if site.origin in those]
        by_url = {site.origin + TDMREP: site for site in sites}
        asked = await self.on_store(lambda store: store.signal_files_asked_since(list(by_url), now - EVERY))
        due = [(url, site) for url, site in by_url.items() if url not in asked][:most]
        room = asyncio.Semaphore(_AT_ONCE)

        async def read(url: str, site: Site) -> None:
            async with room:
                await self._read_site(url, site, now)

        await asyncio.gather(*(read(url, site) for url, site in due))
        return len(due) + await self._read_rsl({site.publisher: site.hosts for site in sites}, now, most)

    async def _read_site(self, url: str, site: Site, now: datetime) -> None:
        file = await self._file(url, site.hosts, now)
        looks = await self._of_robots(site.publisher, site.origin)
        if file is not None:
            found = signal_forms.of_tdmrep(file.body, url, site.origin) if file.is_there else ()
            looks.append(_looked(site.publisher, "file", url, site.origin, found))
        await self.note(looks)

    async def _read_rsl(self, hosts: Mapping[str, Hosts], now: datetime, most: int) -> int:
        named = [(key, url, of) for key in hosts for url, of in self._named.get(key, {}).items()]
        urls, since = [url for _, url, _ in named], now - EVERY
        asked = await self.on_store(lambda store: store.signal_files_asked_since(urls, since))
        due = [each for each in named if each[1] not in asked][:most]
        for key, url, of in due:
            file = await self._file(url, hosts[key], now)
            if file is None:
                continue
            origin = _origin(of) if file.is_there else None
            found = await self._parsed((), "of_rsl", file.body, file.url, origin) if origin else ()
            await self.note([_looked(key, "file", url, of, found)])
        return len(due)

    async def _parsed(self, nothing: T, function: str, *arguments: object) -> T:
        """What a function of `signal_parsing` finds, in one of the processes; `nothing` in what cannot be read."""
        call: Callable[..., T] = named
        try:
            return await self.workers.call(call, ("aggregator.pipeline.signal_parsing", function, *arguments))
        except ParseError:
            return nothing

    async def _file(self, url: str, hosts: Hosts, now: datetime) -> SignalFile | None:
        """What the site answered, which is remembered; None: it did not, so what it said before stays."""
        try:
            file = await self.fetcher.file(url, now, hosts)
        except FetchError as error:
            log.debug("%s: %s", url, error)
            file = SignalFile(url=url, fetched_at=now, http_status=None)
        await self.on_store(lambda store: store.remember_signal_file(file))
        is_answer = file.http_status is not None and file.http_status < 500 and file.http_status != 429
        return file if is_answer else None


def _looked(publisher: str, place: SignalPlace, url: str, about: str, found: Sequence[Signal]) -> Looked:
    return Looked(publisher=publisher, place=place, url=url, about=about, signals=tuple(found))


def _robots(copy: RobotsCopy, token: str) -> tuple[tuple[Signal, ...], tuple[str, ...]]:
    text = text_of(copy.body)
    return signal_forms.of_robots(text, copy.origin, token.casefold()), signal_forms.licences_of_robots(text)


def links_of_fields(headers: Mapping[str, str], url: str) -> list[str]:
    """The documents of RSL that the field `Link` names."""
    links = links_of_field(headers.get("link", "")[:8192], url)
    return [link.href for link in links if link.rel == "license" and link.type == RSL_TYPE]


def sites_of(publisher: Publisher) -> list[Site]:
    """Its home page's site, and those of its sources that are polled; none where no source is."""
    polled = [each for each in publisher.sources if each.enabled]
    urls = [publisher.homepage, *(each.url for each in polled if each.access is None)] if polled else []
    found: dict[str, Site] = {}
    for url in urls:
        if origin := _origin(url):
            found.setdefault(origin, Site(publisher.key, origin, written_by(publisher)))
    return list(found.values())


def _origin(url: str) -> str | None:
    """Its scheme, host and port; None: it is no address."""
    try:
        return origin_of(url)
    except FetchError:
        return None


def sites_answering(publishers: Mapping[str, Publisher], answered: Iterable[tuple[str, str]]) -> set[str]:
    """The origins of publishers' sites on the domains of addresses that answered; each with its publisher's key."""
    found: set[str] = set()
    for key, url in answered:
        if (publisher := publishers.get(key)) is not None:
            domain = domain_of_url(url)
            found |= {site.origin for site in sites_of(publisher) if domain_of_url(site.origin) == domain}
    return found

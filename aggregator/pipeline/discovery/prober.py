"""Looks without storing: which feeds a site has (`discover`), and how a source does now (`look`).

robots.txt binds every address that nobody configured, and whatever such an address is redirected to; the site's domain
is asked as seldom as polls ask it, and no site more than MOST_REQUESTS times. What a site does not name is tried only
where what it names cannot be read.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import datetime
from typing import Literal
from urllib.parse import urlsplit

from msgspec import Struct, field
from msgspec.structs import replace

from aggregator.fetch import Fetcher, Hosts, Turn, written_by, written_in
from aggregator.fetch.iri import to_uri
from aggregator.fetch.robots import text_of as robots_text
from aggregator.model import DISCOVER, FetchResult, Link, Publisher, RobotsCopy, Source, Validators
from aggregator.model.errors import (
    AddressRefused,
    BodyTooLarge,
    Challenge,
    ConsentPage,
    CookiePage,
    FetchError,
    HttpStatus,
    ParseError,
    PaymentRequired,
    RedirectRefused,
    RobotsRefused,
)
from aggregator.parse.discovery import is_page, links_of, site_name
from aggregator.pipeline.discovery import candidates
from aggregator.pipeline.discovery.candidates import Candidate, Other
from aggregator.pipeline.discovery.measure import Measure, completeness
from aggregator.text.link_field import links_of_field
from aggregator.text.printable import MOST_MESSAGE, address, argument, escaped
from aggregator.text.urls import document_of

MOST_REQUESTS = 14  # of one site, robots.txt aside
_MOST_SITEMAPS = 3  # of those that a robots.txt names
_MOST_OF_INDEX = 2
_WHOLE = 0.9  # of its entries carry whole texts: then no fuller feed is looked for
MOST_SECONDS = 240.0  # after which no more is tried, unless its caller has less time
# What is said of one address alone; but a site that has too much to do is left alone.
_ANSWERS = (
    HttpStatus,
    RobotsRefused,
    RedirectRefused,
    ConsentPage,
    CookiePage,
    PaymentRequired,
    BodyTooLarge,
    AddressRefused,
)
_ENOUGH_SAID = frozenset((429, 503))

Honoured = Literal["yes", "no", "none sent"]


class FoundFeed(Struct, frozen=True, kw_only=True):
    """An address that this wire can read."""

    url: str
    kind: str  # a row of parse.PARSERS
    carries: Measure

    @property
    def described(self) -> str:
        return f"{self.carries.format}, {self.carries.entries} entries"


class Tried(Struct, frozen=True, kw_only=True):
    """An address that was tried, who named it, and what came of it."""

    url: str
    named_by: str
    said: str
    feed: FoundFeed | None = None


class Survey(Struct, frozen=True, kw_only=True):
    """What a site offers."""

    url: str
    tried: tuple[Tried, ...]
    feeds: tuple[FoundFeed, ...]  # the best first
    others: tuple[Other, ...]  # seen, not asked for
    name: str | None = None  # that the site gives itself
    failure: FetchError | None = None  # why its first address, or the site, gave no answer

    @property
    def homepage(self) -> str:
        """The address given, if it is a page; else the site's first."""
        is_page = not any(each.url == self.url and each.feed for each in self.tried)
        parts = urlsplit(self.url)
        return self.url if is_page and parts.path else f"{parts.scheme}://{parts.netloc}/"


class Look(Struct, frozen=True, kw_only=True):
    """How a source does now."""

    source: Source
    status: int | None = None  # of HTTP; None: there was no answer
    carries: Measure | None = None
    validators: Honoured | None = None  # None: not known
    redirected_to: str | None = None
    error: str | None = None

    @property
    def state(self) -> str:
        if self.source.kind == DISCOVER:
            return "no source yet"
        return "dead" if self.carries is None else "fine" if self.carries.entries else "empty"


class _Search(Struct):
    """One survey under way."""

    url: str
    until: float  # of time.monotonic()
    tried: list[Tried] = field(default_factory=list)
    others: list[Other] = field(default_factory=list)
    name: str | None = None
    failure: FetchError | None = None
    is_over: bool = False

    @property
    def has_feed(self) -> bool:
        return any(each.feed and each.feed.carries.entries for each in self.tried)

    @property
    def has_whole(self) -> bool:
        return any(each.feed and each.feed.carries.full_text >= _WHOLE for each in self.tried)

    def has_tried(self, url: str) -> bool:
        return any(document_of(url) == document_of(each.url) for each in self.tried)

    def wants(self, candidate: Candidate) -> bool:
        full = len(self.tried) >= MOST_REQUESTS or time.monotonic() > self.until
        return not self.is_over and not full and not self.has_tried(candidate.url)


class Prober(Struct, frozen=True):
    """What looking needs; holds nothing open itself."""

    fetcher: Fetcher
    measured: Callable[[FetchResult, Source], Awaitable[Measure]]  # `measure`, wherever documents are read
    robots: Callable[[str], Awaitable[RobotsCopy | None]]  # the copy at hand of an origin's robots.txt
    clock: Callable[[], datetime]
    publishers: Mapping[str, Publisher] = field(default_factory=dict)  # by key, those whose sources are looked at
    seconds: float = MOST_SECONDS  # after which no more is tried at a site

    async def discover(self, url: str) -> Survey:
        """The feeds of the site at `url`, which the operator wrote, the best first. Raises FetchError for what is no
        address.
        """
        async with self.fetcher.turn(url, written_in([url])) as turn:
            return await self.survey(url, turn)

    async def survey(self, url: str, turn: Turn) -> Survey:
        """As `discover`, within a turn."""
        search = _Search(url, time.monotonic() + self.seconds)
        links, at = await self._page(search, Candidate(url, "given"), turn)
        await self._named(search, links, "its page", turn)
        if not search.has_feed and urlsplit(at).path not in ("", "/"):
            links, at = await self._page(search, Candidate(candidates.home_of(at), "its site"), turn)
            await self._named(search, links, "its home page", turn)
        if not search.has_feed:
            await self._all(search, candidates.by_custom(at), turn)
        await self._sitemaps(search, at, turn)
        return _surveyed(search, self.clock())

    async def look(self, source: Source) -> Look:
        """Polls once, as a poll would and without validators; then with them, to see whether they count."""
        seen = Look(source=source)
        if source.kind == DISCOVER:
            command = f"aggregator probe --write {source.publisher} {argument(source.url)}"
            return replace(seen, error=f"`{command}` looks for one")
        hosts = written_by(self.publishers.get(source.publisher))
        try:
            async with self.fetcher.turn(source.url, hosts) as turn:
                await self.fetcher.heed(source.url, turn, self.clock())
                result = await self.fetcher.get(source, Validators(), turn, self.clock())
                seen = replace(seen, status=result.http_status, redirected_to=_elsewhere(source, result))
                seen = replace(seen, carries=await self.measured(result, source))
            return replace(seen, validators=await self._honoured(source, result.validators, hosts))
        except (HttpStatus, Challenge, PaymentRequired) as error:
            return replace(seen, status=error.status, error=escaped(str(error), MOST_MESSAGE))
        except (FetchError, ParseError) as error:
            return replace(seen, error=escaped(str(error), MOST_MESSAGE))

    async def _honoured(self, source: Source, validators: Validators, hosts: Hosts) -> Honoured | None:
        if validators == Validators():
            return "none sent"
        try:
            async with self.fetcher.turn(source.url, hosts) as turn:
                again = await self.fetcher.get(source, validators, turn, self.clock())
        except FetchError:
            return None
        return "yes" if again.http_status == 304 else "no"

    async def _named(self, search: _Search, links: list[Link], named_by: str, turn: Turn) -> None:
        """Tries the feeds that a page names, and WordPress's own listing where none of them carries whole texts."""
        await self._all(search, candidates.named_by_page(links, named_by), turn)
        if not search.has_whole:
            await self._all(search, candidates.of_wordpress(links), turn)

    async def _sitemaps(self, search: _Search, at: str, turn: Turn) -> None:
        """Tries the news sitemaps that the site's robots.txt names, and where one is an index, those that it lists."""
        copy = await self.robots(to_uri(candidates.home_of(at)).rstrip("/"))
        if copy is None or not copy.body:  # there is one only where robots.txt is there
            return
        news, others = candidates.sitemaps(robots_text(copy.body))
        for candidate in news[:_MOST_SITEMAPS]:
            result = await self._try(search, candidate, turn)
            await self._all(search, candidates.of_index(result.body)[:_MOST_OF_INDEX] if result else (), turn)
        search.others += [Other(each.url, "news sitemap") for each in news if not search.has_tried(each.url)] + others

    async def _all(self, search: _Search, those: Iterable[Candidate], turn: Turn) -> None:
        """Tries them in their order; those of custom only until one is found."""
        for candidate in those:
            if candidate.named_by == "custom" and search.has_feed:
                return
            await self._try(search, candidate, turn)

    async def _page(self, search: _Search, candidate: Candidate, turn: Turn) -> tuple[list[Link], str]:
        """The links of a page, and where it stood; none where there is no page, or a feed in its place."""
        result = await self._try(search, candidate, turn)
        if result is None or search.has_feed or not is_page(result.body):
            return [], result.url if result else candidate.url
        search.name = search.name or site_name(result.body, result.url)
        named = links_of_field(result.headers.get("link", ""), result.url)
        return [*named, *links_of(result.body, result.url)], result.url

    async def _try(self, search: _Search, candidate: Candidate, turn: Turn) -> FetchResult | None:
        if not search.wants(candidate):
            return None
        try:
            result = await self.fetcher.linked(candidate.url, turn, self.clock())
        except FetchError as error:
            _note(search, candidate, error)
            return None
        tried = Tried(url=candidate.url, named_by=candidate.named_by, said="")
        try:
            feed = await self._feed_at(candidate.url, result)
            search.tried.append(replace(tried, said=feed.described, feed=feed))
        except ParseError as error:
            is_found = is_page(result.body) and candidate.named_by in ("given", "its site")
            said = "an HTML page" if is_found else escaped(str(error), MOST_MESSAGE)
            search.tried.append(replace(tried, said=said))
        return result

    async def _feed_at(self, url: str, result: FetchResult) -> FoundFeed:
        """Raises ParseError. A feed is where its site moved it for good; other redirects are the site's own affair."""
        at = address(result.moved_to) or url
        carries = await self.measured(result, Source(publisher="probe", key="feed", url=at))
        return FoundFeed(url=at, kind=kind_of(carries.format), carries=carries)


def kind_of(described: str) -> str:
    """The row of parse.PARSERS that reads a document of a format, or one that is `described` so."""
    return next((kind for kind in ("jsonfeed", "wordpress", "sitemap") if described.startswith(kind)), "feed")


def _note(search: _Search, candidate: Candidate, error: FetchError) -> None:
    """What failed; a site that does not answer, has too much to do, or wants no programs is left alone."""
    said = escaped(str(error), MOST_MESSAGE)
    search.tried.append(Tried(url=candidate.url, named_by=candidate.named_by, said=said))
    search.failure = search.failure or error
    goes_on = isinstance(error, _ANSWERS) and getattr(error, "status", 0) not in _ENOUGH_SAID
    is_theirs = candidate.named_by in candidates.OWN or candidate.url.startswith(candidates.home_of(search.url))
    search.is_over = search.is_over or (is_theirs and not goes_on)


def _surveyed(search: _Search, now: datetime) -> Survey:
    """One feed each that is the same: where several addresses move to one, it stands once."""
    found = {each.feed.url: each.feed for each in reversed(search.tried) if each.feed}
    first = list(reversed(found.values()))
    ranked = sorted(first, key=lambda feed: completeness(feed.carries, now), reverse=True)
    return Survey(
        url=search.url,
        tried=tuple(search.tried),
        feeds=tuple(feed for feed in ranked if feed.carries.entries),
        others=tuple(dict.fromkeys(search.others)),
        name=search.name,
        failure=search.failure,
    )


def _elsewhere(source: Source, result: FetchResult) -> str | None:
    return None if source.access or result.url in (source.url, to_uri(source.url)) else result.url

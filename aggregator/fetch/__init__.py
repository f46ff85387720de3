"""Fetching: a source and its validators in, one FetchResult out, or a FetchError. The only room with HTTP.

Feeds that an operator configured (`Source`) are fetched unless robots.txt disallows them for our own token by name
(`heed`); pages are visited, and what others name (`str`) is fetched, only where it lets us (`page`, `linked`). Private
addresses are reached only on the hosts in the file of the publisher whose source is asked.
"""

from __future__ import annotations

import asyncio
import os
import random
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from typing import Self

import aiohttp
import httpx
from msgspec.structs import replace

from aggregator.fetch import answers, body, challenges, iri, redirects, robots
from aggregator.fetch.addresses import NO_HOSTS, Hosts, written_by, written_in
from aggregator.fetch.client import Answer, Client, Take, Trip
from aggregator.fetch.credentials import Opened
from aggregator.fetch.limits import AWAITED_A_ROOM, Limits, SharedLimits, Turn, most_aside
from aggregator.fetch.redirects import Way
from aggregator.fetch.robots import RobotsCache
from aggregator.fetch.starts import Start
from aggregator.fetch.transport import Connections, ConnectTo
from aggregator.model import Access, Busy, FetchResult, PageVisit, RobotsCopy, Source, Validators, Wire
from aggregator.model.errors import (
    AddressRefused,
    BodyTooLarge,
    CookiePage,
    FetchError,
    HttpStatus,
    RedirectRefused,
    RobotsRefused,
)
from aggregator.model.picture import FetchedPicture
from aggregator.model.signals import SIGNAL_FIELDS, SignalFile
from aggregator.text.printable import MOST_MESSAGE, escaped
from aggregator.text.urls import domain_of, literal

__all__ = ["NO_HOSTS", "ConnectTo", "Fetcher", "Hosts", "RobotsCache", "Turn", "written_by", "written_in"]

# Whether an address that a server redirects to may be visited.
MayVisit = Callable[[str], bool]

_PATIENCE = 1 / 30  # of the deadline, after which an answer that is awaited keeps nobody waiting
_PACE = 1 / 4  # of the deadline, in which a large body has to go on
_ROBOTS_SECONDS = 10.0  # so long may it keep a poll waiting
_HEAD_SECONDS = 3.0  # so long is the head of a page awaited
_HEAD_BYTES = 64 * 1024
_MOST_OF_FILE = 256 * 1024  # bytes
_FILE = {"Accept": "application/json, application/rsl+xml, application/xml;q=0.9, */*;q=0.5"}
_MOST_OF_PICTURE = 15 * 1024 * 1024  # bytes
# What nearly all cameras and sites make comes first: a server that chooses by this need not make another one.
_PICTURE = {"Accept": "image/jpeg, image/png, image/webp, image/gif;q=0.9, image/avif;q=0.8"}
_MARKS_SECONDS = 3.0  # so long is a refusal searched for the marks of a challenge


class Fetcher:
    """Holds the client and the publishers' limits open. One event loop, one Fetcher; use it as a context manager.

    `environment` has the variables that templates of private sources name; `chance` makes the spacing irregular. The
    limits of domains hold over all programs that `shared` knows of, which is closed with it; None: within this one.
    """

    def __init__(
        self,
        wire: Wire,
        connect_to: ConnectTo = lambda host: None,
        robots_cache: RobotsCache | None = None,
        environment: Mapping[str, str] = os.environ,
        chance: random.Random | None = None,
        shared: SharedLimits | None = None,
    ) -> None:
        settings = self._settings = wire.fetch
        self._seconds = settings.timeout.total_seconds()
        self._environment = environment
        connections = settings.concurrency * AWAITED_A_ROOM + most_aside(settings.concurrency)
        most = settings.max_body_bytes + body.PACKED_MORE
        self._client = Client(
            Connections(connections, settings.allow_addresses, most, connect_to), wire.user_agent, settings.timeout
        )
        self._shared = shared
        self._limits = Limits(
            settings.concurrency,
            settings.per_domain_concurrency,
            settings.per_domain_spacing,
            chance,
            self._shared,
            settings.timeout * _PATIENCE,
        )
        self._robots = robots.Memory(wire.robots_token, robots_cache or RobotsCache(), self._limits.alone)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *raised: object) -> None:
        await self._client.close()
        if self._shared:
            await self._shared.close()

    async def begin(self) -> None:
        """Lets the programs that share the limits know of this one before it asks anybody; raises StoreError."""
        if self._shared:
            await self._shared.begin()

    @asynccontextmanager
    async def turn(self, url: str, hosts: Hosts = NO_HOSTS) -> AsyncIterator[Turn]:
        """Waits for the turn of the address's domain and holds it; raises FetchError for what is no address. A body
        takes up room until the end of the turn, so the holder digests it within: that bounds the bodies in memory.
        `hosts`: those for which `allow_addresses` holds in all that is asked within the turn (`written_by`).
        """
        async with self._limits.turn(redirects.host_of(url)) as turn:
            turn.hosts = hosts
            yield turn

    async def get(
        self,
        source: Source,
        validators: Validators,
        turn: Turn,
        now: datetime | None = None,
        *,
        after_failure: bool = False,
    ) -> FetchResult:
        """One HTTP answer, a document or 304, after at most five redirects; raises a FetchError for anything else.

        `after_failure`: the last poll failed. Then caches on the way are passed by, if no validators are sent, and of a
        document that breaks off what came is taken: it did so before, perhaps. The deadline counts the requests, that
        for robots.txt among them, not the waits for a turn or for room. `now` is only for servers without a clock,
        whose answers have no Date. The templates of `source.access` are filled in; what comes back, or is raised, has
        `${NAME}` again wherever a secret stood.
        """
        opened = Opened.of_source(source, self._environment)
        take = self._taken(opened, validators, turn, now, partial=after_failure)
        headers = redirects.conditions(validators) or (redirects.AFRESH if after_failure else {})
        trip = Trip(opened, turn.hosts, turn.start, self._space)
        return await self._client.follow(trip, headers, take, self._seconds - turn.spent)

    async def linked(self, url: str, turn: Turn, now: datetime, access: Access | None = None) -> FetchResult:
        """As `get` without validators, for an address that no operator configured, which is taken literally. robots.txt
        binds as for an article's page, there and wherever it is redirected to; raises RobotsRefused. Waits as long as
        crawl-delay asks. `access` is that of the private source whose document named the address.
        """
        opened = Opened.of_link(url, access, self._environment)
        take = self._taken(opened, Validators(), turn, now, partial=False)
        start = await self._may_go(opened.url, turn, now)
        trip = Trip(opened, turn.hosts, start, lambda at: self._may_go(at, turn, now))
        return await self._client.follow(trip, {}, take, self._seconds - turn.spent)

    def _taken(
        self, opened: Opened, validators: Validators, turn: Turn, now: datetime | None, *, partial: bool
    ) -> Take[FetchResult]:
        """What becomes of an answer to a request for a document; raises FetchError where none came, or a page for
        browsers or people stands in its place.
        """

        async def take(answer: Answer) -> FetchResult:
            if answer.status == 304 and redirects.conditions(validators):
                told = redirects.validators_of(answer.headers, otherwise=validators)
                return _result(answer, body.Body(b""), told, opened, now)
            if not answers.has_document(answer.status, answer.headers):
                _note_busy(answer, turn)
                raise await _refusal(answer)
            room = body.Room(turn.arrival, turn.room, answer.deadline, self._seconds * _PACE)
            most = self._settings.max_body_bytes
            content = await body.read(answer.chunks, answer.encoding, most, room=room, partial=partial)
            if challenges.is_html(answer.headers, content.content):
                challenges.refuse(answer.way.asked, answer.way.at, answer.headers, content.content)
            if answers.is_part(answer.status, answer.headers):
                content = replace(content, is_cut=True)
            # What is a part of a document must not be confirmed by a 304.
            told = Validators() if content.is_cut else redirects.validators_of(answer.headers, Validators())
            return _result(answer, content, told, opened, now)

        return take

    async def heed(self, url: str, turn: Turn, now: datetime) -> None:
        """Raises RobotsRefused if the site's robots.txt names our token and disallows this feed. Within `turn`.

        Asks for robots.txt where the copy at hand is older than a day; a site that has none, or does not answer for
        it, does not keep us from an address that an operator configured.
        """
        origin = redirects.origin_of(url)
        rules = await self._robots.at_hand(origin, now)
        if rules is None:
            asks = self._asks_robots(turn.hosts, turn.start, turn)

            async def ask(origin: str, now: datetime) -> RobotsCopy:
                began = time.monotonic()
                try:
                    return await asks(origin, now)
                finally:  # that another program asks is not the server's fault
                    turn.spent += time.monotonic() - began - turn.start.waited

            # Of the site itself, which `get` will find, or of where its robots.txt redirects to.
            with suppress(AddressRefused):
                rules = await self._robots.asked(origin, now, ask)
            if turn.start.is_used:
                turn.start = await self._space(url)
        if rules and rules.names_us_and_disallows(url):
            raise RobotsRefused(rules.refusal(url))

    async def robots_at_hand(self, url: str, now: datetime) -> RobotsCopy | None:
        """The copy of the robots.txt that speaks for the address, if it is fresh; nobody is asked. Raises FetchError
        for what is no address.
        """
        rules = await self._robots.at_hand(redirects.origin_of(url), now)
        return rules.copy if rules else None

    async def file(self, url: str, now: datetime, hosts: Hosts = NO_HOSTS) -> SignalFile:
        """What a site answers for a document in which it speaks to machines, whatever the status, and its first 256 kB.
        robots.txt binds as for `linked`; raises FetchError where there was no answer.
        """

        async def take(answer: Answer) -> SignalFile:
            is_there = answers.has_document(answer.status, answer.headers)
            content = await body.head(answer.chunks, answer.encoding, _MOST_OF_FILE) if is_there else b""
            return SignalFile(url=url, fetched_at=now, http_status=answer.status, body=content)

        seconds = min(self._seconds, _ROBOTS_SECONDS)
        async with self._limits.turn(redirects.host_of(url)) as turn:
            turn.hosts = hosts
            start, opened = await self._may_go(url, turn, now), Opened.of_link(url, None, self._environment)
            trip = Trip(opened, hosts, start, lambda at: self._may_go(at, turn, now))
            return await self._client.follow(trip, _FILE, take, seconds)

    async def picture(self, url: str, now: datetime, hosts: Hosts = NO_HOSTS) -> FetchedPicture:
        """What a server answers for a picture, whatever the status. robots.txt binds as for `linked`, there and
        wherever it is redirected to, and so do the limits of domains. Raises BodyTooLarge beyond 15 MB, RobotsRefused,
        and other FetchErrors where there was no whole answer.
        """
        most = min(_MOST_OF_PICTURE, self._settings.max_body_bytes)
        async with self._limits.turn(redirects.host_of(url)) as turn:
            turn.hosts = hosts

            async def take(answer: Answer) -> FetchedPicture:
                content = b""
                if answer.status == 200:
                    room = body.Room(turn.arrival, turn.room, answer.deadline, self._seconds * _PACE)
                    content = (await body.read(answer.chunks, answer.encoding, most, room=room)).content
                at, asked = answer.way.at, answer.retry_after
                return FetchedPicture(http_status=answer.status, url=at, body=content, retry_after=asked)

            start, opened = await self._may_go(url, turn, now), Opened.of_link(url, None, self._environment)
            trip = Trip(opened, hosts, start, lambda at: self._may_go(at, turn, now))
            return await self._client.follow(trip, _PICTURE, take, self._seconds - turn.spent)

    async def page(
        self,
        url: str,
        validators: Validators,
        now: datetime,
        hosts: Hosts = NO_HOSTS,
        may_visit: MayVisit = lambda url: True,
        whole: int | None = None,
    ) -> PageVisit:
        """What an article's page answers, whatever its status, after at most five redirects; of its body no more is
        read than the head, or at most `whole` bytes, where these are all. The address is taken literally; `hosts` as
        for `turn`. A redirect is followed only where `may_visit` says yes to its address: raises RedirectRefused.

        Waits its turn for every request, and so long as crawl-delay asks. Raises RobotsRefused where robots.txt
        does not let us go, and other FetchErrors where there was no answer.
        """

        async def take(answer: Answer) -> PageVisit:
            told = redirects.validators_of(answer.headers, validators if answer.status == 304 else Validators())
            fields = redirects.storable(answer.headers)
            visit = PageVisit(
                http_status=answer.status,
                url=answer.way.at,
                validators=told,
                retry_after=answer.retry_after,
                headers={name: fields[name] for name in SIGNAL_FIELDS if name in fields},
            )
            if whole is None or not 200 <= answer.status < 300:
                return replace(visit, head=await _head(answer))
            return await self._whole(visit, answer, min(whole, self._settings.max_body_bytes), turns[-1])

        turns: list[Turn] = []  # the last one is that of the request
        url = iri.to_uri(literal(url))
        way = Way(url, url)
        for _ in range(redirects.MOST_REDIRECTS + 1):
            delay = await self._permitted(way.at, hosts, now)
            async with self._limits.turn(redirects.host_of(way.at), delay) as turn:
                turns.append(turn)
                headers = redirects.PAGE | redirects.conditions(validators)
                visit = await self._client.request(way, hosts, turn.start, headers, take, self._seconds)
            if isinstance(visit, PageVisit):
                return visit
            way = way.on(visit)
            way.refuse_cookies()
            if not may_visit(way.at):
                raise RedirectRefused(f"it redirects to another site, {escaped(way.at, MOST_MESSAGE)}")
        raise redirects.too_many(way)

    async def _whole(self, visit: PageVisit, answer: Answer, most: int, turn: Turn) -> PageVisit:
        """The visit with the whole page, taken in as a document is. Where that fails, it says why, and what the status
        says counts all the same.
        """
        room = body.Room(turn.arrival, turn.room, answer.deadline, self._seconds * _PACE)
        try:
            content = await body.read(answer.chunks, answer.encoding, most, room=room)
            if challenges.is_html(answer.headers, content.content):
                challenges.refuse_page(answer.way.asked, answer.way.at, answer.headers, content.content)
        except BodyTooLarge:
            return replace(visit, problem=f"it is larger than {most:,} bytes")
        except (FetchError, TimeoutError) as error:
            said = str(error) or f"no whole page within {self._seconds:g} s"
            return replace(visit, problem=escaped(said, MOST_MESSAGE))
        page = _result(answer, content, visit.validators, Opened(answer.way.asked), None)
        head = content.content[:_HEAD_BYTES] if challenges.is_html(answer.headers, content.content) else b""
        return replace(visit, page=page, head=head)

    async def _permitted(self, url: str, hosts: Hosts, now: datetime) -> float:
        """The seconds that the site wants between two visits; raises RobotsRefused where it wants none at all."""
        origin = redirects.origin_of(url)
        rules = await self._robots.at_hand(origin, now)
        if rules is None:
            async with self._limits.turn(redirects.host_of(url)) as turn:
                rules = await self._robots.asked(origin, now, self._asks_robots(hosts, turn.start))
        return rules.delay_before(url)

    async def _may_go(self, url: str, turn: Turn, now: datetime) -> Start:
        """Waits until the address may be asked, within a turn; raises RobotsRefused where it may not."""
        origin = redirects.origin_of(url)
        rules = await self._robots.at_hand(origin, now)
        if rules is None:
            start = await self._space(url)  # another site's, perhaps, which was asked a moment ago
            rules = await self._robots.asked(origin, now, self._asks_robots(turn.hosts, start, turn))
        return await self._limits.space(redirects.host_of(url), rules.delay_before(url))

    async def _space(self, url: str) -> Start:
        return await self._limits.space(redirects.host_of(url))

    async def back_off(self, url: str, pause: timedelta) -> None:
        """Leaves the address's domain alone for so long: `is_backing_off` says so."""
        await self._limits.back_off(redirects.host_of(url), pause.total_seconds())

    async def is_backing_off(self, url: str) -> bool:
        """Whether the address's domain has asked to be left alone, and the time is not over."""
        return await self._limits.is_backing_off(redirects.host_of(url))

    def domain_of(self, url: str) -> str:
        """The registrable domain that the limits count by; raises FetchError for what is no address."""
        return domain_of(redirects.host_of(url))

    def _asks_robots(self, hosts: Hosts, start: Start, turn: Turn | None = None) -> robots.Ask:
        """How to ask for a robots.txt, within a turn that hears of it if its host is busy.

        It raises AddressRefused, which says something of who asks and nothing of the site: the publisher whose host it
        is may go there, so nothing is remembered.
        """

        async def ask(origin: str, now: datetime) -> RobotsCopy:
            trip = Trip(Opened(f"{origin}/robots.txt"), hosts, start, self._space)
            return await self._robots_copy(origin, trip, now, turn)

        return ask

    async def _robots_copy(self, origin: str, trip: Trip, now: datetime, turn: Turn | None) -> RobotsCopy:
        async def take(answer: Answer) -> RobotsCopy:
            _note_busy(answer, turn, is_robots=True)
            is_there = answers.has_document(answer.status, answer.headers)
            content = await body.head(answer.chunks, answer.encoding, robots.MOST_BYTES) if is_there else b""
            return RobotsCopy(origin=origin, fetched_at=now, http_status=answer.status, body=content)

        seconds = min(self._seconds / 3, _ROBOTS_SECONDS)  # of the deadline, so that the document has most of it
        try:
            return await self._client.follow(trip, redirects.ROBOTS, take, seconds)
        except AddressRefused:
            raise
        except FetchError as error:
            status = robots.UNAVAILABLE if isinstance(error, RedirectRefused | CookiePage) else None
            return RobotsCopy(origin=origin, fetched_at=now, http_status=status)


def _result(answer: Answer, content: body.Body, told: Validators, opened: Opened, now: datetime | None) -> FetchResult:
    """The answer without the secrets that were sent; a private source does not move to another site by itself."""
    moved = answer.way.moved_to
    stays = moved is None or moved == answer.way.asked or not opened.may_move_to(moved)
    return opened.without_secrets(
        FetchResult(
            url=answer.way.at,
            http_status=answer.status,
            headers=redirects.storable(answer.headers),
            body=content.content,
            validators=told,
            redirects=answer.way.passed,
            moved_to=None if stays else moved,
            fresh_for=answers.fresh_for(answer.headers, now),
            retry_after=answer.retry_after or answer.way.retry_after,
            remark=content.remark,
            is_cut=content.is_cut,
        )
    )


def _note_busy(answer: Answer, turn: Turn | None, *, is_robots: bool = False) -> None:
    """Tells the turn where an answer asks that its host be left alone."""
    asked = answer.retry_after
    if turn and (answer.status == 429 or (answer.status == 503 and asked is not None)):
        turn.busy.append(Busy(url=answer.way.at, http_status=answer.status, retry_after=asked, is_robots=is_robots))


async def _head(answer: Answer) -> bytes:
    """The beginning of a page of HTML; b"" where none comes, which says nothing of the page."""
    if not 200 <= answer.status < 300 or "html" not in answer.headers.get("content-type", "").lower():
        return b""
    with suppress(TimeoutError, httpx.HTTPError, aiohttp.ClientError, OSError):
        async with asyncio.timeout(_HEAD_SECONDS):
            return await body.head(answer.chunks, answer.encoding, _HEAD_BYTES)
    return b""


async def _refusal(answer: Answer) -> FetchError:
    """What an answer without a document means."""
    head = b""
    if answer.status in challenges.CHALLENGED:
        # What the status says counts, however its page ends.
        with suppress(TimeoutError, httpx.HTTPError, aiohttp.ClientError, OSError):
            async with asyncio.timeout(_MARKS_SECONDS):
                head = await body.head(answer.chunks, answer.encoding, challenges.HEAD_BYTES)
    error = challenges.refusal(answer.status, answer.headers, head)
    if error is None:
        error = HttpStatus(answer.status, meaning=answers.MEANINGS.get(answer.status))
    error.retry_after = answer.retry_after
    return error

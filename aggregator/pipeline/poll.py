"""One poll of one source, in the steps of which each is one call into one room:

    memory    what is remembered of its last document                          store
    answer    what its server answers, or a failure that is the outcome        fetch
    reading   its entries as articles, in a parsing process, with tags         parse, normalise, tags
    known     of its source and of the articles that these entries may be      store
    which     article each entry is                                            identity
    what      that changes                                                     revisions
    next      when it is polled again, and why                                 scheduling
    save      all that in one transaction                                      store

Here are the first three, with the older pages of a document that does not reach back to the one before; the others are
in `recording`, which the writer calls for many polls at once.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from aggregator.fetch import Fetcher, Turn
from aggregator.identity.redirects import SAME, Evidence
from aggregator.model import (
    DISCOVER,
    Before,
    Due,
    FetchResult,
    Listed,
    Memory,
    Outcome,
    Poll,
    PollSettings,
    Proposal,
    Publisher,
    Seen,
    Source,
    Validators,
    articles_of,
)
from aggregator.model.errors import (
    Challenge,
    ConsentPage,
    CookiePage,
    FetchError,
    HttpStatus,
    ParseError,
    PaymentRequired,
    RedirectHeld,
)
from aggregator.pipeline.reading import Reading
from aggregator.pipeline.redirects import Check, Redirects
from aggregator.pipeline.signals import SignalReader
from aggregator.pipeline.tagging import with_tags
from aggregator.pipeline.workers import Workers
from aggregator.pipeline.writer import Writer
from aggregator.scheduling.gaps import Now, reaches_back
from aggregator.scheduling.polls import validators_for
from aggregator.text.printable import counted

if TYPE_CHECKING:
    from aggregator.pipeline.discovery.prober import Prober

MOST_PAGES = 10  # older ones, read to close one gap
_MOST_SAID = 1_000  # characters of an error, in which a server may have written what it liked
PAGES_SECONDS = 60.0  # for all of them
_NEEDS_A_SECRET = (
    "an older page was not fetched: its address needs a secret, and only the address in the publisher's file gets one"
)


_WALLS: Mapping[type[FetchError], Outcome] = {
    Challenge: "challenge",
    ConsentPage: "consent",
    CookiePage: "cookie",
    PaymentRequired: "payment_required",
}


class Unrecorded(Struct, frozen=True):
    """A poll that has yet to be recorded."""

    poll: Poll
    listed: Sequence[Listed] = ()
    result: FetchResult | None = None  # None: there was no answer
    failure: FetchError | None = None


class Poller(Struct, frozen=True):
    """What polls need; holds nothing open itself."""

    fetcher: Fetcher
    workers: Workers
    writer: Writer
    prober: Callable[[], Prober]  # made when a site is searched
    publishers: Mapping[str, Publisher]
    redirects: Redirects
    settings: PollSettings
    clock: Callable[[], datetime]
    signals: SignalReader

    async def poll(self, due: Due, turn: Turn) -> Unrecorded:
        """The one place where an error of fetching or reading becomes a Poll."""
        if due.source.kind == DISCOVER:
            return await self._search(due.source, turn)
        started, began = self.clock(), time.monotonic()
        sent = validators_for(due, self.settings)
        poll = Poll(
            source=due.source, started=started, seconds=0.0, outcome="failed", is_conditional=sent != Validators()
        )
        listed: Sequence[Listed] = ()
        result: FetchResult | None = None
        failure: FetchError | None = None
        try:
            await self.fetcher.heed(due.source.url, turn, started)
            result = await self.fetcher.get(due.source, sent, turn, started, after_failure=due.failures > 0)
            poll = replace(
                poll,
                outcome="not_modified" if result.http_status == 304 else "ok",
                http_status=result.http_status,
                body_bytes=len(result.body),
                validators=result.validators,
                fresh_for=result.fresh_for,
                retry_after=result.retry_after,
                moved_to=result.moved_to,
            )
            await self.signals.of_poll(due.source, result)
            poll, listed = await self._read(poll, due, result, turn)
        except FetchError as error:
            poll, failure = self.failed(poll, error), error
        except ParseError as error:
            said = "; ".join(filter(None, (result.remark if result else None, str(error))))
            poll = replace(poll, outcome="failed", error=said, validators=None)
        return Unrecorded(replace(poll, seconds=time.monotonic() - began), listed, result, failure)

    async def _search(self, source: Source, turn: Turn) -> Unrecorded:
        """Looks for a feed of the source's site, and proposes it. Nothing of what is found is read into the wire."""
        poll = Poll(source=source, started=self.clock(), seconds=0.0, outcome="failed")
        began = time.monotonic()
        survey = await self.prober().survey(source.url, turn)
        poll = replace(poll, seconds=time.monotonic() - began)
        failure = survey.failure if len(survey.tried) == 1 else None
        await self.redirects.ready()
        others = {feed.url: self.redirects.owner_of(source, feed.url) for feed in survey.feeds}
        best = next((feed for feed in survey.feeds if others[feed.url] is None), None)
        if best:
            proposal = Proposal(best.url, best.described)
            found = replace(poll, outcome="ok", format=best.carries.format, entries=best.carries.entries)
            return Unrecorded(replace(found, proposal=proposal))
        if failure is not None:
            return Unrecorded(self.failed(poll, failure), failure=failure)
        for url, other in others.items():
            if other:
                said = f"the feed that was found is at {url}, an address of {other.name} ({other.key})"
                return Unrecorded(replace(poll, error=said))
        seen = "".join(f"; a {other.what} was seen, and not fetched" for other in survey.others[:1])
        said = f"no feed found; {counted(len(survey.tried), 'address', 'addresses')} tried{seen}"
        return Unrecorded(replace(poll, error=said))

    async def record(self, polled: Unrecorded) -> Poll:
        """Stores the poll with all that it brought; returns it with its counts. Raises StoreError. Where unchanged
        entries have to be compared after all (see `Seen`), the document is read again, without digests, as its older
        pages always are; raises ParseError.
        """
        poll, listed = await self.writer.record(polled.poll, polled.listed), polled.listed
        while poll is None:
            assert polled.result is not None
            source = polled.poll.source
            publisher = self.publishers[source.publisher]
            again = await self.workers.read(polled.result, source, publisher, {})
            tagged = await with_tags(self.workers, again.listed, publisher)
            listed = (*tagged, *listed[len(tagged) :])
            poll = await self.writer.record(polled.poll, listed)
        return poll

    def failed(self, poll: Poll, error: FetchError) -> Poll:
        """The poll that this error ended."""
        outcome: Outcome = _WALLS.get(type(error), "failed")
        said = said_of(error, self.publishers[poll.source.publisher])
        poll = replace(poll, outcome=outcome, error=said, retry_after=error.retry_after)
        if not isinstance(error, HttpStatus | Challenge | PaymentRequired):
            return poll
        # A 304 that nobody can have meant: what it would have confirmed is forgotten, and asked for anew.
        forgotten = Validators() if error.status == 304 else poll.validators
        return replace(poll, http_status=error.status, validators=forgotten)

    async def _read(self, poll: Poll, due: Due, result: FetchResult, turn: Turn) -> tuple[Poll, Sequence[Listed]]:
        """What an answer brought: nothing where it came from an address that is not known to be its publisher's."""
        check = self.redirects.of(due)
        if result.url != check.origin.configured:
            await self.redirects.ready(check.owners)
        if check.judged(result).state in ("pending", "refused"):
            return check.applied(poll, result), ()
        if poll.outcome == "not_modified":
            return check.applied(poll, result, SAME), ()
        body_hash = hashlib.sha256(result.body).digest()
        if body_hash == due.body_hash:
            return check.applied(replace(poll, outcome="unchanged"), result, SAME), ()
        memory = Memory(digests={}, last_listed=())
        if due.body_hash:
            memory = await self.writer.on_store(lambda store: store.load(due.source))
        # Keys that are not trusted are weighed one by one when they are recorded.
        known = memory.digests if due.id_trust == "id" else {}
        publisher = self.publishers[due.source.publisher]
        reading = await self.workers.read(result, due.source, publisher, known)
        # Whether it lists anything that its source listed before.
        before = {*memory.digests, *(entry.name for entry in memory.last_listed)}
        is_familiar = any(key in before for entry in reading.listed for key in entry.keys)
        evidence = Evidence(hosts=reading.hosts, is_familiar=is_familiar)
        poll = check.applied(poll, result, evidence)
        if poll.outcome == "pending":
            return poll, ()
        back = _Back(reading)
        # Of a document that breaks off, nobody knows whether an older page joins it.
        if before and reading.listed and reading.older and not result.is_cut:
            join = _Join(memory.digests, memory.last_listed)
            if not join.is_reached_by(reading):
                older = check.accepting(result)
                back = await self._page_back(due.source, reading, join, turn, older)
        reading = back.reading
        read = replace(
            poll,
            outcome="ok",
            error="; ".join(filter(None, (result.remark, reading.warning, back.problem))) or None,
            format=reading.format,
            body_hash=None if result.is_cut else body_hash,
            entries=len(reading.listed) + sum(reading.drops.values()),
            drops=reading.drops,
            withdrawn=reading.withdrawn,
            hints=reading.hints,
            pages=back.pages,
            is_joined=back.is_joined,
        )
        return read, await with_tags(self.workers, reading.listed, publisher)

    async def _page_back(self, source: Source, reading: Reading, join: _Join, turn: Turn, check: Check) -> _Back:
        """The document with its older pages, back to what the source listed before. What has come by the deadline is
        kept.
        """
        back, ends = _Back(reading), asyncio.get_running_loop().time() + PAGES_SECONDS
        await self.redirects.ready(check.owners)
        while back.pages < MOST_PAGES and back.reading.older is not None:
            if source.access and "${" in back.reading.older:
                return replace(back, problem=_NEEDS_A_SECRET)
            try:
                async with asyncio.timeout_at(ends):
                    older = await self._older(back.reading.older, source, turn, check)
            except TimeoutError:
                said = f"its older pages took longer than {PAGES_SECONDS:g} s; {back.pages} were read"
                return replace(back, problem=said)
            except (FetchError, ParseError, RedirectHeld) as error:
                return replace(back, problem=f"an older page could not be read: {str(error)[:_MOST_SAID]}")
            joined = _joined(back.reading, older)
            is_joined = join.is_reached_by(joined) or join.is_met_by(older)
            is_last = is_joined or len(joined.listed) == len(back.reading.listed)
            back = _Back(joined, back.pages + 1, is_joined=is_joined)
            if is_last:
                break
        return back

    async def _older(self, url: str, source: Source, turn: Turn, check: Check) -> Reading:
        """One older page; raises FetchError, ParseError, RedirectHeld."""
        check.of_address(url)
        result = await self.fetcher.linked(url, turn, self.clock(), source.access)
        if result.is_cut:
            raise FetchError(result.remark or "it is a part of a page only")
        older = await self.workers.read(result, source, self.publishers[source.publisher], {})
        check.of_page(result, older.hosts)
        return older


class _Back(Struct, frozen=True):
    """A document with as many of its older pages as were read."""

    reading: Reading
    pages: int = 0
    problem: str | None = None  # why no more were read
    is_joined: bool = False  # whether they reach back to what its source listed before


class _Join(Struct, frozen=True):
    """What older pages are read for: to join a document to the one before."""

    digests: Mapping[str, bytes]  # see `Memory`
    before: Sequence[Before]  # by first key

    def is_met_by(self, page: Reading) -> bool:
        """Whether an older page by itself reaches back: it may list the oldest first, where the page before it has the
        newest; where nothing on it is dated, whether it lists anything of the document before. What is pinned stands
        on the first page.
        """
        if self.is_reached_by(page):
            return True
        names = {entry.name for entry in self.before} or {*self.digests}
        is_dated = any(article.published or article.updated for article in articles_of(page.listed))
        return not is_dated and any(key in names for entry in page.listed for key in entry.keys)

    def is_reached_by(self, reading: Reading) -> bool:
        known = {*self.digests, *(entry.name for entry in self.before)}
        names = [next((key for key in entry.keys if key in known), None) for entry in reading.listed]
        dates = [None if isinstance(entry, Seen) else entry.published or entry.updated for entry in reading.listed]
        return reaches_back(list(map(Now, names, dates)), self.before)


def said_of(error: FetchError, publisher: Publisher) -> str:
    """What `health` says of a poll that this error ended; where the site turned the reader away, whom to ask."""
    said = str(error)[:_MOST_SAID]
    if type(error) not in _WALLS:
        return said
    contact = publisher.contact.technical or publisher.contact.corrections or publisher.homepage
    return f"{said}; ask {publisher.name} to let this wire's reader through: {contact}"


def _joined(reading: Reading, older: Reading) -> Reading:
    """One listing of two pages: what stands on both, because a report came in between, stands in it once."""
    first_keys = {entry.keys[0] for entry in reading.listed}
    fresh = [article for article in articles_of(older.listed) if article.keys[0] not in first_keys]
    placed = [replace(article, place=len(reading.listed) + number) for number, article in enumerate(fresh)]
    drops = Counter(reading.drops) + Counter(older.drops)
    return replace(reading, listed=(*reading.listed, *placed), drops=dict(drops), older=older.older)

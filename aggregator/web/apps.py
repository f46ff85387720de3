"""What both protocols of apps for reading feeds share: who logs in, entries with their words, and what is marked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from html import escape
from typing import Any

from msgspec import Struct
from msgspec.structs import replace
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from aggregator.desk.outgoing import outlet, releases
from aggregator.model import Wire
from aggregator.model.apps import AppEntry, AppFeed, AppListing, AppReader
from aggregator.model.errors import AggregatorError, StoreError
from aggregator.model.release import Refusal, Release
from aggregator.output import beside
from aggregator.pipeline.opening import open_existing
from aggregator.store import Store
from aggregator.tags.mediatopics import topic_label
from aggregator.tags.vocabulary import first_levels
from aggregator.text.dates import from_iso
from aggregator.text.printable import line
from aggregator.web.clients import Clients, usual_channel
from aggregator.web.problems import Problem, problem_of
from aggregator.web.site import Site

MOST = 1_000  # entries of a page
MOST_MARKED = 20_000  # that are marked at once
_LARGEST = 2**63


class Shown(Struct, frozen=True):
    """An entry as an app shows it."""

    entry: AppEntry
    feed: AppFeed
    title: str
    html: str
    author: str
    url: str
    published: datetime
    changed: datetime


class Subject(Struct, frozen=True):
    """A saved search or a topic: a folder without feeds of its own; its entries stay in those of their publishers."""

    folder_id: int
    title: str
    listing: AppListing

    def within(self, listing: AppListing) -> AppListing:
        return replace(listing, search=self.listing.search, topic=self.listing.topic)


class Visit(Struct, frozen=True):
    """One request of a reader."""

    site: Site
    store: Store
    wire: Wire
    now: datetime
    name: str  # of the client
    reader: AppReader

    def feeds(self) -> list[AppFeed]:
        return self.store.app_feeds(self.reader)

    def subjects(self) -> list[Subject]:
        """Saved searches, and those topics of the first level that a report is about; each title once."""
        found = {
            each.name: Subject(each.folder_id, each.name, AppListing(search=each.name))
            for each in self.store.app_searches()
        }
        for code in self.store.app_topics(first_levels()):
            title = topic_label(code)
            found.setdefault(title, Subject(int(code), title, AppListing(topic=code)))
        return list(found.values())

    def unread_of(self, subject: Subject) -> tuple[int, str] | None:
        """How many entries of it are unread, and when the newest was first seen; None: there is none."""
        listing = replace(subject.listing, is_read=False, limit=1, is_counted=True)
        newest, number = self.store.app_entries(self.reader, listing)
        return (number, newest[0].first_seen) if newest else None

    def mark_subject(self, subject: Subject, up_to: int) -> None:
        """Everything in it is read."""
        listing = replace(subject.listing, is_read=False, below=up_to + 1, limit=MOST_MARKED)
        self.mark([each.number for each in self.store.app_entries(self.reader, listing)[0]], is_read=True)

    def shown(self, entries: Sequence[AppEntry]) -> list[Shown]:
        """Entries with what leaves of them, or with the notice in the place of that; counted as having left."""
        feeds = {each.publisher: each for each in self.feeds()}
        by = outlet(self.store, self.reader.channel, self.now)
        found = {each.id: each for each in releases(self.store, self.wire, [each.id for each in entries], by)}
        counts: Counter[str] = Counter()
        shown = []
        for each in entries:
            out, feed = found.get(each.id), feeds.get(each.publisher)
            if feed is None:  # its terms have changed since the page was read
                continue
            if isinstance(out, Release) and not each.is_closed:
                counts[out.publisher] += 1
                shown.append(_of_release(each, feed, out))
            elif said := self._notice(each, feed, out if isinstance(out, Refusal) else None):
                shown.append(self._of_notice(each, feed, *said))
        self.site.released.add(self.reader.channel, counts, self.now)
        return shown

    def _notice(self, entry: AppEntry, feed: AppFeed, refusal: Refusal | None) -> tuple[str, str] | None:
        """What is said in the place of a report, and since when; None: nobody is to know of it. Of one that was purged
        the gate is told nothing.
        """
        if entry.is_closed:
            return f"The rights of {line(feed.name)} do not let this report be read here any more.", entry.first_seen
        notice = self.store.notice(entry.id)
        if refusal is not None:
            return (refusal.text, notice["at"] if notice else entry.first_seen) if refusal.text else None
        return (line(notice["text"]), notice["at"]) if notice else None

    def _of_notice(self, entry: AppEntry, feed: AppFeed, said: str, at: str) -> Shown:
        publisher = line(f"{feed.name} ({feed.place})" if feed.place else feed.name)
        complaints = escape(self.wire.complaints_url)
        return Shown(
            entry=entry,
            feed=feed,
            title=f"No longer shown: a report of {publisher}",
            html=f"<p><strong>{escape(publisher)}</strong></p>\n<p>{escape(said)}</p>\n"
            f'<p><a href="{complaints}">Comment or complain</a></p>',
            author=publisher,
            url=self.wire.complaints_url,
            published=from_iso(entry.sort_time),
            changed=from_iso(at),
        )

    @contextmanager
    def writing(self) -> Iterator[Store]:
        """The database, to note something in it. Raises Problem."""
        try:
            with open_existing(self.site.paths) as store:
                yield store
        except StoreError as error:
            problem = problem_of(error)
            raise Problem(
                503, "the wire cannot note this now", "its database cannot be written", problem.headers
            ) from error

    def mark(self, numbers: Collection[int], *, is_read: bool | None = None, is_starred: bool | None = None) -> None:
        """Marks those of these entries that the reader may know of."""
        known = [each.number for each in self.store.app_entries_of(self.reader, sorted(numbers))]
        if known:
            with self.writing() as store:
                store.app_mark(self.reader.token_hash, known, is_read=is_read, is_starred=is_starred)

    def mark_all(self, publishers: Collection[str], up_to: int) -> None:
        with self.writing() as store:
            store.app_mark_all(self.reader.token_hash, publishers, up_to)


def _of_release(entry: AppEntry, feed: AppFeed, release: Release) -> Shown:
    return Shown(
        entry=entry,
        feed=feed,
        title=beside.headline(release),
        html=beside.as_html(release),
        author=release.byline or beside.publisher(release),
        url=release.url or release.homepage,
        published=datetime.fromisoformat(beside.published_at(release)),
        changed=from_iso(release.changed_at or release.first_seen),
    )


@contextmanager
def visit(site: Site, clients: Clients, token: str, name: str | None) -> Iterator[Visit]:
    """Lets a reader in by a token, and the name that it was made for where that is said too. Raises Problem."""
    with site.kept_open() as (store, now):
        token_hash, client = clients.of_token(token, name, store, now)
        reader = AppReader(token_hash=token_hash, channel=usual_channel(client))
        yield Visit(site, store, site.config().wire, now, client.name, reader)


def whole_number(said: str, name: str, least: int = 0) -> int:
    """Raises Problem."""
    if said.isascii() and said.isdecimal() and len(said) < 20 and least <= int(said) < _LARGEST:
        return int(said)
    raise Problem(400, "a parameter cannot be understood", f"{name}: {said[:100]!r} is no number from {least}")


def moment(said: str, name: str) -> datetime:
    """A time as seconds since 1970, or as thousandths, millionths or billionths of them. Raises Problem."""
    number = whole_number(said, name)
    for size in (10**17, 10**14, 10**11):
        if number > size:
            number //= 10 ** {10**17: 9, 10**14: 6, 10**11: 3}[size]
            break
    try:
        return datetime.fromtimestamp(number, tz=from_iso("1970-01-01T00:00:00Z").tzinfo)
    except (OverflowError, ValueError, OSError) as error:
        raise Problem(400, "a parameter cannot be understood", f"{name}: {said[:100]!r} is no time") from error


def answering(
    answer: Callable[[Request, bytes], Response], refused: Callable[[Problem], Response]
) -> Callable[[Request], Awaitable[Response]]:
    """An endpoint that reads the body and answers in a thread; `refused` says what went wrong as its protocol does."""

    async def endpoint(request: Request) -> Response:
        try:
            try:
                body = await request.body()
            except ClientDisconnect as error:  # so does a body that is longer than `Guards` lets through
                raise Problem(413, "the body of the request is too large") from error
            return await run_in_threadpool(answer, request, body)
        except Problem as problem:
            return refused(problem)
        except AggregatorError as error:
            return refused(problem_of(error))

    return endpoint


PRIVATE: dict[str, Any] = {"Cache-Control": "no-store", "Vary": "Authorization"}


def title_of(feed: AppFeed) -> str:
    """The name of a publisher as apps show it, with its place."""
    return line(f"{feed.name} ({feed.place})" if feed.place else feed.name)

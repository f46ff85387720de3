"""Checks where documents came from, before anything of them is stored. What is accepted is decided in `decide`."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from msgspec import Struct
from msgspec.structs import replace

from aggregator.identity.redirects import Evidence, Origin, Owners, judge
from aggregator.model import DISCOVER, Due, FetchResult, Poll, Publisher, Redirection, Source
from aggregator.model.errors import RedirectHeld

# The rules that the store is told of, beside what is held and refused.
_REMEMBERED = ("accepted", "in_force")


class Redirects:
    """Holds whose addresses are whose, as long as a pipeline is open."""

    def __init__(self, publishers: Mapping[str, Publisher]) -> None:
        self._publishers = publishers
        self._owners = Owners(tuple(publishers.values()))
        self._making = asyncio.Lock()  # one makes them for all that wait

    def learn(self, polled: tuple[tuple[str, str], ...]) -> None:
        """Takes in the addresses that are polled instead of those in the files; see `Owners`."""
        if polled != self._owners.polled:
            self._owners = replace(self._owners, polled=polled)

    async def ready(self, owners: Owners | None = None) -> None:
        """To be awaited before an address that is not the configured one is judged: then the tables of addresses are
        there, and the event loop has gone on while they were made.
        """
        async with self._making:
            for _ in (owners or self._owners).prepare():
                await asyncio.sleep(0)

    def of(self, due: Due) -> Check:
        """The check of one poll."""
        publisher = self._publishers[due.source.publisher]
        written = next((source for source in publisher.sources if source.key == due.source.key), due.source)
        origin = Origin(
            publisher=publisher,
            configured=written.url,
            polled=written.url if written.kind == DISCOVER else due.source.url,
            accepted=due.accepted,
            unchecked=due.redirect_unchecked,
        )
        return Check(origin, self._owners)

    def owner_of(self, source: Source, url: str) -> Publisher | None:
        """The other publisher that has this address; None: there is none."""
        return self._owners.other_than(source.publisher, url)


class Check(Struct, frozen=True):
    """Whether what a source's poll brings may be stored."""

    origin: Origin
    owners: Owners

    def judged(self, result: FetchResult, evidence: Evidence | None = None) -> Redirection:
        """What is decided of an answer; `undecided` only while there is no evidence."""
        return judge(result.url, self.origin, self.owners, evidence, result.redirects)

    def accepting(self, result: FetchResult) -> Check:
        """The check of the older pages of a document from `result`, which was accepted."""
        return replace(self, origin=replace(self.origin, accepted=(*self.origin.accepted, result.url)))

    def of_page(self, result: FetchResult, hosts: Mapping[str, int]) -> None:
        """Raises RedirectHeld unless an older page may be stored with the document before it."""
        found = self.judged(result, Evidence(hosts=hosts))
        if found.state != "accepted":
            raise RedirectHeld(f"it came from {found.reason}")

    def of_address(self, url: str) -> None:
        """Raises RedirectHeld for an address of which no document could be stored, so that it need not be fetched."""
        found = judge(url, self.origin, self.owners)
        if found.state not in ("accepted", "undecided"):
            raise RedirectHeld(f"it is at {found.reason}")

    def applied(self, poll: Poll, result: FetchResult, evidence: Evidence | None = None) -> Poll:
        """The poll with what is to be remembered of where its document came from: held, and without anything of the
        document, where that is not accepted. A source moves for good only to an address that is accepted.
        """
        found = self.judged(result, evidence)
        if found.state in ("pending", "refused"):
            return _held(poll, found, self.origin.publisher)
        moved_to = poll.moved_to
        if moved_to is not None and moved_to != result.url:
            moved = judge(moved_to, self.origin, self.owners, evidence)
            moved_to = moved_to if moved.state == "accepted" else None
        return replace(poll, moved_to=moved_to, redirection=found if found.rule in _REMEMBERED else None)


def _held(poll: Poll, found: Redirection, publisher: Publisher) -> Poll:
    if found.state == "refused":
        advice = f"write another url, or enabled = false, into the file of {publisher.key}"
    else:
        advice = f"`aggregator accept {poll.source.name}` accepts it"
    return Poll(
        source=poll.source,
        started=poll.started,
        seconds=poll.seconds,
        outcome="pending",
        http_status=poll.http_status,
        error=f"its document came from {found.reason}; nothing of it is stored; {advice}",
        body_bytes=poll.body_bytes,
        is_conditional=poll.is_conditional,
        fresh_for=poll.fresh_for,
        redirection=found,
    )

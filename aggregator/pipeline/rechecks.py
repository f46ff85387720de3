"""Visits articles' own pages: takes out of the wire what its publisher has taken down, and reads the pages of sources
for which that is asked. Decides nothing.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from aggregator.desk.acts import obey
from aggregator.fetch import Fetcher, written_by
from aggregator.identity.redirects import addresses_of, is_on_site
from aggregator.model import Finding, PageVisit, Publisher, Recheck, Validators
from aggregator.model.errors import AddressRefused, FetchError, RedirectRefused, RobotsRefused
from aggregator.pipeline.claims import Claims
from aggregator.pipeline.pages import MOST_BYTES, PageReader
from aggregator.pipeline.signals import SignalReader
from aggregator.scheduling.rechecks import APART, LAST_PAGES, LATELY, STEPS, believed, first_visit, judge, rest
from aggregator.store import Store
from aggregator.text.printable import log_line

log = logging.getLogger("aggregator.recheck")


class Rechecks(Struct, frozen=True):
    """What visits need; holds nothing open itself."""

    fetcher: Fetcher
    claims: Claims
    publishers: Mapping[str, Publisher]
    polled: Sequence[tuple[str, str]]  # publisher and address of sources that are polled elsewhere than their files say
    clock: Callable[[], datetime]
    stopping: Callable[[], bool]
    signals: SignalReader
    pages: PageReader

    async def run(
        self, limit: int, per_publisher: int, elsewhere: Callable[[int], None], only: Collection[str] | None = None
    ) -> list[Finding]:
        """Visits what is due, of each publisher one page after the other; returns what was found. Raises StoreError.
        `only`: of these publishers.

        What links to another site than its publisher's is not visited, and taken off the queue: a publisher does not
        choose which hosts the wire visits. The log counts these reports.
        """
        now, not_visited = self.clock(), Counter[str]()

        def look(store: Store) -> tuple[list[Recheck], set[str]]:
            self._queue(store, now, not_visited)
            return _claimed(store, now, limit, per_publisher, self._sites(only), not_visited)

        due, others = await self.claims.on_store(look)
        why = "the links lead to other sites than its own"
        for publisher, reports in not_visited.items():
            log.info("%s", log_line({"publisher": publisher, "not_visited": reports, "reason": why}))
        mine = defaultdict(list)
        for recheck in due:
            mine[recheck.publisher].append(recheck)
        if others:
            elsewhere(len(others))
        visiting = set(mine)
        async with self.claims.kept("visit", visiting):
            tasks = [asyncio.create_task(self._visited(key, each, visiting)) for key, each in mine.items()]
            try:
                return [finding for findings in await asyncio.gather(*tasks) for finding in findings]
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)

    async def _visited(self, publisher: str, due: Sequence[Recheck], visiting: set[str]) -> list[Finding]:
        findings = await self._of_publisher(self.publishers[publisher], due)
        visiting.discard(publisher)
        await self.claims.give_back("visit", [publisher])
        return findings

    def _sites(self, only: Collection[str] | None) -> dict[str, list[str]]:
        """By publisher the addresses whose sites are its own; of a publisher that is switched off none is visited."""
        sites = {
            key: addresses_of(publisher)
            for key, publisher in self.publishers.items()
            if publisher.enabled and (only is None or key in only)
        }
        for key, url in self.polled:
            if key in sites:
                sites[key].append(url)
        return sites

    def _queue(self, store: Store, now: datetime, not_visited: Counter[str]) -> None:
        """Says of new pages when they are visited first."""
        sites = self._sites(None)
        while new := store.new_pages(now - STEPS[-1]):
            visits = {}
            for page in new.pages:
                if page.publisher in sites and not is_on_site(page.url, sites[page.publisher]):
                    not_visited[page.publisher] += 1
                    continue
                is_read = self.pages.is_read(page.source_name)
                if at := first_visit(page.url, page.first_seen, now, is_read=is_read):
                    visits[page.article_id] = at
            store.queue_visits(new.up_to, visits)

    async def _of_publisher(self, publisher: Publisher, due: Sequence[Recheck]) -> list[Finding]:
        """A site that does not answer, or is busy, or has nothing of what it had, is left in peace for a while."""
        findings: list[Finding] = []
        for start in range(0, len(due), LAST_PAGES):
            found, until = await self._round(publisher, due[start : start + LAST_PAGES])
            now = self.clock()
            round_ = await self.claims.on_store(_Writing(publisher.key, found, until, now))
            for finding in round_:
                visit = {"article": finding.recheck.id, "visits": finding.recheck.visits, "result": finding.result}
                log.info("%s", log_line(visit))
            doubted = sum(finding.doubted for finding in round_)
            if doubted:
                doubt = {"publisher": publisher.key, "doubted": doubted, "result": round_[-1].result}
                log.warning("%s", log_line(doubt))
            findings += round_
            if until or doubted or self.stopping():
                break
        return findings

    async def _round(self, publisher: Publisher, due: Sequence[Recheck]) -> tuple[list[Finding], datetime | None]:
        """What these pages say, and until when the rest of the publisher's are to be left in peace."""
        findings: list[Finding] = []
        for recheck in due:
            if self.stopping():
                break
            mode = self.pages.mode_of(recheck.source_name)
            if mode != "none" and recheck.read_as != mode:  # what a 304 would say is unchanged was not read so
                recheck = replace(recheck, validators=Validators())
            visit, tried, why = await self._visit(recheck, publisher, whole=mode != "none")
            if visit is not None:
                await self.signals.of_page(recheck, visit)
            now = self.clock()
            finding = judge(recheck, publisher, visit, now)
            if mode != "none" and finding.removal is None:
                is_done = await self.pages.read(recheck, visit, why, self._addresses(publisher), now)
                finding = finding if is_done else replace(finding, validators=Validators())
            findings.append(finding)
            if tried and (until := rest(visit, now)):
                return findings, until
        return findings, None

    def _addresses(self, publisher: Publisher) -> list[str]:
        return [*addresses_of(publisher), *(url for key, url in self.polled if key == publisher.key)]

    async def _visit(
        self, recheck: Recheck, publisher: Publisher, *, whole: bool
    ) -> tuple[PageVisit | None, bool, str | None]:
        """What the page answered, if anything, whether the site was asked to the end, and why there is no answer:
        robots.txt, a private address, a redirect without end or to another site keep us from that, and say nothing of
        how the site is. `whole`: the page is taken in to be read.
        """
        own = self._addresses(publisher)
        hosts = written_by(publisher)
        try:
            visit = await self.fetcher.page(
                recheck.url,
                recheck.validators,
                self.clock(),
                hosts,
                lambda url: is_on_site(url, own),
                MOST_BYTES if whole else None,
            )
            return visit, True, None
        except RobotsRefused:
            return None, False, "robots.txt does not let the wire go there"
        except RedirectRefused as error:
            return None, False, f"a redirect is not followed: {error}"
        except AddressRefused as error:
            return None, False, f"its address may not be asked: {error}"
        except FetchError as error:
            return None, True, f"no answer: {error}"


class _Writing(Struct, frozen=True):
    """Stores what a round of visits taught, as far as it is believed; returns that. A report leaves the wire before it
    is written down that its page need not be visited again, so that a crash between the two loses neither.
    """

    publisher: str
    findings: Sequence[Finding]
    until: datetime | None
    now: datetime

    def __call__(self, store: Store) -> list[Finding]:
        visited = [finding.recheck.article_id for finding in self.findings]
        before = store.pages_visited(self.publisher, self.now - LATELY, LAST_PAGES, visited)
        findings = believed(self.findings, before, self.now)
        for finding in findings:
            if finding.removal:
                obey(store, finding.recheck.id, finding.removal, self.now)
        until = self.now + APART if any(finding.doubted for finding in findings) else self.until
        store.record_visits(self.publisher, findings, until)
        return findings


def _claimed(
    store: Store,
    now: datetime,
    limit: int,
    per_publisher: int,
    sites: Mapping[str, Sequence[str]],
    not_visited: Counter[str],
) -> tuple[list[Recheck], set[str]]:
    """What is due of the publishers in `sites`, on their sites, which are claimed; and the publishers whose due pages
    another program is visiting. `not_visited` counts the reports that link to other sites. Those of a publisher that is
    not among them, because its file has a fault, or because another program has brought it in, stay due.
    """
    others = store.claimed_by_others("visit", now)
    found = store.due_visits(now, limit, per_publisher, sites.keys() - others)
    elsewhere = [recheck for recheck in found if not is_on_site(recheck.url, sites[recheck.publisher])]
    store.drop_visits([recheck.article_id for recheck in elsewhere])
    not_visited.update(recheck.publisher for recheck in elsewhere)
    due = [recheck for recheck in found if recheck not in elsewhere]
    mine = store.claim("visit", {recheck.publisher for recheck in due}, now)
    return [recheck for recheck in due if recheck.publisher in mine], store.waiting_visits(now, others)

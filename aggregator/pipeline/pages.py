"""Reads the pages of reports whose sources ask for it, in the visits that are made anyway."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial

from msgspec import Struct
from msgspec.structs import replace

from aggregator.model import (
    FetchResult,
    Page,
    PageReading,
    PagesMode,
    PageVisit,
    Publisher,
    Recheck,
    Source,
)
from aggregator.model.errors import ParseError
from aggregator.pipeline.on_store import OnStore
from aggregator.pipeline.reading import Asked
from aggregator.pipeline.worker import named
from aggregator.pipeline.workers import Workers
from aggregator.store import Store
from aggregator.text.printable import MOST_MESSAGE, escaped, log_line

log = logging.getLogger("aggregator.recheck")

MOST_BYTES = 3_000_000  # of a page that is taken in; `parse.page` reads no more
_TRIES = 3  # to store what a page says, while a poll stores other words of its report


class PageReader(Struct, frozen=True):
    """What reading needs; holds nothing open itself."""

    workers: Workers
    on_store: OnStore
    publishers: Mapping[str, Publisher]
    sources: Mapping[str, Source]  # by name

    def mode_of(self, source_name: str) -> PagesMode:
        """What is read of the pages of a source's reports; nothing where it is in no file."""
        source = self.sources.get(source_name)
        return source.pages if source else "none"

    def is_read(self, source_name: str) -> bool:
        return self.mode_of(source_name) != "none"

    async def read(
        self, recheck: Recheck, visit: PageVisit | None, problem: str | None, sites: Sequence[str], now: datetime
    ) -> bool:
        """Reads what a visit brought, and stores what it adds to the report before anything says that the page was
        visited, so that a crash between the two reads it again. Returns whether the same page need not be read again.
        `problem`: why there is no visit; `sites`: addresses on the publisher's own sites. Raises StoreError.
        """
        if visit is not None and visit.http_status == 304:
            return True
        mode = self.mode_of(recheck.source_name)
        page, why = await self._page(visit, mode, problem)
        failed = PageReading(
            article_id=recheck.article_id, mode=mode, outcome="failed", reason=escaped(why, MOST_MESSAGE)
        )
        for _ in range(_TRIES):
            reading = failed
            if page is not None:
                state = await self.on_store(lambda store: store.page_state(recheck.article_id))
                if state is None:
                    return True
                source = self.sources.get(state.source_name) or self.sources[recheck.source_name]
                call: Callable[..., PageReading] = named
                asked = Asked(self.publishers[recheck.publisher], source, mode, sites)
                arguments = ("aggregator.pipeline.page_reading", "reading_of", state, page, asked, now)
                try:
                    reading = await self.workers.call(call, arguments)
                except ParseError as error:
                    page = None
                    reading = failed = replace(failed, reason=escaped(f"not readable: {error}", MOST_MESSAGE))
            if await self.on_store(partial(_record, reading, now)):
                said = {"article": recheck.id, "page": reading.outcome, "reason": reading.reason}
                log.info("%s", log_line(said))
                return page is not None
        return False

    async def _page(self, visit: PageVisit | None, mode: PagesMode, problem: str | None) -> tuple[Page | None, str]:
        """What the page says, or why it could not be read."""
        if visit is None:
            return None, problem or "no answer"
        if visit.page is None:
            return None, f"not taken in: {visit.problem}" if visit.problem else f"status {visit.http_status}"
        call: Callable[..., Page] = named
        page: FetchResult = visit.page
        try:
            arguments = ("aggregator.pipeline.page_parsing", "read", page, mode == "text")
            return await self.workers.call(call, arguments), ""
        except ParseError as error:
            return None, f"not readable: {error}"


def _record(reading: PageReading, now: datetime, store: Store) -> bool:
    return store.record_page(reading, now)

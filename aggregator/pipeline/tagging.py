"""Sets the tags of reports: of those that a poll brings before they are bound, of those that wait in the database part
by part.

Where a document is read, `parsing` tags what is clear. The rest is done in one reading process, the first, because the
library that is asked there takes 90 MB; this process loads none of them.
A report whose words break what reads them comes in all the same, without tags.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from aggregator.model import Article, Listed, Publisher, Tags, TagSettings, Untagged
from aggregator.model.errors import ParseError
from aggregator.pipeline.on_store import OnStore
from aggregator.pipeline.reading import words_of
from aggregator.pipeline.worker import named
from aggregator.pipeline.workers import Workers
from aggregator.store import Store
from aggregator.tags.tables import tables_of, without_tags

if TYPE_CHECKING:
    from aggregator.tags.tagging import ToTag

log = logging.getLogger("aggregator.poll")

_AT_ONCE = 200  # reports; a few milliseconds each at most, of the seconds that a call may take


async def with_tags(workers: Workers, listed: Sequence[Listed], publisher: Publisher) -> tuple[Listed, ...]:
    """What a document lists, each article of it with its tags. Most have them from where they were read."""
    articles = [(place, each) for place, each in enumerate(listed) if isinstance(each, Article) and each.tags is None]
    to_tag = [(words_of(each), publisher.tags, publisher.languages) for _, each in articles]
    found = list(listed)
    for (place, article), tags in zip(articles, await _tagged(workers, to_tag), strict=True):
        if tags is not None:
            found[place] = replace(article, tags=tags, language=tags.language)
    return tuple(found)


async def _tagged(workers: Workers, reports: Sequence[ToTag]) -> list[Tags | None]:
    """None: its words broke what reads them."""
    found: list[Tags | None] = []
    for start in range(0, len(reports), _AT_ONCE):
        found += await _part(workers, reports[start : start + _AT_ONCE])
    return found


async def _part(workers: Workers, reports: Sequence[ToTag]) -> Sequence[Tags | None]:
    call: Callable[..., list[Tags]] = named
    try:
        return await workers.first(call, ("aggregator.tags.tagging", "tag_all", reports))
    except ParseError as error:
        if len(reports) > 1:  # one of them it is; the others are to have theirs
            return [tags for each in reports for tags in await _part(workers, [each])]
        log.warning("a report has no tags, because its words could not be read for them: %s", error)
        return [None]


# What is stored


async def tag_waiting(
    workers: Workers,
    on_store: OnStore,
    publishers: Mapping[str, Publisher],
    clock: Callable[[], datetime],
    goes_on: Callable[[], bool],
) -> None:
    """What waits, the last first, part by part, as long as it `goes_on`. Raises StoreError."""
    while goes_on() and (waiting := await on_store(lambda store: store.to_tag(_AT_ONCE))):
        found = await _tags_of(workers, waiting, publishers)
        await on_store(partial(Store.save_tags, found=found, now=clock()))


class Retagged(Struct, frozen=True):
    """What was tagged anew."""

    looked_at: int
    changed: int  # whose tags are others now


async def retag(
    store: Store,
    publishers: Mapping[str, Publisher],
    of: str | None,
    clock: Callable[[], datetime],
    done: Callable[[int], None],
    *,
    dry_run: bool,
) -> Retagged:
    """Tags reports anew whose tags were made by other tables or settings than those of now, in the order in which they
    came, part by part: what is done is not done again when this was stopped. `of`: of this publisher alone; `done` is
    told how many more were looked at. `dry_run`: nothing is written. Raises StoreError.
    """
    tables, workers = tables_of(publishers.values()), Workers(processes=1)
    after = looked_at = changed = 0
    try:
        while those := store.tagged_by_others(tables, of, after, _AT_ONCE):
            found = await _tags_of(workers, those, publishers)
            changed += store.count_other_tags(found) if dry_run else store.save_tags(found, clock())
            after, looked_at = those[-1].article_id, looked_at + len(those)
            done(len(those))
    finally:
        await workers.close()
    return Retagged(looked_at, changed)


async def _tags_of(
    workers: Workers, reports: Sequence[Untagged], publishers: Mapping[str, Publisher]
) -> list[tuple[Untagged, Tags]]:
    """The tags of stored reports. A publisher that is configured no longer has no settings."""
    found = await _tagged(workers, [_to_tag(each, publishers) for each in reports])
    return [
        (report, without_tags(report.languages, report.words.stated) if tags is None else tags)
        for report, tags in zip(reports, found, strict=True)
    ]


def _to_tag(report: Untagged, publishers: Mapping[str, Publisher]) -> ToTag:
    publisher = publishers.get(report.publisher)
    if publisher is None:
        return report.words, TagSettings(), report.languages
    return report.words, publisher.tags, publisher.languages

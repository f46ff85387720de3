"""Fetches the pictures of which the wire shows copies of its own, and keeps what is made of them. Decides nothing."""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from msgspec import Struct

from aggregator.desk import pictures as desk
from aggregator.fetch import Fetcher, written_by
from aggregator.model import PicturesSettings, Publisher
from aggregator.model.errors import FetchError, ParseError, RobotsRefused
from aggregator.model.picture import DuePicture, EncodedPicture, FetchedPicture, PictureFailure
from aggregator.pipeline.claims import Claims
from aggregator.pipeline.worker import named
from aggregator.pipeline.workers import Workers
from aggregator.scheduling.pictures import NO_ROOM, after_failure, pause
from aggregator.store import Store
from aggregator.text.printable import MOST_MESSAGE, escaped, log_line

log = logging.getLogger("aggregator.pictures")

_AT_ONCE = 4  # pictures in memory
_COMPARED_WITHIN = timedelta(days=1)  # files and rows


class Pictures(Struct, frozen=True):
    """What it takes; holds nothing open itself."""

    fetcher: Fetcher
    workers: Workers
    claims: Claims
    publishers: Mapping[str, Publisher]
    settings: PicturesSettings
    clock: Callable[[], datetime]
    stopping: Callable[[], bool]

    async def run(self, most: int, per_publisher: int) -> int:
        """Brings the list of wanted copies up to date, and fetches at most so many pictures, of a publisher one after
        the other; returns how many copies were made. Raises StoreError.
        """
        await self._look()
        if not self.settings.most_bytes:
            return 0
        now, keys = self.clock(), {key for key, each in self.publishers.items() if each.enabled}

        def claimed(store: Store) -> list[DuePicture]:
            due = store.due_pictures(now, most, per_publisher, keys - store.claimed_by_others("picture", now))
            mine = store.claim("picture", {each.publisher for each in due}, now) if due else set()
            return [each for each in due if each.publisher in mine]

        by_publisher = defaultdict(list)
        for picture in await self.claims.on_store(claimed):
            by_publisher[picture.publisher].append(picture)
        if not by_publisher:
            return 0
        room = asyncio.Semaphore(_AT_ONCE)
        async with self.claims.kept("picture", set(by_publisher)):
            tasks = [asyncio.create_task(self._of_publisher(each, room)) for each in by_publisher.values()]
            try:
                made = sum(await asyncio.gather(*tasks))
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
        await self._make_room()
        return made

    async def _look(self) -> None:
        """What has changed since in reports and rights."""
        try:
            await self.claims.on_store(lambda store: store.compare_pictures(self.clock(), _COMPARED_WITHIN))
        except OSError as error:
            log.error("the files of pictures cannot be looked at, which is tried again: %s", error)
        while found := await self.claims.on_store(lambda store: store.reports_with_other_pictures()):
            up_to, reports = found
            for start in range(0, len(reports), desk.BATCH):
                await self.claims.on_store(_Update(reports[start : start + desk.BATCH], self.clock()))
            await self.claims.on_store(_Seen(up_to))
            if self.stopping():
                return
        await self._make_room()

    async def _make_room(self) -> None:
        most, now = self.settings.most_bytes, self.clock()
        given_up = 0
        while batch := await self.claims.on_store(lambda store: store.make_room_for_pictures(most)):
            given_up += batch
        if given_up:
            said = {
                "pictures": given_up,
                "reason": "the copies took more than [pictures] max_gb; the oldest are removed",
            }
            log.info("%s", log_line(said))
        await self.claims.on_store(lambda store: desk.sweep(store, now))

    async def _of_publisher(self, due: Sequence[DuePicture], room: asyncio.Semaphore) -> int:
        made = 0
        for picture in due:
            if self.stopping() or await self.fetcher.is_backing_off(picture.url):
                break
            async with room:
                failure = await self._fetched(picture)
            if failure is None:
                made += 1
                continue
            said = {"publisher": picture.publisher, "picture": picture.url, "state": failure.state}
            log.info("%s", log_line({**said, "error": failure.error}))
            await self.claims.on_store(_Failed(picture, failure))
        return made

    async def _fetched(self, picture: DuePicture) -> PictureFailure | None:
        """None: there is a copy now, or it is not wanted any more."""
        now = self.clock()
        try:
            hosts = written_by(self.publishers[picture.publisher])
            answer = await self.fetcher.picture(picture.url, now, hosts)
            if answer.http_status != 200:
                return await self._refused(picture, answer)
            made = await self._encoded(answer.body)
        except RobotsRefused as error:
            return after_failure(picture, _said(error), now)
        except FetchError as error:
            return after_failure(picture, _said(error), now, error.retry_after)
        except ParseError as error:
            return PictureFailure(state="no_picture", error=_said(error), next_at=None)
        if not made.files:
            return PictureFailure(state="too_small", error="", next_at=None)
        try:
            await self.claims.on_store(lambda store: store.keep_picture(picture, made, self.clock()))
        except OSError as error:  # a full disk: nothing is lost, and it is not the picture's fault
            log.error("a copy of a picture cannot be written, which is tried again in ten minutes: %s", error)
            return PictureFailure(state="waiting", error=f"cannot be written: {error.strerror}", next_at=now + NO_ROOM)
        return None

    async def _refused(self, picture: DuePicture, answer: FetchedPicture) -> PictureFailure:
        now, asked = self.clock(), answer.retry_after
        if answer.http_status == 429 or (answer.http_status == 503 and asked is not None):
            await self.fetcher.back_off(answer.url, pause(now, asked))
        return after_failure(picture, f"HTTP {answer.http_status}", now, asked)

    async def _encoded(self, content: bytes) -> EncodedPicture:
        call: Callable[..., EncodedPicture] = named
        return await self.workers.call(call, ("aggregator.parse.picture", "encode", content))


def _said(error: Exception) -> str:
    return escaped(str(error), MOST_MESSAGE)


class _Update(Struct, frozen=True):
    reports: Sequence[str]
    now: datetime

    def __call__(self, store: Store) -> None:
        desk.update(store, self.reports, self.now)


class _Seen(Struct, frozen=True):
    up_to: int

    def __call__(self, store: Store) -> None:
        store.note_pictures_seen(self.up_to)


class _Failed(Struct, frozen=True):
    picture: DuePicture
    failure: PictureFailure

    def __call__(self, store: Store) -> None:
        store.note_picture_failure(self.picture, self.failure)

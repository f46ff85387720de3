"""Answers that are kept while nothing that they are made of changes (RFC 9110 section 13, RFC 9111).

An answer is made of the ledger up to a line, of the terms in force, and of the time: it is good until the next moment
at which the clock alone changes anything in it, and for a minute at most, so that what is withdrawn leaves every copy
soon.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from threading import Lock

from msgspec import Struct, field
from starlette.requests import Request
from starlette.responses import Response

from aggregator.model import Channel
from aggregator.web.site import Site, digest

LONGEST = timedelta(seconds=60)
_MOST_BYTES = 64 * 1024 * 1024  # of answers that are kept
_LARGEST = 8 * 1024 * 1024  # of one that is


class Answer(Struct, frozen=True):
    """What an address says, and until when."""

    body: bytes
    media_type: str
    until: datetime | None = None  # when the clock alone may change it; None: never
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    channel: Channel = "web"  # by which its reports leave
    reports: Mapping[str, int] = field(default_factory=dict)  # how many it has of each publisher


class _Kept(Struct, frozen=True):
    etag: str
    answer: Answer
    good_until: datetime


class Answers:
    """Those that were made last, as many as have room. It may be used by several threads."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._bytes = 0
        self._lock = Lock()

    def find(self, name: str, now: datetime) -> _Kept | None:
        with self._lock:
            kept = self._kept.get(name)
            if kept is None or now >= kept.good_until:
                return None
            self._kept.move_to_end(name)
            return kept

    def keep(self, name: str, kept: _Kept) -> None:
        size = len(kept.answer.body)
        if size > _LARGEST:
            return
        with self._lock:
            if old := self._kept.pop(name, None):
                self._bytes -= len(old.answer.body)
            self._kept[name] = kept
            self._bytes += size
            while self._bytes > _MOST_BYTES:
                _, gone = self._kept.popitem(last=False)
                self._bytes -= len(gone.answer.body)


def answered(
    request: Request,
    site: Site,
    answers: Answers,
    what: tuple[object, ...],
    make: Callable[[], Answer],
    *,
    is_private: bool = False,
) -> Response:
    """The answer to a request: 304 where the client has it already, one that is kept, or a new one. `what`: all that it
    depends on beside the ledger, the configuration and the time. `is_private`: it is for whoever asks alone.
    """
    now = site.clock()
    with site.stored() as store:
        next_moment = store.next_moment(now)
        state = (
            str(store.last_cursor()),
            store.looked_for_found(),
            store.config_digest(),
            site.config().digest,
            next_moment,
        )
    name = digest(*what, *state)
    kept = answers.find(name, now)
    if kept is None:
        answer = make()
        good_until = min(filter(None, (now + LONGEST, answer.until, next_moment)))
        # The next moment is a part of the name, so an answer is another one after it, whatever the bytes are.
        kept = _Kept(f'"{digest(name, answer.until, answer.body)}"', answer, good_until)
        answers.keep(name, kept)
    seconds = max(0, math.floor((kept.good_until - now).total_seconds()))
    whose = "private" if is_private else "public"
    headers = {
        "ETag": kept.etag,
        "Cache-Control": f"{whose}, max-age={min(seconds, int(LONGEST.total_seconds()))}",
        "Vary": "Accept, Accept-Encoding, Authorization",
        **dict(kept.answer.headers),
    }
    if kept.answer.status == 200 and has_it(request, kept.etag):
        return Response(status_code=304, headers=headers)
    if request.method == "GET":
        site.released.add(kept.answer.channel, kept.answer.reports, now)
    return Response(kept.answer.body, kept.answer.status, headers, kept.answer.media_type)


def has_it(request: Request, etag: str) -> bool:
    """By If-None-Match, with the weak comparison (RFC 9110 section 13.1.2): a proxy may have marked it weak."""
    said = request.headers.get("if-none-match", "")
    return said.strip() == "*" or etag in (each.strip().removeprefix("W/") for each in said.split(","))

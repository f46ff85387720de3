"""The press of the one box, a process of its own: `python -m bench.onebox.press SOURCES ITEMS DAYS SEED`.

Its first line says the port. Requests for the host CLOCK set its time or ask for its account; every other host is a
source, whose document `/feed` lists the newest items of that time as RSS 2.0 with full text. A server has ETag or no
validators at all. Pages are there, robots.txt is not.
"""

from __future__ import annotations

import json
import math
import random
import sys
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.utils import format_datetime
from itertools import accumulate

from aggregator.demo.server import Request, Server
from bench.articles import word
from bench.onebox.world import Course, World, host_of, time_of

CLOCK = "clock.example"
_VOCABULARY = 50_000  # by Zipf's law, as in `bench.articles`
_SENTENCES = 20_000
_SHORTEST, _LONGEST = 300, 6_000  # characters of a body: many are short, few long


@dataclass(slots=True)
class _Served:
    """One source, and what was seen of it."""

    course: Course
    seen: int | None = None  # items published before the last document that was sent; None: none was
    missed: list[tuple[int, int]] = field(default_factory=list)  # items that stood in no document that was sent


class Press:
    def __init__(self, world: World) -> None:
        self.sites = [_Served(world.course(number)) for number in range(world.sources)]
        self.counted: Counter[str] = Counter()
        self._numbers = {host_of(number): number for number in range(world.sources)}
        self._hours = 0.0
        drawn = random.Random(world.seed)
        words = [word(rank) for rank in range(_VOCABULARY)]
        often = list(accumulate(1 / (rank + 2) for rank in range(_VOCABULARY)))
        self._words = drawn.choices(words, cum_weights=often, k=_SENTENCES)
        self._sentences = [
            " ".join(drawn.choices(words, cum_weights=often, k=drawn.randint(8, 24))).capitalize() + "."
            for _ in range(_SENTENCES)
        ]

    def handle(self, request: Request) -> tuple[Iterator[bytes | float], bool]:
        if request.host == CLOCK:
            return iter([_answer(200, "application/json", self._told(request.target))]), True
        number = self._numbers[request.host]
        if request.target == "/feed":
            return iter([self._document(number, request.headers.get("if-none-match"))]), True
        if request.target == "/robots.txt":
            self.counted["robots.txt"] += 1
            return iter([_answer(404, "text/plain", b"")]), True
        self.counted["pages"] += 1
        return iter([_answer(200, "text/html", b"<!doctype html><title>It is there</title>")]), True

    def _told(self, target: str) -> bytes:
        """`/12.5`: it is so many hours since the beginning. `/account`: what was asked, and what of each source was
        seen and missed.
        """
        if target != "/account":
            self._hours = float(target[1:])
            return b"{}"
        seen = {number: (site.seen, site.missed) for number, site in enumerate(self.sites)}
        return json.dumps({"counted": self.counted, "seen": seen}).encode()

    def _document(self, number: int, known: str | None) -> bytes:
        site = self.sites[number]
        course = site.course
        until = bisect_right(course.published, self._hours)
        tag = f'"{until}"'
        if course.has_validators and known == tag:
            self.counted["304"] += 1
            return _answer(304, "application/rss+xml", b"", tag)
        oldest = max(until - course.size, 0)
        if site.seen is not None and oldest > site.seen:
            site.missed.append((site.seen, oldest))
        site.seen = until
        self.counted["200"] += 1
        items = "".join(self._item(number, place) for place in range(until - 1, oldest - 1, -1))
        host = host_of(number)
        written = (
            '<?xml version="1.0" encoding="utf-8"?><rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/" '
            'xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel>'
            f"<title>Site {number}</title><link>http://{host}/</link><description>Generated</description>{items}"
            "</channel></rss>"
        )
        return _answer(200, "application/rss+xml", written.encode(), tag if course.has_validators else None)

    def _item(self, number: int, place: int) -> str:
        """The same for the same place."""
        drawn = random.Random(number << 32 | place)
        left = int(_SHORTEST * (_LONGEST / _SHORTEST) ** drawn.random())
        sentences: list[str] = []
        while left > 0:
            sentences.append(drawn.choice(self._sentences))
            left -= len(sentences[-1])
        paragraphs = "".join(f"<p>{' '.join(sentences[at : at + 4])}</p>" for at in range(0, len(sentences), 4))
        said = drawn.choices(self._words, k=11)
        stated = self.sites[number].course.stated[place]
        date = "" if math.isnan(stated) else f"<pubDate>{format_datetime(time_of(stated))}</pubDate>"
        return (
            f"<item><title>{' '.join(said[:8]).capitalize()} {place}</title>"
            f"<link>{url_of(number, place)}</link><guid isPermaLink='false'>{number}-{place}</guid>"
            f"<dc:creator>{said[8].title()} {said[9].title()}</dc:creator><category>{said[10]}</category>{date}"
            f"<description>{sentences[0]}</description>"
            f"<content:encoded><![CDATA[{paragraphs}]]></content:encoded></item>"
        )


def url_of(number: int, place: int) -> str:
    """The address of an item."""
    return f"http://{host_of(number)}/{place}"


def place_of(url: str) -> int:
    """The place of the item with this address."""
    return int(url.rpartition("/")[2])


def _answer(status: int, media_type: str, body: bytes, tag: str | None = None) -> bytes:
    validator = f"ETag: {tag}\r\n" if tag else ""
    head = f"HTTP/1.1 {status} .\r\nContent-Type: {media_type}\r\nContent-Length: {len(body)}\r\n"
    return f"{head}{validator}\r\n".encode() + body


def main(arguments: list[str]) -> None:
    sources, items, days, seed = arguments
    world = World(int(sources), int(items), float(days), int(seed))
    server = Server(Press(world).handle, "127.0.0.1", 0)
    server.start()
    print(server.address[1], flush=True)
    sys.stdin.read()  # until whoever began it has ended
    server.stop()


if __name__ == "__main__":
    main(sys.argv[1:])

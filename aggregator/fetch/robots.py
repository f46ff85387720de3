"""What a site's robots.txt lets us visit (RFC 9309), and what is remembered of it.

Files are read as they are on the web, with any line ends, in any Unicode encoding, with blanks, slips and comments
everywhere. Which rule an address matches is for `text.paths`.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, nullcontext, suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from math import isfinite
from typing import Self

from aggregator.model import RobotsCopy
from aggregator.model.errors import RobotsRefused
from aggregator.text.paths import PathRules, path_of

MOST_BYTES = 500 * 1024  # RFC 9309 section 2.5: at least so much is read
GOOD_FOR = timedelta(hours=24)  # section 2.4
# A site that does not answer is asked again sooner: until it does, none of its pages may be visited.
UNANSWERED_GOOD_FOR = timedelta(hours=1)
LONGEST_DELAY = 60.0  # seconds; a site that wants more between two visits gets this
UNAVAILABLE = 300  # the status of a copy behind too many redirects, which counts as none (section 2.3.1.2)

_MOST_SITES = 10_000  # whose rules are remembered in memory
_MOST_SHOWN = 300  # characters of an address in a message
_MOST_REMEMBERED = 32 * 1024 * 1024  # bytes of their files
_LARGE = 16 * 1024  # bytes; a larger file is read in a thread, so that the event loop goes on meanwhile
# Each rule looks through the whole address, and both are the publisher's: a longer address is not visited.
_LONGEST_ADDRESS = 4096  # bytes
# The fields that count, spelled as people spell them; Google's reader and Scrapy's know the same slips.
_RECORD = re.compile(
    r"(?:(?P<agent>user[\s_-]?agents?)|(?P<field>allow|dis+al+ow|diasllow|disallaw|crawl[\s_-]?delay))(?:\s*[:：]|\s|$)",
    re.IGNORECASE,
)
_TOKEN = re.compile("[a-z_-]*")  # the product token of RFC 9309 section 2.2.1, in small letters
# What nobody sees: byte order marks between files that were joined, marks of direction, zero-width blanks, NUL.
_INVISIBLE = re.compile("[\0\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")


class Rules:
    """One copy of a robots.txt, as it concerns one product token."""

    def __init__(self, copy: RobotsCopy, token: str) -> None:
        self.copy = copy
        self._name, self._token = token, token.casefold()

    def is_fresh(self, now: datetime) -> bool:
        good_for = UNANSWERED_GOOD_FOR if _is_unreachable(self.copy) else GOOD_FOR
        return self.copy.fetched_at <= now < self.copy.fetched_at + good_for

    def allows(self, url: str) -> bool:
        """Whether the page may be visited. No robots.txt (4xx): all may; no answer, 5xx or 429: none. An address of
        more than four kilobytes is not visited, nor one that would take too long to compare with all rules.
        """
        if _is_unreachable(self.copy) or len(url.encode("utf-8", "surrogatepass")) > _LONGEST_ADDRESS:
            return False
        path = path_of(url)
        return path == "/robots.txt" or self._rules.allow(path)

    def delay_before(self, url: str) -> float:
        """The seconds that the site wants between two visits; raises RobotsRefused where it wants none to this page."""
        if not self.allows(url):
            raise RobotsRefused(self.refusal(url))
        return self.delay

    def refusal(self, url: str) -> str:
        """Why an address that is not allowed is not."""
        file = f"{self.copy.origin}/robots.txt ({self.copy.http_status or 'no answer'})"
        shown = url if len(url) <= _MOST_SHOWN else f"{url[:_MOST_SHOWN]}..."
        if not _is_unreachable(self.copy) and self._rules.is_too_much(path_of(url)):
            return f"{file} has so many rules with * that they are not compared with {shown}"
        whose = f"names {self._name} and " if self._group.names_us else ""
        return f"{file} {whose}disallows {shown}"

    def names_us_and_disallows(self, url: str) -> bool:
        """Whether a group of our own, not the one of `*`, disallows the address."""
        return self._group.names_us and not self.allows(url)

    @property
    def delay(self) -> float:
        """Seconds between two visits that `crawl-delay` asks for, at most a minute; 0.0: nothing is asked."""
        return min(self._rules_and_delay[1], LONGEST_DELAY)

    def read(self) -> Self:
        """Reads the file now, and not when the first address is asked for: the largest take half a second."""
        _ = self._rules
        return self

    @cached_property
    def _group(self) -> Group:
        return group_for(self._token, text_of(self.copy.body)) if _is_there(self.copy) else Group(False, ())

    @property
    def _rules(self) -> PathRules:
        return self._rules_and_delay[0]

    @cached_property
    def _rules_and_delay(self) -> tuple[PathRules, float]:
        rules, delay = PathRules(), 0.0
        for field, value in self._group.rules:
            if field == "crawl-delay":
                delay = _seconds(value) or delay
            else:
                rules.add(value, is_allowed=field == "allow")
        return rules, delay


def _seconds(said: str) -> float | None:
    """None: it is no number of seconds."""
    with suppress(ValueError):
        seconds = float(said)
        return seconds if isfinite(seconds) and seconds >= 0 else None
    return None


@dataclass(frozen=True, slots=True)
class Group:
    """The rules that bind one product token."""

    names_us: bool  # they stand in groups for this token, not in those for `*`
    rules: tuple[tuple[str, str], ...]  # allow, disallow or crawl-delay; and the value


def group_for(token: str, text: str) -> Group:
    """All groups for a token (in small letters) as one, or those for `*` where it has none (RFC 9309 section 2.2.1).

    A group begins with the lines that name its agents. Lines that are none of its rules, `Sitemap` or `Content-Signal`
    say, do not end it (section 2.2.4).
    """
    ours: list[tuple[str, str]] = []
    everybodys: list[tuple[str, str]] = []
    names_us = begins = False  # begins: the line before named an agent, too
    agents: set[str] = set()
    for field, value in records(text):
        if field == "agent":
            agents = (agents if begins else set()) | _agents(value)
            names_us = names_us or token in agents
        elif token in agents:
            ours.append((field, value))
        elif "*" in agents:
            everybodys.append((field, value))
        begins = field == "agent"
    return Group(names_us, tuple(ours if names_us else everybodys))


def records(text: str) -> Iterator[tuple[str, str]]:
    """The lines of a robots.txt that count: `agent`, `allow`, `disallow` or `crawl-delay`; and the value."""
    for line in text.split("\n"):
        line = line.partition("#")[0].strip()
        if found := _RECORD.match(line):
            value = line[found.end() :].strip()
            if found["agent"]:
                yield "agent", value
            else:
                first = found["field"][0].lower()
                yield {"a": "allow", "c": "crawl-delay"}.get(first, "disallow"), value


def _agents(value: str) -> set[str]:
    """Whom a line addresses, in small letters: one product token by the RFC; some write several, and some more."""
    parts = [part.strip().strip("\"'").casefold() for part in value.split(",")]
    return {part if part == "*" else _TOKEN.match(part)[0] for part in parts}  # type: ignore[index]  # matches anything


def text_of(body: bytes) -> str:
    """The text of a robots.txt, whose lines end with LF alone, whatever they ended with before; without what nobody
    sees.

    It should be in UTF-8 (section 2.3). UTF-16, which editors on Windows write, is told by its zeros.
    """
    zeros = body.count(0)
    share = 16 if body.startswith((b"\xff\xfe", b"\xfe\xff")) else 4  # the lines that count are in ASCII
    if zeros * share >= len(body) > 0:
        odd = body[1::2].count(0)
        text = body.decode("utf-16-le" if odd * 2 > zeros else "utf-16-be", "replace")
    else:
        text = body.decode("utf-8", "replace")
    return "\n".join(_INVISIBLE.sub("", text).splitlines())


# Waits until no other program does what has this name, and keeps others from it.
Alone = Callable[[str], AbstractAsyncContextManager[None]]
# Asks an origin for its robots.txt.
Ask = Callable[[str, datetime], Awaitable[RobotsCopy]]


async def _nothing(origin: str) -> None:
    return None


async def _forget(copy: RobotsCopy) -> None:
    return None


@dataclass(frozen=True, slots=True)
class RobotsCache:
    """Where copies of robots.txt outlive the process: what is kept for an origin, and how to keep one."""

    recall: Callable[[str], Awaitable[RobotsCopy | None]] = _nothing
    remember: Callable[[RobotsCopy], Awaitable[None]] = _forget


class Memory:
    """Holds the rules of the sites that were asked lately, as they concern one product token. One event loop."""

    def __init__(self, token: str, robots_cache: RobotsCache, alone: Alone = lambda name: nullcontext()) -> None:
        self._token = token
        self._alone = alone
        self._robots_cache = robots_cache
        self._rules: dict[str, Rules] = {}
        self._bytes = 0  # of their files
        self._asking: dict[str, asyncio.Lock] = {}

    async def at_hand(self, origin: str, now: datetime) -> Rules | None:
        """The origin's rules, from memory or from the cache, if they are fresh: another program may have asked for them
        since this one did.
        """
        rules = self._rules.get(origin)
        if rules is None or not rules.is_fresh(now):
            copy = await self._robots_cache.recall(origin)
            if copy and (rules is None or copy.fetched_at > rules.copy.fetched_at):
                rules = await self._read(copy)
                self._remember(origin, rules)
        return rules if rules and rules.is_fresh(now) else None

    async def asked(self, origin: str, now: datetime, ask: Ask) -> Rules:
        """Asks the site, once for all that wait for it, in other programs too; its answer is remembered, and that it
        gave none. What `ask` raises is not.
        """
        try:
            async with self._asking.setdefault(origin, asyncio.Lock()), self._alone(f"{origin}/robots.txt"):
                if rules := await self.at_hand(origin, now):
                    return rules
                old = self._rules.get(origin)
                copy = kept(await ask(origin, now), old.copy if old else None)
                rules = await self._read(copy)
                self._remember(origin, rules)
                await self._robots_cache.remember(copy)
        finally:
            self._asking.pop(origin, None)
        return rules

    async def _read(self, copy: RobotsCopy) -> Rules:
        rules = Rules(copy, self._token)
        return await asyncio.to_thread(rules.read) if len(copy.body) > _LARGE else rules

    def _remember(self, origin: str, rules: Rules) -> None:
        """The rules of the latest, those of the one that came first go."""
        self._forget(origin)
        while len(self._rules) >= _MOST_SITES or (self._rules and self._bytes > _MOST_REMEMBERED):
            self._forget(next(iter(self._rules)))
        self._rules[origin] = rules
        self._bytes += len(rules.copy.body)

    def _forget(self, origin: str) -> None:
        if old := self._rules.pop(origin, None):
            self._bytes -= len(old.copy.body)


def kept(new: RobotsCopy, old: RobotsCopy | None) -> RobotsCopy:
    """The copy to go by: while a site cannot be reached, what it said before stays in force (RFC 9309 section 2.4)."""
    if old is None or _is_unreachable(old) or not _is_unreachable(new):
        return new
    return replace(old, fetched_at=new.fetched_at)


def _is_there(copy: RobotsCopy) -> bool:
    return copy.http_status is not None and 200 <= copy.http_status < 300


def _is_unreachable(copy: RobotsCopy) -> bool:
    """429 is a 4xx, which by the RFC lets us go anywhere; but with it a server says that it has too much to do."""
    return copy.http_status is None or copy.http_status == 429 or copy.http_status >= 500

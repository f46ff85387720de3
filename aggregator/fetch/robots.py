"""What a site's robots.txt lets us visit (RFC 9309), and what is remembered of it; it alone knows protego.

Where protego is more lenient than the RFC about whom a group addresses (a group for "Example" would bind
"ExampleWire", one for "ExampleWire/1.0" would not), the lines are put right before it reads them.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property

from protego import Protego

from aggregator.errors import RobotsRefused
from aggregator.types import RobotsCopy

MOST_BYTES = 500 * 1024  # RFC 9309 section 2.5: at least so much is read
GOOD_FOR = timedelta(hours=24)  # section 2.4
# A site that does not answer is asked again sooner: until it does, none of its pages may be visited.
UNANSWERED_GOOD_FOR = timedelta(hours=1)
LONGEST_DELAY = 60.0  # seconds; a site that wants more between two visits gets this
UNAVAILABLE = 300  # the status of a copy behind too many redirects, which counts as none (section 2.3.1.2)

_MOST_SITES = 10_000  # whose rules are remembered in memory
_AGENT_LINE = re.compile(r"(?im)^[ \t]*user[ -]?agent[ \t]*:[ \t]*(?P<token>\*(?=[ \t]*(?:#|\r?$))|[a-z_-]*)[^\r\n]*$")
_US = "addressed-to-us"
_SOMEBODY = "somebody-else"


class Rules:
    """One copy of a robots.txt, as it concerns one product token."""

    def __init__(self, copy: RobotsCopy, token: str) -> None:
        self.copy = copy
        self._token = token.casefold()

    def is_fresh(self, now: datetime) -> bool:
        good_for = UNANSWERED_GOOD_FOR if _is_unreachable(self.copy) else GOOD_FOR
        return self.copy.fetched_at <= now < self.copy.fetched_at + good_for

    def allows(self, url: str) -> bool:
        """Whether the page may be visited. No robots.txt (4xx): all may; no answer, 5xx or 429: none."""
        if _is_unreachable(self.copy):
            return False
        return self._rules is None or self._rules.can_fetch(url, _US)

    def delay_before(self, url: str) -> float:
        """The seconds that the site wants between two visits; raises RobotsRefused where it wants none to this page."""
        if not self.allows(url):
            said = self.copy.status or "no answer"
            raise RobotsRefused(f"{self.copy.origin}/robots.txt ({said}) disallows {url}")
        return self.delay

    def names_us_and_disallows(self, url: str) -> bool:
        """Whether a group of our own, not the one of `*`, disallows the address."""
        return self._names_us and self._rules is not None and not self._rules.can_fetch(url, _US)

    @property
    def delay(self) -> float:
        """Seconds between two visits that `crawl-delay` asks for, at most a minute; 0.0: nothing is asked."""
        said = self._rules.crawl_delay(_US) if self._rules else None
        return min(said or 0.0, LONGEST_DELAY)

    @cached_property
    def _text(self) -> str:
        return self.copy.body.decode("utf-8-sig", "replace") if self.copy.status == 200 else ""

    @cached_property
    def _names_us(self) -> bool:
        if self._token not in self._text.casefold():  # nearly every site: no need to look closer
            return False
        return any(found["token"].casefold() == self._token for found in _AGENT_LINE.finditer(self._text))

    @cached_property
    def _rules(self) -> Protego | None:
        """The rules, with every group addressed to `us`, to `*`, or to somebody else."""
        return Protego.parse(_AGENT_LINE.sub(self._address, self._text)) if self._text else None

    def _address(self, found: re.Match[str]) -> str:
        token = found["token"].casefold()
        return f"User-agent: {_US if token == self._token else '*' if token == '*' else _SOMEBODY}"


# Asks an origin for its robots.txt.
Ask = Callable[[str, datetime], Awaitable[RobotsCopy]]


async def _nothing(origin: str) -> None:
    return None


async def _forget(copy: RobotsCopy) -> None:
    return None


@dataclass(frozen=True, slots=True)
class Shelf:
    """Where copies of robots.txt outlive the process: what is kept for an origin, and how to keep one."""

    recall: Callable[[str], Awaitable[RobotsCopy | None]] = _nothing
    remember: Callable[[RobotsCopy], Awaitable[None]] = _forget


class Memory:
    """Holds the rules of the sites that were asked lately, as they concern one product token. One event loop."""

    def __init__(self, token: str, shelf: Shelf) -> None:
        self._token = token
        self._shelf = shelf
        self._rules: dict[str, Rules] = {}
        self._asking: dict[str, asyncio.Lock] = {}

    async def at_hand(self, origin: str, now: datetime) -> Rules | None:
        """The origin's rules, from memory or from the shelf, if they are fresh."""
        if origin not in self._rules and (copy := await self._shelf.recall(origin)):
            self._rules[origin] = Rules(copy, self._token)
        rules = self._rules.get(origin)
        return rules if rules and rules.is_fresh(now) else None

    async def asked(self, origin: str, now: datetime, ask: Ask) -> Rules:
        """Asks the site, once for all that wait for it; its answer is remembered, and that it gave none. What `ask`
        raises is not.
        """
        try:
            async with self._asking.setdefault(origin, asyncio.Lock()):
                if rules := await self.at_hand(origin, now):
                    return rules
                old = self._rules.get(origin)
                copy = kept(await ask(origin, now), old.copy if old else None)
                while len(self._rules) >= _MOST_SITES:
                    self._rules.pop(next(iter(self._rules)))
                self._rules[origin] = rules = Rules(copy, self._token)
                await self._shelf.remember(copy)
        finally:
            self._asking.pop(origin, None)
        return rules


def kept(new: RobotsCopy, old: RobotsCopy | None) -> RobotsCopy:
    """The copy to go by: while a site cannot be reached, what it said before stays in force (RFC 9309 section 2.4)."""
    if old is None or _is_unreachable(old) or not _is_unreachable(new):
        return new
    return replace(old, fetched_at=new.fetched_at)


def _is_unreachable(copy: RobotsCopy) -> bool:
    """429 is a 4xx, which by the RFC lets us go anywhere; but with it a server says that it has too much to do."""
    return copy.status is None or copy.status == 429 or copy.status >= 500

"""The press of `bench.day`, in a process of its own: for every line with minutes it publishes what falls into them;
at a line with 0 all that was wrong is well again.

Each line is answered with one of JSON: `port` at first, then `published`, `edited` and `requests`, counted from the
beginning.
"""

from __future__ import annotations

import json
import random
import sys
from dataclasses import dataclass
from datetime import UTC, datetime

from aggregator.demo import Press, Resource
from aggregator.demo.sites import generate_feed

OPENED = datetime(2026, 11, 22, tzinfo=UTC)
ITEMS = 8  # of a feed
REPORTS_A_DAY = 600
_EDITS = 0.1  # for every report
_SPELLS_A_DAY = 120  # of which each takes a host out for a while
_SPELL_MINUTES = 90
_DEAD = 3  # hosts that do not answer before the end, and publish nothing, since it would leave their feeds unseen
_WRONG = ("close", "garbage", "truncated", "html", "busy", "empty")
_DAY = 24 * 60


@dataclass
class _Site:
    number: int
    version: int = 0  # reports published since the beginning
    edits: tuple[int, ...] = ()  # numbers of the reports that have been edited, once for each time

    @property
    def host(self) -> str:
        return f"{key(self.number)}.example"

    def feed(self) -> bytes:
        written = generate_feed(self.number, ITEMS, now=OPENED, version=self.version, format="rss20-full")
        for report in set(self.edits):
            times = self.edits.count(report)
            written = written.replace(b" %d</title>" % report, b" %d, updated %d times</title>" % (report, times))
        return written


def key(number: int) -> str:
    return f"site-{number}"


class Day:
    """What happens at all the hosts; `pass_time` moves it on."""

    def __init__(self, press: Press, hosts: int) -> None:
        self._press = press
        self._chance = random.Random(610)
        self._sites = [_Site(number) for number in range(hosts)]
        self._wrong: dict[str, int] = {}  # host to the minutes that it still is
        self._owed = self._owed_spells = 0.0
        self.published = self.edited = self.requests = 0
        for site in self._sites:
            self._show(site)
            for number in range(ITEMS):
                self._show_page(site, number)
        for site in self._sites[:_DEAD]:
            press.misbehave(site.host, "*", "close")

    def pass_time(self, minutes: int) -> None:
        self._owed += REPORTS_A_DAY * minutes / _DAY
        while self._owed >= 1:
            self._owed -= 1
            self._publish(self._chance.choice(self._sites[_DEAD:]))
        self._owed_spells += _SPELLS_A_DAY * minutes / _DAY
        for host in [host for host, left in self._wrong.items() if left <= minutes]:
            self._press.behave(host, "/feed")
            del self._wrong[host]
        self._wrong = {host: left - minutes for host, left in self._wrong.items()}
        while self._owed_spells >= 1:
            self._owed_spells -= 1
            host = self._chance.choice(self._sites[_DEAD:]).host
            self._press.misbehave(host, "/feed", self._chance.choice(_WRONG))
            self._wrong[host] = _SPELL_MINUTES
        self.requests += len(self._press.requests)
        self._press.forget()

    def heal(self) -> None:
        for site in self._sites:
            self._press.behave(site.host, "*")
            self._press.behave(site.host, "/feed")

    def _publish(self, site: _Site) -> None:
        site.version += 1
        self._show_page(site, site.version + ITEMS - 1)
        self.published += 1
        if self._chance.random() < _EDITS:
            site.edits = (*site.edits, self._chance.randrange(site.version, site.version + ITEMS))
            self.edited += 1
        self._show(site)

    def _show(self, site: _Site) -> None:
        self._press.set_document(site.host, "/feed", Resource(site.feed(), "application/rss+xml"))

    def _show_page(self, site: _Site, number: int) -> None:
        self._press.set_document(site.host, f"/{number}.html", Resource(b"<p>It stands there.</p>", "text/html"))


def main(hosts: str) -> None:
    with Press(now=OPENED) as press:
        day = Day(press, int(hosts))
        print(json.dumps({"port": press.address[1]}), flush=True)
        for line in sys.stdin:
            if minutes := int(line):
                day.pass_time(minutes)
            else:
                day.heal()
            said = {"published": day.published, "edited": day.edited, "requests": day.requests}
            print(json.dumps(said), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])

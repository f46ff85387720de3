"""How far apart the requests to one domain are, as they arrive there, whatever delays one of them on its way."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from aggregator.demo import Press
from aggregator.fetch import Fetcher, RobotsCache, written_in
from aggregator.fetch.limits import Limits, SharedLimits
from aggregator.fetch.shared import Shared
from aggregator.model import FetchSettings, RobotsCopy, Validators
from aggregator.model.errors import FetchError
from tests.conftest import NOW, WIRE, make_source
from tests.fetch.test_shared import at_once
from tests.waiting import eventually

APART = 0.2  # seconds
SETTINGS = replace(WIRE.fetch, per_domain_concurrency=3, per_domain_spacing=timedelta(seconds=APART))
# What programs share: makes the limits of one more program.
Share = Callable[[], SharedLimits | None]


def url_of(host: int) -> str:
    return f"http://h{host}.paper.example/feed"


@pytest.fixture
def press() -> Iterator[Press]:
    with Press(now=NOW) as opened:
        for host in range(4):
            opened.set_document(f"h{host}.paper.example", "/feed", b"<rss version='2.0'><channel/></rss>")
        yield opened


def fetchers(press: Press, share: Share, number: int) -> list[Fetcher]:
    """So many programs that share what they know of a domain; one alone where they share nothing."""

    first = share()
    made = [fetcher(press, first)] + [fetcher(press, share()) for _ in range(number - 1) if first]
    return [made[each % len(made)] for each in range(number)]


def fetcher(
    press: Press, shared: SharedLimits | None, cache: RobotsCache | None = None, settings: FetchSettings = SETTINGS
) -> Fetcher:
    def connect_to(host: str) -> tuple[str, int] | None:
        return press.address if host.endswith(".example") else None

    return Fetcher(replace(WIRE, fetch=settings), connect_to, cache, shared=shared)


async def ask_while_one_is_late(press: Press, share: Share) -> list[float]:
    """Three programs ask one domain. The first has its turn first, and sends its request when the second has its
    answer; the third comes behind. When each request arrived.
    """
    is_late = asyncio.Event()
    async with AsyncExitStack() as stack:
        programs = fetchers(press, share, 3)
        for program in set(programs):
            await stack.enter_async_context(program)
        has_turn = asyncio.Event()

        async def get(number: int) -> None:
            if number:
                await has_turn.wait()
            url = url_of(number)
            async with programs[number].turn(url, written_in([url])) as turn:
                has_turn.set()
                if number == 0:
                    await is_late.wait()
                await programs[number].get(make_source(url), Validators(), turn)
            is_late.set()

        await asyncio.gather(*map(get, range(3)))
    return sorted(seen.at for seen in press.requests)


def gaps(at: list[float]) -> list[float]:
    return [later - earlier for earlier, later in pairwise(at)]


def of_a_file(tmp_path: Path) -> Share:
    def share() -> SharedLimits | None:
        return Shared.open(tmp_path / "limits", SETTINGS.per_domain_concurrency, 60.0)

    return share


@pytest.mark.parametrize("are_programs", [False, True])
def test_a_request_that_leaves_late_is_not_close_to_the_next(press: Press, tmp_path: Path, are_programs: bool) -> None:
    share: Share = of_a_file(tmp_path) if are_programs else lambda: None
    at = asyncio.run(ask_while_one_is_late(press, share))
    assert len(at) == 3
    assert min(gaps(at)) >= APART


def test_a_late_request_need_not_wait_where_nobody_has_asked_since_and_the_next_counts_from_it(tmp_path: Path) -> None:
    async def ask() -> float:
        shares, clock = [of_a_file(tmp_path)() for _ in range(2)], asyncio.get_running_loop().time
        first, second = (Limits(9, 9, SETTINGS.per_domain_spacing, shared=each) for each in shares)
        async with first.turn("h0.paper.example") as turn:
            is_over = clock() + 0.3 * APART  # longer than a start is good for
            await eventually(lambda: clock() > is_over)
            left = clock()
            at_once(turn.start.leave())
        async with second.turn("h1.paper.example"):
            return clock() - left

    assert asyncio.run(ask()) >= APART


def test_a_request_that_is_sent_again_has_its_distance_too(press: Press) -> None:
    """A server that closes the connection without an answer is asked once more, by the client itself."""
    press.misbehave("h0.paper.example", "/feed", "close")

    async def ask() -> None:
        (program,) = fetchers(press, lambda: None, 1)
        async with program, program.turn(url_of(0), written_in([url_of(0)])) as turn:
            with pytest.raises(FetchError):
                await program.get(make_source(url_of(0)), Validators(), turn)

    asyncio.run(ask())
    at = [seen.at for seen in press.requests]
    assert len(at) == 2
    assert min(gaps(at)) >= APART


async def heed_together(press: Press, share: Share) -> int:
    """Two programs of one database look at one site's robots.txt; how often it was fetched."""
    copies: dict[str, RobotsCopy] = {}

    async def recall(origin: str) -> RobotsCopy | None:
        return copies.get(origin)

    async def remember(copy: RobotsCopy) -> None:
        copies[copy.origin] = copy

    press.misbehave("h0.paper.example", "/robots.txt", "slow", seconds=2 * APART)  # until the other one has its turn
    programs = [fetcher(press, share(), RobotsCache(recall, remember)) for _ in range(2)]

    async def heed(program: Fetcher) -> None:
        async with program, program.turn(url_of(0), written_in([url_of(0)])) as turn:
            await program.heed(url_of(0), turn, NOW)

    await asyncio.gather(*map(heed, programs))
    return sum(seen.path == "/robots.txt" for seen in press.requests)

"""What programs on several machines share of a domain, in PostgreSQL: the time between requests, and one robots.txt."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta

import pytest

from aggregator.demo import Press
from aggregator.fetch import written_in
from aggregator.fetch.limits import SharedLimits
from aggregator.model import Validators
from aggregator.store import Store
from tests import postgres
from tests.conftest import NOW, make_source
from tests.fetch.test_starts import (
    APART,
    SETTINGS,
    Share,
    ask_while_one_is_late,
    fetcher,
    gaps,
    heed_together,
    url_of,
)
from tests.fetch.test_starts import press as press
from tests.waiting import eventually


@pytest.fixture(scope="module")
def share(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Share]:
    place = postgres.place_of(tmp_path_factory.mktemp("wire") / "wire.db")
    with ExitStack() as stack:

        def of_one() -> SharedLimits:
            store = stack.enter_context(Store.open(place))
            limits: SharedLimits = store.shared_limits(3, timedelta(seconds=30), dict)
            return limits

        yield of_one


def test_requests_of_several_machines_that_leave_late_are_not_close_to_each_other(press: Press, share: Share) -> None:
    at = asyncio.run(ask_while_one_is_late(press, share))
    assert len(at) == 3
    assert min(gaps(at)) >= APART


def test_workers_that_begin_together_fetch_a_robots_txt_once(press: Press, share: Share) -> None:
    assert asyncio.run(heed_together(press, share)) == 1


def test_a_worker_that_is_lost_while_it_asks_for_a_robots_txt_fails_no_poll_of_another(
    press: Press, share: Share
) -> None:
    """However long the others wait for it: it is not the site that does not answer."""
    timeout, url = timedelta(seconds=1), url_of(0)

    async def story() -> int:
        lost, shared = share(), share()
        assert lost is not None

        async def poll() -> int:
            program = fetcher(press, shared, settings=replace(SETTINGS, timeout=timeout))
            async with program, program.turn(url, written_in([url])) as turn:
                await program.heed(url, turn, NOW)
                return (await program.get(make_source(url), Validators(), turn)).http_status

        clock = asyncio.get_running_loop().time
        async with lost.alone("http://h0.paper.example/robots.txt"):
            polling, is_over = asyncio.create_task(poll()), clock() + 1.2 * timeout.total_seconds()
            await eventually(lambda: clock() > is_over)
        status = await polling
        await lost.close()
        return status

    assert asyncio.run(story()) == 200


def test_a_start_that_did_not_leave_is_taken_back_by_whoever_has_it_alone(share: Share) -> None:
    async def story() -> list[bool]:
        first, second = share(), share()
        assert first is not None
        assert second is not None
        wait, mine = await first.start("one.example", 60.0, 0.0)
        waits = [wait > 0, (await second.start("one.example", 60.0, 0.0))[0] > 59]
        wait, again = await first.start("one.example", 60.0, mine)
        waits += [wait > 0, again > mine, (await first.start("one.example", 60.0, mine))[0] > 59]
        await first.close()
        await second.close()
        return waits

    assert asyncio.run(story()) == [False, True, False, True, True]

"""The tasks of a wire as Procrastinate knows them: a queue each, how often each is deferred, and which goes first.

Of all but polls and searches one is done at a time, by whichever worker takes it (`lock`), and none waits twice
(`queueing_lock`). A worker of another version does not know tasks that were added or removed since: what it cannot do
is dropped, and deferred again at its next time.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from msgspec import Struct
from procrastinate import App
from procrastinate.connector import BaseConnector

from aggregator.engine.deferring import POLL, SEARCH, TICK_SECONDS

Poll = Callable[[str], Awaitable[None]]  # of the source of this name


class Round(Struct, frozen=True):
    """Work that is deferred again and again. `cron`: with seconds in the sixth place; what has a higher `priority` goes
    first.
    """

    name: str
    cron: str
    priority: int
    call: Callable[[], Awaitable[None]]
    is_alone: bool = True


EVERY_TICK = f"* * * * * */{TICK_SECONDS}"
EVERY_HALF_MINUTE = "* * * * * */30"
EVERY_MINUTE = "* * * * *"
EVERY_TEN_MINUTES = "*/10 * * * *"


def app_of(connector: BaseConnector, poll: Poll, search: Poll, rounds: tuple[Round, ...]) -> App:
    """An App that does these."""
    app = App(connector=connector)
    for name, call in ((POLL, poll), (SEARCH, search)):
        app.task(name=name, queue=name)(_of_source(call))
    for each in rounds:
        lock = each.name if each.is_alone else None
        task = app.task(name=each.name, queue=each.name, lock=lock, queueing_lock=each.name, priority=each.priority)(
            _at_its_time(each.call)
        )
        app.periodic(cron=each.cron)(task)
    return app


def _of_source(call: Poll) -> Callable[..., Awaitable[None]]:
    async def run(source: str, **_: Any) -> None:
        await call(source)

    return run


def _at_its_time(call: Callable[[], Awaitable[None]]) -> Callable[..., Awaitable[None]]:
    async def run(timestamp: int, **_: Any) -> None:
        await call()

    return run

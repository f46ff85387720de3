"""The processes that read documents: whatever happens to one, the next document is read."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from aggregator.model import FetchResult
from aggregator.model.errors import ParseError
from aggregator.pipeline import workers as room
from aggregator.pipeline.reading import Reading
from aggregator.pipeline.workers import Workers
from tests import ROOT
from tests.conftest import make_publisher
from tests.pipeline.in_worker import dead, failing, held, noisy, own_pid
from tests.waiting import eventually

pytestmark = pytest.mark.usefixtures("started_anew")

PUBLISHER = make_publisher()
HANGING = b"<rss><channel><item><title>" + b"<a " * 400_000 + b"</rss>"
ITEM = b"<rss version='2.0'><channel><item><title>One</title><link>https://a.example/1</link></item></channel></rss>"


def used(trip: Callable[[Workers], Awaitable[object]], seconds: float = 20) -> object:
    """What a trip with one process comes to."""

    async def run() -> object:
        workers = Workers(processes=1, seconds=seconds)
        try:
            return await asyncio.wait_for(trip(workers), 60)
        finally:
            await workers.close()

    return asyncio.run(run())


async def reading(workers: Workers, body: bytes) -> Reading:
    result = FetchResult(url="http://a.example/", http_status=200, headers={}, body=body)
    return await workers.read(result, PUBLISHER.sources[0], PUBLISHER, {})


def test_a_document_that_ends_its_process_costs_no_other() -> None:
    async def trip(workers: Workers) -> list[object]:
        bodies = [ITEM, HANGING, ITEM, ITEM, ITEM]
        return list(await asyncio.gather(*(reading(workers, body) for body in bodies), return_exceptions=True))

    first, hanging, *others = used(trip, seconds=0.8)  # type: ignore[misc]
    assert isinstance(hanging, ParseError)
    assert "more than 0.8 s of processor time; it was given up" in str(hanging)
    assert [len(each.listed) for each in (first, *others)] == [1, 1, 1, 1]


@pytest.mark.parametrize(
    ("sign", "said"), [(signal.SIGSEGV, "(SIGSEGV)"), (signal.SIGKILL, "(SIGKILL)"), (signal.SIGALRM, "given up")]
)
def test_how_a_process_ended_is_said(sign: signal.Signals, said: str) -> None:
    async def trip(workers: Workers) -> object:
        with pytest.raises(ParseError) as caught:
            await workers.call(dead, (sign,))
        assert len((await reading(workers, ITEM)).listed) == 1
        return str(caught.value)

    assert said in str(used(trip))


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
def test_what_ends_the_daemon_does_not_end_the_document_under_way(sign: signal.Signals) -> None:
    async def trip(workers: Workers) -> object:
        await workers.call(dead, (sign,))
        return len((await reading(workers, ITEM)).listed)

    assert used(trip) == 1


def test_a_process_loads_little_beside_what_reads_a_document(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Each of them pays its start, and holds what it has loaded in memory."""
    monkeypatch.setenv("PYTHONPROFILEIMPORTTIME", "1")  # the process says on standard error what it imports
    monkeypatch.delenv("COVERAGE_PROCESS_CONFIG", raising=False)  # `make coverage` would load sqlite3 into it
    assert used(lambda workers: reading(workers, ITEM)).listed  # type: ignore[attr-defined]
    lines = capfd.readouterr().err.splitlines()
    loaded = {line.rpartition("|")[2].strip() for line in lines if line.startswith("import time:")}
    assert {"aggregator.parse", "aggregator.normalise"} <= loaded
    assert not loaded & {"httpx", "aiohttp", "apscheduler", "sqlite3", "click", "rich", "pydantic", "feedparser", "bs4"}
    rooms = {name.split(".")[1] for name in loaded if name.startswith("aggregator.")}
    assert not rooms & {"cli", "demo", "config", "desk", "store", "output", "fetch"}


def test_a_process_is_replaced_after_so_many_documents(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "DOCUMENTS_EACH", 3)

    async def trip(workers: Workers) -> object:
        return await asyncio.gather(*(workers.call(own_pid, ()) for _ in range(8)))

    seen = used(trip)
    assert isinstance(seen, list)
    assert [seen.count(pid) for pid in dict.fromkeys(seen)] == [3, 3, 2]


def test_a_second_process_starts_where_the_queue_is_long() -> None:
    async def run(documents: int) -> int:
        workers = Workers(processes=2)
        try:
            # The first process has begun: one that takes long to start is not waited for either.
            first = await workers.call(own_pid, ())
            pids = await asyncio.gather(*(workers.call(own_pid, ()) for _ in range(documents)))
        finally:
            await workers.close()
        return len({first, *pids})

    assert [asyncio.run(run(documents)) for documents in (20, 200)] == [1, 2]


def test_what_is_printed_is_taken_for_no_answer() -> None:
    assert used(lambda workers: workers.call(noisy, ())) == "heard"


async def under_way(workers: Workers, folder: Path) -> tuple[asyncio.Task[None], Path]:
    """A call that a process is busy with, until somebody writes into the pipe."""
    begun, end = folder / "begun", folder / "end"
    os.mkfifo(end)
    task = asyncio.create_task(workers.call(held, (str(begun), str(end))))
    await eventually(begun.exists)
    return task, end


def test_a_poll_that_was_cancelled_takes_no_other_along(tmp_path: Path) -> None:
    async def trip(workers: Workers) -> object:
        left, end = await under_way(workers, tmp_path)
        left.cancel()
        end.write_bytes(b"")
        return len((await reading(workers, ITEM)).listed)

    assert used(trip) == 1


def test_what_waits_when_the_program_ends_is_given_up(tmp_path: Path) -> None:
    async def run() -> list[object]:
        workers = Workers(processes=1)
        first, _ = await under_way(workers, tmp_path)
        waiting = [first, *(asyncio.create_task(reading(workers, ITEM)) for _ in range(3))]
        await asyncio.sleep(0)  # they are handed over
        await workers.close()
        return list(await asyncio.wait_for(asyncio.gather(*waiting, return_exceptions=True), 20))

    assert [type(each) for each in asyncio.run(run())] == [ParseError] * 4


def test_an_error_comes_back_as_it_was_raised() -> None:
    async def trip(workers: Workers) -> object:
        with pytest.raises(ParseError, match="so it is"):
            await workers.call(failing, (ParseError,))
        with pytest.raises(ParseError, match=r"broke its reader \(MemoryError\)"):
            await workers.call(failing, (MemoryError,))
        with pytest.raises(KeyError) as caught:
            await workers.call(failing, (KeyError,))
        return caught.value.__notes__

    assert "in failing" in str(used(trip))


def test_a_system_without_room_for_a_process_is_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/no/python")
    with pytest.raises(ParseError, match="no process can be started to read the document"):
        used(lambda workers: reading(workers, ITEM))


def test_a_script_that_reads_documents_runs_once(tmp_path: Path) -> None:
    """As a researcher writes one, without `if __name__ == "__main__"`."""
    script = tmp_path / "script.py"
    script.write_text(
        "import asyncio\n"
        "from aggregator.pipeline.workers import Workers\n"
        "from tests.pipeline.test_workers import ITEM, reading, used\n"
        "print(len(used(lambda workers: reading(workers, ITEM)).listed))\n"
    )
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    (tmp_path / "json.py").write_text("raise SystemExit('somebody else')\n")  # not to be imported from where we stand
    command = [sys.executable, "-P", "-W", "error", str(script)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=tmp_path, env=environment)
    assert (done.stdout, done.stderr) == ("1\n", "")

"""What the programs of one database know together of a domain, whatever becomes of one of them or of their file."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.fetch.shared import Shared
from tests.conftest import examples


def shared_limits(path: Path, clock: Callable[[], float] = time.monotonic) -> Shared:
    shared = Shared.open(path, 2, 60.0, clock)
    assert shared is not None
    return shared


T = TypeVar("T")


def at_once(call: Coroutine[Any, Any, T]) -> T:
    """What a call returns that waits for nothing."""
    with pytest.raises(StopIteration) as ended:
        call.send(None)
    return cast("T", ended.value.value)


def test_a_program_that_was_killed_holds_no_place_and_one_that_stands_still_not_for_long(
    tmp_path: Path,
) -> None:
    code = (
        "import asyncio, pathlib, sys; from aggregator.fetch.shared import Shared\n"
        "shared = Shared.open(pathlib.Path(sys.argv[1]), 2, 60.0)\n"
        "async def hold():\n"
        "  async with shared.place('a.example'), shared.place('a.example'), shared.alone('a task'):\n"
        "    print('held', flush=True); sys.stdin.read()\n"
        "asyncio.run(hold())"
    )
    path = tmp_path / "wire.db.limits"
    command = [sys.executable, "-c", code, str(path)]

    now = [1000.0]

    async def waits(shared: Shared, domain: str, seconds: float = 0.0) -> bool:
        """Whether it has to wait for a domain's places; the clock is so much later when it looks again."""
        try:
            async with asyncio.timeout(0.5 if not seconds else 20):
                asyncio.get_running_loop().call_later(0.1, lambda: now.insert(0, now[0] + seconds))
                async with shared.place(domain), shared.place(domain):
                    return False
        except TimeoutError:
            return True

    async def is_alone(shared: Shared) -> bool:
        try:
            async with asyncio.timeout(0.2), shared.alone("a task"):
                return True
        except TimeoutError:
            return False

    async def story(process: subprocess.Popen[str], shared: Shared) -> list[bool]:
        first = [await is_alone(shared), await waits(shared, "b.example"), await waits(shared, "a.example")]
        again = [await waits(shared, "a.example", 601), await waits(shared, "a.example")]  # it is known to stand still
        process.kill()
        process.wait()
        return [*first, *again, await waits(shared, "a.example"), await is_alone(shared)]

    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        shared = shared_limits(path, lambda: now[0])
        assert asyncio.run(story(process, shared)) == [False, False, True, False, False, False, True]
        assert shared.stuck == set()
        at_once(shared.close())


_asks = st.lists(
    st.tuples(st.integers(0, 2), st.integers(0, 60), st.sampled_from([0.0, 1.0, 60.0]), st.floats(0, 30), st.booleans())
)


@settings(max_examples=examples(200), deadline=None)
@given(_asks)
def test_starts_are_as_far_apart_as_each_before_asked_for_whoever_asks(
    asks: list[tuple[int, int, float, float, bool]],
) -> None:
    """One that did not leave is taken back by whoever has it, as long as no other one has started."""
    now, free, given = [1000.0], dict[int, float](), dict[tuple[int, int], float]()
    with TemporaryDirectory() as folder:
        programs = [shared_limits(Path(folder) / "limits", lambda: now[0]) for _ in range(3)]
        for who, domain, apart, pause, again in asks:
            held = given.get((who, domain), 0.0) if again else 0.0
            wait, number = at_once(programs[who].start(f"{domain}.example", apart, held))
            if held and held == free.get(domain):
                assert wait == 0.0
            else:
                assert wait == max(free.get(domain, 0.0) - now[0], 0.0)
            if not wait and apart:
                free[domain] = given[who, domain] = number
                assert number == now[0] + apart
            now[0] += pause
        for program in programs:
            at_once(program.close())


@settings(max_examples=examples(100), deadline=None)
@given(st.binary(max_size=4096), st.integers(0, 300))
def test_whatever_stands_in_the_file_keeps_nobody_waiting_for_long(found: bytes, domain: int) -> None:
    """A file of another version, of before the machine was started anew, or damaged."""
    now = [5.0]
    with TemporaryDirectory() as folder:
        path = Path(folder) / "limits"
        path.write_bytes(found * 40)
        shared = shared_limits(path, lambda: now[0])
        now[0] += at_once(shared.start(f"{domain}.example", 2.0, 0.0))[0]
        assert now[0] <= 65.0
        at_once(shared.start(f"{domain}.example", 2.0, 0.0))
        assert 0 < at_once(shared.start(f"{domain}.example", 2.0, 0.0))[0] <= 60.0
        assert not at_once(shared.is_backing_off(f"{domain}.example"))
        at_once(shared.close())


def test_the_file_does_not_grow_and_a_row_that_is_over_makes_room(tmp_path: Path) -> None:
    path, now = tmp_path / "limits", [1000.0]
    shared = shared_limits(path, lambda: now[0])
    for number in range(5_000):
        assert at_once(shared.start(f"{number}.example", 2.0, 0.0))[0] == 0.0
        now[0] += 0.02
    assert at_once(shared.start("4999.example", 2.0, 0.0))[0] == pytest.approx(1.98)
    at_once(shared.close())
    assert path.stat().st_size <= 1 << 19


def test_without_a_folder_the_limits_hold_within_the_program(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert Shared.open(tmp_path / "none" / "wire.db.limits", 2, 60.0) is None
    assert caplog.messages == []
    (tmp_path / "wire.db.limits").mkdir()
    assert Shared.open(tmp_path / "wire.db.limits", 2, 60.0) is None
    assert "limits of domains hold within this program alone" in caplog.text


def test_what_a_domain_asks_one_program_for_holds_for_those_that_ran_then(tmp_path: Path) -> None:
    path, now = tmp_path / "limits", [1000.0]
    one, two = (shared_limits(path, lambda: now[0]) for _ in range(2))
    at_once(one.back_off("a.example", 60.0))
    at_once(one.back_off("a.example", 5.0))  # a shorter wish takes nothing back
    assert at_once(two.is_backing_off("a.example"))
    assert not at_once(two.is_backing_off("b.example"))
    now[0] += 30.0
    later = shared_limits(path, lambda: now[0])  # it goes by what the database says
    assert (at_once(two.is_backing_off("a.example")), at_once(later.is_backing_off("a.example"))) == (True, False)
    now[0] += 30.0
    assert not at_once(two.is_backing_off("a.example"))
    for program in (one, two, later):
        at_once(program.close())

"""docs/scale.md says what the code says: the queues, how often each is looked at, and the limits of the tick."""

from __future__ import annotations

import importlib.util
import inspect
import re
from pathlib import Path

from aggregator.cli.worker import worker
from aggregator.engine import deferring, tasks, working
from aggregator.model.publisher import EngineSettings

PAGE = (Path(__file__).parents[2] / "docs" / "scale.md").read_text()
OFTEN = {
    tasks.EVERY_TICK: "5 s",
    tasks.EVERY_HALF_MINUTE: "30 s",
    tasks.EVERY_MINUTE: "1 min",
    tasks.EVERY_TEN_MINUTES: "10 min",
}


def test_the_queues_are_those_of_the_workers() -> None:
    rounds = re.findall(r'Round\("(\w+)", (EVERY_\w+), (\d+)', inspect.getsource(working))
    assert len(rounds) > 5
    table = PAGE.partition("| queue |")[2].partition("\n\n")[0]
    rows = re.findall(r"^\| ((?:`\w+`(?:, )?)+) \|[^|]*\| ([^|;]*)[^|]*\|", table, re.MULTILINE)
    said = {name: often.strip() for names, often in rows for name in re.findall(r"`(\w+)`", names)}
    assert set(said) == {deferring.POLL, deferring.SEARCH, *(name for name, *_ in rounds)}
    assert {name: said[name] for name, *_ in rounds} == {
        name: OFTEN[getattr(tasks, every)] for name, every, _ in rounds
    }
    by_priority = [name for name, _, _ in sorted(rounds, key=lambda each: -int(each[2]))]
    assert [name for name in said if name in by_priority[:2]] == ["tick", "recover"]
    assert f"`{by_priority[0]}` goes first, then `{by_priority[1]}`, `{by_priority[2]}`, `{by_priority[3]}`" in PAGE


def test_the_limits_are_those_of_the_tick() -> None:
    assert f"At most {deferring.MOST_WAITING:,} polls wait as tasks" in PAGE
    assert f"| {deferring.TICK_SECONDS} s |" in PAGE
    assert f"`[engine] lost_after_seconds` ({EngineSettings().lost_after.total_seconds():g})" in PAGE
    assert any(option.name == "at_once" and f"({option.default} by default)" in PAGE for option in worker.params)


def test_the_commands_that_measured_are_there() -> None:
    modules = set(re.findall(r"python -m (bench\.\w+)", PAGE))
    assert {"bench.scale", "bench.large"} <= modules
    for module in modules:
        found = importlib.util.find_spec(module)
        assert found is not None
        assert found.origin is not None
        source = Path(found.origin).read_text()
        for options in re.findall(rf"python -m {module}([^`\n]*)", PAGE):
            for option in re.findall(r"--[\w-]+", options):
                assert f'"{option}"' in source, (module, option)

"""Says in words which workers share a wire, what they do and what waits for them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta

from aggregator.cli.times import when
from aggregator.model.tasks import TaskState, WorkerState
from aggregator.text.dates import duration
from aggregator.text.printable import escaped

_LATE = timedelta(minutes=1)  # a poll that is later than that is worth a line


def task_lines(state: TaskState | None, oldest: timedelta | None) -> Iterator[str]:
    """A line each; none where there is nothing to say. `oldest`: for so long the source that waits longest has been
    due.
    """
    if state is None:
        return
    runs = not all(worker.is_lost for worker in state.workers)
    for worker in state.workers:
        yield _worker_line(worker)
    if state.queues and not runs:
        yield "no worker runs; start one by `aggregator worker`"
    if waiting := {each.name: each.waiting for each in state.queues if each.waiting}:
        yield f"tasks that wait: {_numbers(waiting)}"
    if oldest is not None and oldest > _LATE:
        yield f"the source that waits longest has been due for {duration(oldest.total_seconds())}"


def _worker_line(worker: WorkerState) -> str:
    who = f"worker {escaped(worker.host)}, process {worker.pid}, version {escaped(worker.version)}"
    if worker.is_lost:
        return f"{who}: no sign of life since {when(worker.seen)}; others do its tasks"
    doing = _numbers(worker.doing) or "waits for tasks"
    return f"{who}, since {when(worker.since)}: {doing}"


def _numbers(of: Mapping[str, int]) -> str:
    return ", ".join(f"{escaped(name)} {number:,}" for name, number in sorted(of.items()))

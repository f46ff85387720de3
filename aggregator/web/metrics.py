"""/metrics: numbers for Prometheus (https://prometheus.io/docs/instrumenting/exposition_formats/), none of them a word
of a report. docs/api.md names them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock
from typing import get_args

from aggregator.model import HealthState, Queue
from aggregator.model.tasks import TaskState
from aggregator.pipeline import watching
from aggregator.store import Store
from aggregator.text.dates import from_iso

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_DAY = timedelta(days=1)
_FINE = "fine"


@dataclass(slots=True)
class Requests:
    """How many requests this process has answered, by status. It may be used by several threads."""

    _by_status: Counter[int] = field(default_factory=Counter)
    _lock: Lock = field(default_factory=Lock)

    def count(self, status: int) -> None:
        with self._lock:
            self._by_status[status] += 1

    def by_status(self) -> Mapping[int, int]:
        with self._lock:
            return dict(sorted(self._by_status.items()))


def page(store: Store, requests: Requests, now: datetime) -> str:
    """All of them, as text. Raises StoreError."""
    health = store.health()
    states = Counter(state for row in health for state in row["states"] or [_FINE])
    polls = [from_iso(row["last_poll"]) for row in health if row["last_poll"]]
    day = watching.coverage(store, now - _DAY, now)
    last = store.last_cursor()
    queues = store.queues()
    tasks, oldest = store.task_state(), store.oldest_due(now)
    sent_to = [each for each in queues if each.paused_at is None and each.ended_at is None]
    return "".join(
        (
            *_metric("requests_total", "counter", "requests that this process has answered, by status",
                     {f'status="{status}"': count for status, count in requests.by_status().items()}),
            *_metric("reports", "gauge", "reports in the wire",
                     {"": sum(row["articles"] for row in store.publishers())}),
            *_metric("ledger_lines", "gauge", "lines of the ledger", {"": last.seq if last else 0}),
            *_metric("sources", "gauge", "sources by state; one with two problems is counted in both",
                     {f'state="{state}"': states[state] for state in (_FINE, *get_args(HealthState))}),
            *_metric("last_poll_age_seconds", "gauge", "since the newest poll of any source; absent before the first",
                     {"": max(0, int((now - max(polls)).total_seconds()))} if polls else {}),
            *_metric("oldest_due_seconds", "gauge", "for which the source that waits longest has been due",
                     {"": max(0, int(oldest.total_seconds())) if oldest else 0}),
            *_metric("tasks", "gauge", "tasks of workers by queue and state; none without workers", _tasks(tasks)),
            *_metric("workers", "gauge", "programs that poll into this database",
                     {"": sum(not each.is_lost for each in tasks.workers)} if tasks else {}),
            *_metric("polls_last_day", "gauge", "polls of the last 24 hours",
                     {"": sum(row["polls"] for row in day)}),
            *_metric("polls_failed_last_day", "gauge", "of these, those that failed",
                     {"": sum(row["failed"] for row in day)}),
            *_metric("subscribers", "gauge", "subscribers by state",
                     {f'state="{state}"': count for state, count in sorted(_states(queues).items())}),
            *_metric("subscribers_behind_lines", "gauge", "lines of the ledger that the slowest has not dealt with",
                     {"": max(((last.seq if last else 0) - each.seq for each in sent_to), default=0)}),
            *_metric("subscribers_failing_seconds", "gauge", "since the first failure of who fails for longest",
                     {"": max((_age(each.failing_since, now) for each in sent_to), default=0)}),
            *_metric("dead_letters", "gauge", "messages that could not be delivered within three days",
                     {"": sum(each.dead_letters for each in queues)}),
        )
    )  # fmt: skip


def _tasks(state: TaskState | None) -> Mapping[str, int]:
    return {
        f'queue="{each.name}",state="{name}"': number
        for each in (state.queues if state else ())
        for name, number in (("waiting", each.waiting), ("under_way", each.under_way))
    }


def _states(queues: Iterable[Queue]) -> Counter[str]:
    """All states, also those of nobody."""
    found = Counter(dict.fromkeys(("ended", "failing", "fine", "paused"), 0))
    for each in queues:
        state = "ended" if each.ended_at else "paused" if each.paused_at else "failing" if each.error else "fine"
        found[state] += 1
    return found


def _age(since: datetime | None, now: datetime) -> int:
    return max(0, int((now - since).total_seconds())) if since else 0


def _metric(name: str, kind: str, meaning: str, values: Mapping[str, int]) -> Iterator[str]:
    yield f"# HELP aggregator_{name} {meaning}\n# TYPE aggregator_{name} {kind}\n"
    for labels, value in values.items():
        yield f"aggregator_{name}{f'{{{labels}}}' if labels else ''} {value}\n"

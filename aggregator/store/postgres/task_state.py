"""What is known of tasks and of those who do them, for people and for /metrics: without Procrastinate itself."""

from __future__ import annotations

import json

from aggregator.model.tasks import TaskQueue, TaskState, WorkerState
from aggregator.store.postgres.connection import PostgresConnection


def task_state(connection: PostgresConnection) -> TaskState | None:
    """None: there has been no worker."""
    if connection.execute("SELECT to_regclass('engine.workers') IS NOT NULL").fetchone() != (True,):
        return None
    queues = connection.execute(
        "SELECT queue_name, sum(CASE WHEN status = 'todo' THEN 1 ELSE 0 END),"
        " sum(CASE WHEN status = 'doing' THEN 1 ELSE 0 END)"
        " FROM engine.procrastinate_jobs WHERE status IN ('todo', 'doing') GROUP BY 1 ORDER BY 1"
    )
    workers = connection.execute(
        "SELECT host, pid, version, started_at, seen_at, doing,"
        " seen_at < clock_timestamp() - make_interval(secs => lost_after)"
        " FROM engine.workers ORDER BY worker_id"
    )
    return TaskState(
        queues=tuple(TaskQueue(name=name, waiting=int(todo), under_way=int(doing)) for name, todo, doing in queues),
        workers=tuple(
            WorkerState(
                host=host, pid=pid, version=version, since=since, seen=seen, doing=json.loads(doing), is_lost=is_lost
            )
            for host, pid, version, since, seen, doing, is_lost in workers
        ),
    )

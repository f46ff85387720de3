"""Runs `[notify] command` for each change of a source's state: without a shell, the event as JSON on its input.

An event is taken out of the database before its command is started: whatever happens then, it is not sent twice.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from aggregator.delivery.command import run
from aggregator.model import NotifySettings
from aggregator.model.errors import StoreError
from aggregator.pipeline.on_store import OnStore
from aggregator.store import Store
from aggregator.text.printable import log_line

log = logging.getLogger("aggregator.notify")


class Notifier:
    """Remembers changes of sources' states. Sends one at a time, beside the polls, where a command is configured."""

    def __init__(
        self, settings: NotifySettings, wire: str, folder: Path, on_store: OnStore, clock: Callable[[], datetime]
    ) -> None:
        """`wire`: its name; `folder`: where the command runs."""
        self._settings = settings
        self._wire = wire
        self._folder = folder
        self._on_store = on_store
        self._clock = clock
        self._sending: asyncio.Task[None] | None = None
        self._is_ending = False

    async def look(self) -> None:
        """Puts what has changed into the queue, and begins to send what waits there. Raises StoreError."""
        now, has_command = self._clock(), bool(self._settings.command)
        await self._on_store(lambda store: store.note_states(now, queue=has_command))
        if not has_command:
            return
        if self._sending is None or self._sending.done():
            self._sending = asyncio.create_task(self._send())

    async def end(self, seconds: float) -> None:
        """Waits so long at most until all is sent. Then the command that runs is ended; what is left waits in the
        database for the next program.
        """
        if self._sending is None:
            return
        await asyncio.wait({self._sending}, timeout=seconds)
        self._is_ending = True
        self._sending.cancel()
        await asyncio.gather(self._sending, return_exceptions=True)

    async def _send(self) -> None:
        try:
            while not self._is_ending and (event := await self._on_store(Store.take_notification)):
                await self._run({**event, "wire": self._wire})
        except StoreError as error:  # whoever stores polls says so; what waits goes on waiting
            log.warning("notifications wait, because the database cannot be used: %s", error)

    async def _run(self, event: Mapping[str, Any]) -> None:
        begun = time.monotonic()
        about = {"source": event.get("source_name"), "subscriber": event.get("subscriber")}
        said: dict[str, object] = {**about, "state": event["state"]}
        told = json.dumps(event).encode() + b"\n"
        code, error = await run(self._settings.command, told, self._folder, self._settings.timeout)
        said |= {"code": code} if code is not None else {}
        said |= {"error": f"notify {error}"} if error else {}
        said["ms"] = round((time.monotonic() - begun) * 1000)
        log.log(logging.WARNING if error else logging.INFO, "%s", log_line(said))

"""Runs `[notify] command` for each change of a source's state: without a shell, the event as JSON on its input.

An event is taken out of the database before its command is started: whatever happens then, it is not sent twice.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol, TypeVar

from aggregator.model import NotifySettings
from aggregator.model.errors import StoreError
from aggregator.store import Store
from aggregator.text.printable import escaped, log_line

log = logging.getLogger("aggregator.notify")

T = TypeVar("T")

# All that a command gets of this program's environment, in which the secrets of private sources stand.
_ENVIRONMENT = ("PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TZ")
_MOST_OUTPUT = 500  # bytes of what a command prints that are logged where it fails


class OnStore(Protocol):
    """Makes a call on the store, between those that store polls."""

    def __call__(self, call: Callable[[Store], T], /) -> Awaitable[T]: ...


class Notifier:
    """Sends one event at a time, beside the polls. Does nothing where no command is configured."""

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
        if not self._settings.command:
            return
        now = self._clock()
        await self._on_store(lambda store: store.note_states(now))
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
        begun, output = time.monotonic(), _Output()
        about = {"source": event.get("source_name"), "subscriber": event.get("subscriber")}
        said: dict[str, object] = {**about, "state": event["state"]}
        try:
            code = await self._code(json.dumps(event).encode() + b"\n", output)
        except TimeoutError:  # which is an OSError, too
            said["error"] = (
                f"notify command took longer than {self._settings.timeout.total_seconds():g} s and was ended"
            )
        except (OSError, ValueError) as error:
            said["error"] = f"notify command could not be started: {escaped(str(error), 200)}"
        else:
            said["code"] = code
            if code:
                said["error"] = f"notify command failed: {escaped(output.kept.decode('utf-8', 'replace'), 200)}"
        said["ms"] = round((time.monotonic() - begun) * 1000)
        log.log(logging.WARNING if "error" in said else logging.INFO, "%s", log_line(said))

    async def _code(self, said: bytes, output: _Output) -> int:
        """The exit code of the command. Raises OSError where it cannot be started, TimeoutError where it takes too
        long. It leads a group of processes, all of which are ended with it then.
        """
        reading, writing = os.pipe()
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(lambda: output, os.fdopen(reading, "rb", 0))
        try:
            process = await asyncio.create_subprocess_exec(
                *self._settings.command,
                stdin=asyncio.subprocess.PIPE,
                stdout=writing,
                stderr=writing,
                env={name: os.environ[name] for name in _ENVIRONMENT if name in os.environ},
                cwd=self._folder,
                start_new_session=True,
            )
        except BaseException:
            transport.close()
            raise
        finally:
            os.close(writing)
        try:
            async with asyncio.timeout(self._settings.timeout.total_seconds()):
                await process.communicate(said)
            return process.returncode or 0
        finally:
            if process.returncode is None:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                await process.wait()
            transport.close()


class _Output(asyncio.Protocol):
    """The beginning of what a command prints; the rest is read and forgotten, so that it is never stopped by it."""

    def __init__(self) -> None:
        self.kept = b""

    def data_received(self, data: bytes) -> None:
        self.kept += data[: _MOST_OUTPUT - len(self.kept)]

"""Runs a command of the operator's: without a shell, with what it is told on its input, and for so long at most."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

from aggregator.text.printable import escaped

# All that a command gets of this program's environment, in which the secrets of private sources stand.
_ENVIRONMENT = ("PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TZ")
_MOST_OUTPUT = 500  # bytes of what a command prints that are told where it fails
_MOST_SAID = 200  # characters of an error


async def run(command: Sequence[str], said: bytes, folder: Path, timeout: timedelta) -> tuple[int | None, str | None]:
    """Its exit code, None where it did not end by itself, and what went wrong; None: nothing. `said` is its input, and
    `folder` where it runs. It leads a group of processes, all of which are ended with it when it takes too long.
    """
    output = _Output()
    try:
        code = await _code(command, said, folder, timeout, output)
    except TimeoutError:  # which is an OSError, too
        return None, f"command took longer than {timeout.total_seconds():g} s and was ended"
    except (OSError, ValueError) as error:
        return None, f"command could not be started: {escaped(str(error), _MOST_SAID)}"
    if code:
        printed = escaped(output.kept.decode("utf-8", "replace"), _MOST_SAID)
        how = f"it was ended by signal {-code}" if code < 0 else f"its exit code is {code}, and it printed nothing"
        return code, f"command failed: {printed or how}"
    return code, None


async def _code(command: Sequence[str], said: bytes, folder: Path, timeout: timedelta, output: _Output) -> int:
    """Raises OSError where it cannot be started, TimeoutError where it takes too long."""
    reading, writing = os.pipe()
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(lambda: output, os.fdopen(reading, "rb", 0))
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.PIPE,
            stdout=writing,
            stderr=writing,
            env={name: os.environ[name] for name in _ENVIRONMENT if name in os.environ},
            cwd=folder,
            start_new_session=True,
        )
    except BaseException:
        transport.close()
        raise
    finally:
        os.close(writing)
    try:
        async with asyncio.timeout(timeout.total_seconds()):
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

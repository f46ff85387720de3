"""One reading process, seen from inside: it answers the calls that come on its standard input, one after the other.

A call is `(seconds, function, arguments)`, with the processor time that it may take; an answer is `(True, what it
returned)` or `(False, the exception)`, each a pickle behind its length in eight bytes. `pipeline.workers` is the other
end.
"""

from __future__ import annotations

import fcntl
import gc
import os
import pickle
import resource
import signal
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from typing import Any, BinaryIO, TypeVar

T = TypeVar("T")

LENGTH = 8  # bytes
# New values between two looks for cycles. Documents leave cycles, with all their words: at 50,000, as in __main__, two
# processes hold 46 MB more of them, and take as long (bench/README.md).
_GARBAGE = 10_000
_MOST_MEMORY = 1024 * 1024 * 1024  # bytes of address space; a document of 16 MB needs a third of it at most
WALL = 6  # so many times its processor time may a call last
_PIPE = 1024 * 1024  # bytes; a call or an answer that has room in it is not waited for


def serve() -> None:
    """Runs until standard input ends, as it does when whoever asks has ended, however it did."""
    # These are for whoever asks: it finishes what is under way, and then closes our input.
    for meant_for_all in (signal.SIGINT, signal.SIGTERM):
        signal.signal(meant_for_all, signal.SIG_IGN)
    gc.set_threshold(_GARBAGE)
    with suppress(ValueError, OSError):  # the system may set less, or know no such limit
        resource.setrlimit(resource.RLIMIT_AS, (_MOST_MEMORY, resource.getrlimit(resource.RLIMIT_AS)[1]))
    calls, answers = sys.stdin.buffer, os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    for pipe in (calls, answers):
        with suppress(AttributeError, OSError):  # Linux alone knows it, and not everybody may
            fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _PIPE)
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what a library prints is no answer
    while (call := _next(calls)) is not None:
        answers.write(framed(_answer(*pickle.loads(call))))
        answers.flush()


def framed(said: object) -> bytes:
    """A call or an answer, as it goes through a pipe."""
    pickled = pickle.dumps(said, pickle.HIGHEST_PROTOCOL)
    return len(pickled).to_bytes(LENGTH) + pickled


def named(module: str, function: str, *arguments: object) -> Any:
    """Calls a function of a module that is imported here, so that whoever asks need not have imported it."""
    return getattr(import_module(module), function)(*arguments)


def _next(calls: BinaryIO) -> bytes | None:
    length = calls.read(LENGTH)
    return calls.read(int.from_bytes(length)) if len(length) == LENGTH else None


def _answer(seconds: float, call: Callable[..., object], arguments: tuple[object, ...]) -> tuple[bool, object]:
    try:
        return True, _in_time(seconds, call, *arguments)
    except Exception as error:
        error.add_note("".join(traceback.format_exception(error)))  # a traceback does not go through a pipe
        return False, error


def _in_time(seconds: float, call: Callable[..., T], *arguments: object) -> T:
    """The system ends the process at its deadline, whatever it is busy with: also when whoever asked has been killed
    meanwhile, and when the clock is set. Processor time is what counts, so that a busy machine costs no document.
    """
    timers = ((signal.SIGPROF, signal.ITIMER_PROF, seconds), (signal.SIGALRM, signal.ITIMER_REAL, seconds * WALL))
    for ends_it, timer, limit in timers:
        signal.signal(ends_it, signal.SIG_DFL)
        signal.setitimer(timer, limit)
    try:
        return call(*arguments)
    finally:
        for _, timer, _ in timers:
            signal.setitimer(timer, 0)

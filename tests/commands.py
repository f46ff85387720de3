"""Commands and reading processes without the half second that a Python takes to import what they need.

One process, the starter, has imported everything, and forks for each command: what comes is a process of its own, with
its own arguments, folder, environment, descriptors, session, exit code and signals, that ends as any other. `Popen` and
`run` take what `subprocess` takes. What the starter cannot give (another interpreter, other warnings, another locale,
`preexec_fn`) they leave to `subprocess`. What is about the start itself, and about what is
imported, calls `subprocess`, or asks for the fixture `started_anew`.
"""

from __future__ import annotations

import asyncio
import atexit
import ctypes
import gc
import inspect
import io
import json
import os
import pkgutil
import runpy
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import warnings
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any, cast

from aggregator.pipeline import workers
from tests import databases
from tests.waiting import until

ROOT = Path(__file__).parents[1]
COMMAND = (sys.executable, "-W", "error", "-m", "aggregator")
# What may stand there in the place of `aggregator`: programs of the tests and of bench/.
_PROGRAMS = (
    "aggregator",
    "bench.onebox",
    "tests.brisk",
    "tests.pipeline.dying_visit",
    "tests.small_disk",
    "tests.store.writing",
)
# What the interpreter and the linker read as they start: a process that is to have others of these cannot be a fork.
_READ_AT_START = ("PYTHON", "LC_", "LANG", "LD_", "MALLOC_", "TZ")
_ENVIRONMENT = dict(os.environ)  # before any test has changed it
_LENGTH = 8  # bytes, before each request
# What is imported when it is needed, beside the modules of `aggregator`.
_LATE = (
    "aiohttp", "apscheduler.schedulers.asyncio", "apscheduler.triggers.date", "apscheduler.triggers.interval", "bs4",
    "encodings.idna", "feedparser", "htmldate", "httpx", "httpx_aiohttp", "idna", "markdown_it", "nh3",
    "PIL.JpegImagePlugin", "PIL.PngImagePlugin", "publicsuffixlist", "pycountry", "pydantic", "rich.console",
    "rich.progress", "rich.table", "sqlite_utils", "tomlkit", "trafilatura", "xml.sax.saxutils", "zstandard",
)  # fmt: skip


_DOCUMENT = """<rss version='2.0'><channel><title>First</title>
<item><guid>1</guid><title>Ribari se žale</title><description>&lt;p&gt;Mali.&lt;/p&gt;</description></item>
<item><guid>2</guid><title>Correction: the bridge at Mopti opens on Monday, not Sunday</title><author>Awa Keïta</author>
<category>Politics</category><description>&lt;p&gt;MOPTI — An earlier version of this report said Sunday. The
government of Mali opens the bridge.&lt;/p&gt;</description></item>
<item><guid>3</guid><title>Rectificatif : le pont de Mopti rouvre lundi</title><dc:creator
xmlns:dc='http://purl.org/dc/elements/1.1/'>AFP</dc:creator><category>Politique</category><description>&lt;p&gt;BAMAKO
— Une première version de cet article disait dimanche. Le ministre ouvre le pont.&lt;/p&gt;</description></item>
</channel></rss>""".encode()


# What tests call


class Popen(subprocess.Popen[Any]):
    """`subprocess.Popen`; the process comes from the starter where that can give it.

    The three methods overridden here have no public name: how the child is made, and how it is waited for.
    """

    _status: _Status | None = None

    @property
    def is_forked(self) -> bool:
        """Whether it comes from the starter."""
        return self._status is not None

    def _execute_child(self, *given: Any, **named: Any) -> None:
        by_subprocess = cast("Any", super())._execute_child
        asked = inspect.signature(by_subprocess).bind(*given, **named).arguments
        environment = os.environ if asked["env"] is None else asked["env"]
        arguments = _arguments(asked, environment)
        if arguments is None:
            by_subprocess(*given, **named)
            return
        program, *arguments = arguments
        ends = [asked[name] for name in ("p2cread", "p2cwrite", "c2pread", "c2pwrite", "errread", "errwrite")]
        request = {"kind": program, "arguments": arguments, "session": asked["start_new_session"]}
        request["folder"] = str(Path(asked["cwd"] or ".").absolute())
        streams = [number if end == -1 else end for number, end in enumerate((ends[0], ends[3], ends[5]))]
        connection = _connected(wait=True)
        assert connection is not None
        self._status = _ask(connection, request, streams, environment)
        self.pid = self._status.pid
        self._child_created = True
        cast("Any", self)._close_pipe_fds(*ends)

    def _try_wait(self, flags: int) -> tuple[int, int]:
        if self._status is None:
            return cast("tuple[int, int]", cast("Any", super())._try_wait(flags))
        status = self._status.read(wait=not flags & os.WNOHANG)
        return (0, 0) if status is None else (self.pid, status)

    def _internal_poll(self, *given: Any, **named: Any) -> int | None:
        if self._status is None:
            return cast("int | None", cast("Any", super())._internal_poll(*given, **named))
        if self.returncode is None and (status := self._status.read(wait=False)) is not None:
            self.returncode = os.waitstatus_to_exitcode(status)
        return cast("int | None", self.returncode)


def run(
    command: Sequence[str | bytes],
    *,
    input: str | bytes | None = None,
    capture_output: bool = False,
    timeout: float | None = None,
    check: bool = False,
    **given: Any,
) -> subprocess.CompletedProcess[Any]:
    """`subprocess.run`."""
    if input is not None:
        given["stdin"] = subprocess.PIPE
    if capture_output:
        given |= {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with Popen(command, **given) as process:
        try:
            out, err = process.communicate(input, timeout=timeout)
        except BaseException:
            process.kill()
            raise
    done = subprocess.CompletedProcess(process.args, process.returncode, out, err)
    if check:
        done.check_returncode()
    return done


def _arguments(asked: Mapping[str, Any], environment: Mapping[str, str]) -> list[str] | None:
    """The program and what follows it; None where a fork would not be what was asked for."""
    if isinstance(asked["args"], str | bytes | os.PathLike):
        return None
    arguments = [os.fsdecode(each) for each in asked["args"]]
    usual = {"executable": None, "preexec_fn": None, "pass_fds": (), "shell": False, "gid": None, "gids": None}
    usual |= {"uid": None, "umask": -1, "process_group": -1}
    python, program = tuple(arguments[: len(COMMAND) - 1]), arguments[len(COMMAND) - 1 :]
    if any(asked[name] != value for name, value in usual.items()) or python != COMMAND[:-1]:
        return None
    if not program or program[0] not in _PROGRAMS:
        return None
    return program if _read_at_start(environment) == _read_at_start(_ENVIRONMENT) else None


def _read_at_start(environment: Mapping[str, str]) -> dict[str, str]:
    return {
        name: value
        for name, value in environment.items()
        if name.startswith(_READ_AT_START) and name != "PYTHONIOENCODING"  # `_stream` reads that
    }


# Reading processes

_start_really = workers.Process.start.__func__  # type: ignore[attr-defined]


def give_readers() -> None:
    """Lets the reading processes of this process come from the starter."""
    workers.Process.start = classmethod(_start_reader)  # type: ignore[method-assign, assignment]


def start_readers() -> None:
    """Lets them be started as the product starts them."""
    workers.Process.start = classmethod(_start_really)  # type: ignore[method-assign]


async def _start_reader(cls: type[workers.Process], seconds: float) -> workers.Process:
    """One that another pipeline has left, or one by the starter, unless another environment or program is asked for, or
    the starter is not there yet: what waits for a document has deadlines, and to begin takes the starter longer than a
    reading process.
    """
    environment = {name: value for name, value in os.environ.items() if name != "PYTEST_CURRENT_TEST"}
    request = {"kind": "reader", "path": [str(folder) for folder in sys.path], "session": False}
    request["folder"] = str(Path.cwd())
    asked = json.dumps([os.getpid(), request, environment, os.fstat(2).st_dev, os.fstat(2).st_ino])
    is_usual = _read_at_start(os.environ) == _read_at_start(_ENVIRONMENT) and sys.executable == COMMAND[0]
    if is_usual and (idle := _idle_one(asked)) is not None:
        return _Process(cast("Any", await _Reader.connected(idle)), seconds)
    connection = _connected(wait=False) if is_usual else None
    if connection is None:
        return await _start_really(cls, seconds)
    theirs, calls = os.pipe()
    answers, theirs_too = os.pipe()
    try:
        status = _ask(connection, request, [theirs, theirs_too, 2], environment)
    finally:
        os.close(theirs)
        os.close(theirs_too)
    return _Process(cast("Any", await _Reader.connected(_Idle(asked, status, calls, answers))), seconds)


@dataclass(frozen=True, slots=True)
class _Idle:
    """A reading process that nobody asks anything."""

    asked: str  # whose it is, and the path, folder, environment and standard error that it has
    status: _Status
    calls: int  # the end of a pipe, and the next
    answers: int

    def end(self) -> None:
        """It ends with its input."""
        os.close(self.calls)
        os.close(self.answers)
        self.status.close()


# In the product one reads thousands of documents; here most pipelines read three, and to start one takes longer.
_idle: list[_Idle] = []
_MOST_IDLE = 3


def _idle_one(asked: str) -> _Idle | None:
    """The last that was left, and has what is asked for."""
    for idle in [each for each in reversed(_idle) if each.asked == asked]:
        _idle.remove(idle)
        if idle.status.read(wait=False) is None:
            return idle
        idle.end()
    return None


class _Process(workers.Process):
    """One that has answered all is left to whoever asks for one next."""

    async def close(self) -> None:
        if not self._open and not self.is_over:
            cast("_Reader", self._process).leave()
        await super().close()


class _Reader:
    """As `asyncio.subprocess.Process`."""

    def __init__(self, begun: _Idle, stdin: asyncio.StreamWriter, stdout: asyncio.StreamReader, answers: Any) -> None:
        self._asked, self._status, self._answers = begun.asked, begun.status, answers
        self.pid, self.stdin, self.stdout = begun.status.pid, stdin, stdout
        self._is_left = False

    @classmethod
    async def connected(cls, begun: _Idle) -> _Reader:
        loop = asyncio.get_running_loop()
        stdout = asyncio.StreamReader(workers.ANSWER_BYTES)
        with ExitStack() as if_cancelled:  # nobody has these then
            if_cancelled.callback(begun.status.close)
            calls = if_cancelled.enter_context(os.fdopen(begun.calls, "wb", 0))
            answers, _ = await loop.connect_read_pipe(
                lambda: asyncio.StreamReaderProtocol(stdout), os.fdopen(begun.answers, "rb", 0)
            )
            if_cancelled.callback(answers.close)
            transport, protocol = await loop.connect_write_pipe(asyncio.BaseProtocol, calls)
            if_cancelled.pop_all()
        return cls(begun, asyncio.StreamWriter(transport, protocol, None, loop), stdout, answers)

    def leave(self) -> None:
        """It goes on, for others; to whoever had it, it has ended."""
        self._is_left = True
        pipes = [os.dup(end.get_extra_info("pipe").fileno()) for end in (self.stdin.transport, self._answers)]
        _idle.append(_Idle(self._asked, self._status, *pipes))
        while len(_idle) > _MOST_IDLE:
            _idle.pop(0).end()
        self.stdout.feed_eof()
        self._answers.close()

    async def wait(self) -> int:
        status = signal.SIGKILL if self._is_left else await self._status.arrived()
        self.stdin.close()
        await asyncio.sleep(0)  # it is closed by the loop
        return os.waitstatus_to_exitcode(status)

    def kill(self) -> None:
        if self._is_left:
            return
        if self._status.read(wait=False) is not None:
            raise ProcessLookupError
        os.kill(self.pid, signal.SIGKILL)


# The starter, from outside


class _Status:
    """How a process ended, as the starter will say."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self.pid = int(_whole(connection.recv(_LENGTH, socket.MSG_WAITALL)))
        self._read: int | None = None

    def read(self, *, wait: bool) -> int | None:
        if self._read is None:
            self._connection.setblocking(wait)
            with suppress(BlockingIOError):
                self._take(self._connection.recv(_LENGTH))
        return self._read

    def close(self) -> None:
        """Nobody will ask any more."""
        self._connection.close()

    def __del__(self) -> None:
        """Who was cancelled while it waited, as a pipeline may be, has not asked."""
        self._connection.close()

    async def arrived(self) -> int:
        if self._read is None:
            self._connection.setblocking(False)
            self._take(await asyncio.get_running_loop().sock_recv(self._connection, _LENGTH))
        assert self._read is not None
        return self._read

    def _take(self, said: bytes) -> None:
        self._read = int(_whole(said))
        self._connection.close()


def _whole(said: bytes) -> bytes:
    if len(said) != _LENGTH:
        raise RuntimeError("the starter of the tests' commands (tests/commands.py) has ended")
    return said


def _ask(
    connection: socket.socket, request: dict[str, Any], streams: list[int], environment: Mapping[str, str]
) -> _Status:
    said = json.dumps(request | {"environment": dict(environment)}).encode()
    socket.send_fds(connection, [len(said).to_bytes(_LENGTH)], streams)
    connection.sendall(said)
    return _Status(connection)


_place: str | None = None  # where the starter listens
_starter: subprocess.Popen[bytes] | None = None
_began_by = 0  # the process that began it
_SHARED = "STARTER_OF_TESTS"  # names the place of a starter that several processes have


def share() -> None:
    """Begins the starter for all the processes of pytest that this one starts: to begin takes it some seconds."""
    if _SHARED not in os.environ:
        os.environ[_SHARED] = _begin()


def _connected(*, wait: bool) -> socket.socket | None:
    """A connection to the starter, which begins with the first of them; None: it is not there yet."""
    global _place
    if _place is None:
        _place = _ENVIRONMENT.get(_SHARED) or _begin()
        atexit.register(_end_idle, os.getpid())
    place = _place
    if wait:
        until(lambda: _is_there(place), seconds=120)
    elif not _is_there(place):
        return None
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(place)
    return connection


def _begin() -> str:
    """Where the starter that it begins will listen."""
    global _starter, _began_by
    folder = tempfile.mkdtemp(prefix="starter-")
    place = f"{folder}/socket"
    command = [*COMMAND[:3], "-m", "tests.commands", place]
    _starter = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, cwd=ROOT, env=_ENVIRONMENT)
    _began_by = os.getpid()
    atexit.register(_end, _began_by, _starter, folder)
    return place


def _is_there(place: str) -> bool:
    is_ours = _starter is not None and _began_by == os.getpid()  # a fork of whoever began it cannot ask how it is
    assert not is_ours or _starter.poll() is None, "the starter (tests/commands.py) has ended, see above"
    return Path(place).exists()


def _end(owner: int, process: subprocess.Popen[bytes], folder: str) -> None:
    if os.getpid() == owner:
        process.communicate()
        shutil.rmtree(folder)


def _end_idle(owner: int) -> None:
    while os.getpid() == owner and _idle:
        _idle.pop().end()


# The starter, from inside


@dataclass(slots=True)
class _Starter:
    listener: socket.socket
    under_way: dict[int, socket.socket] = field(default_factory=dict)

    def serve(self) -> dict[str, Any] | None:
        """Answers requests. Returns None when it is over, and in each new process that process's request."""
        awake, wake = os.pipe()
        os.set_blocking(wake, False)
        signal.set_wakeup_fd(wake)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # it ends with the tests, whatever they do at Ctrl-C
        while True:
            ready, _, _ = select.select([self.listener, awake, 0], [], [])
            if 0 in ready:
                for each in self.under_way.values():  # reading processes that were left to others, and end now
                    each.close()
                return None
            if awake in ready:
                os.read(awake, 4096)
                self._say_who_ended()
            if self.listener in ready:
                connection, _ = self.listener.accept()
                try:
                    request, streams = _received(connection)
                except (EOFError, OSError):  # whoever asked has ended before it had said all
                    connection.close()
                    continue
                pid = os.fork()
                if pid == 0:
                    signal.set_wakeup_fd(-1)
                    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                    signal.signal(signal.SIGINT, signal.default_int_handler)
                    for number, stream in enumerate(streams):
                        os.dup2(stream, number)
                    for other in (*streams, awake, wake):
                        os.close(other)
                    for each in (self.listener, connection, *self.under_way.values()):
                        each.close()
                    return request
                self.under_way[pid] = connection
                for stream in streams:
                    os.close(stream)
                with suppress(OSError):  # whoever asked has ended
                    connection.sendall(b"%*d" % (_LENGTH, pid))

    def _say_who_ended(self) -> None:
        while self.under_way:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            with suppress(OSError), self.under_way.pop(pid) as connection:
                connection.sendall(b"%*d" % (_LENGTH, status))


def _received(connection: socket.socket) -> tuple[dict[str, Any], list[int]]:
    length, streams, _, _ = socket.recv_fds(connection, _LENGTH, 3)
    if len(length) < _LENGTH:
        for stream in streams:
            os.close(stream)
        raise EOFError
    said = b""
    while len(said) < int.from_bytes(length):
        said += _some(connection.recv(1 << 16))
    return json.loads(said), [_above_two(stream) for stream in streams]


def _some(said: bytes) -> bytes:
    if not said:
        raise EOFError
    return said


def _above_two(stream: int) -> int:
    """The same, where it is not in the way of 0, 1 and 2."""
    assert stream > 2, "the starter has its own standard streams"
    return stream


def _become(request: dict[str, Any]) -> None:
    """What the interpreter does as it starts, done again for this process; then what was asked for."""
    if request["session"]:
        os.setsid()
    os.environ.clear()
    os.environ.update(request["environment"])
    os.chdir(request["folder"])
    sys.stdin, sys.stdout, sys.stderr = (_stream(number, old) for number, old in enumerate(_streams_at_start))
    sys.__stdin__, sys.__stdout__, sys.__stderr__ = sys.stdin, sys.stdout, sys.stderr  # type: ignore[misc]
    if request["kind"] == "reader":
        # As `python -P -c` begins: without `-W error`, and without the folder where somebody stands.
        sys.argv, sys.path, sys.warnoptions = ["-c"], request["path"], []
        warnings.resetwarnings()
        warnings.filterwarnings("default", category=DeprecationWarning, module="__main__")
        for kind in (DeprecationWarning, PendingDeprecationWarning, ImportWarning, ResourceWarning):
            warnings.simplefilter("ignore", kind, append=True)
        from aggregator.pipeline.worker import serve

        serve()
        return
    sys.argv, sys.path[0] = ["-m", *request["arguments"]], request["folder"]
    try:
        runpy.run_module(request["kind"], run_name="__main__", alter_sys=True)
    except SystemExit as end:
        if isinstance(end.code, int) and threading.active_count() == 1:
            _leave(end.code)
        raise


def _leave(code: int) -> None:
    """Ends as the interpreter does, but does not take every module apart, which would copy all the memory that the
    fork shares: half the time of a command. What has not been closed is complained of all the same. Returns where
    something cannot be written, which the interpreter then says.
    """
    gc.collect()
    atexit._run_exitfuncs()
    with suppress(OSError, ValueError):
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:
                stream.flush()
        os._exit(code)


_streams_at_start = (sys.stdin, sys.stdout, sys.stderr)


def _stream(number: int, old: Any) -> io.TextIOWrapper | None:
    mode = "wb" if number else "rb"
    try:
        binary = os.fdopen(number, mode, closefd=False)
    except OSError:
        return None  # it is closed
    asked, _, errors = os.environ.get("PYTHONIOENCODING", "").partition(":")
    encoding = asked or old.encoding
    errors = "backslashreplace" if number == 2 else errors or ("strict" if asked else old.errors)
    return io.TextIOWrapper(
        binary, encoding, errors, newline="\n", line_buffering=number == 2 or (number == 1 and os.isatty(1))
    )


def _import_everything() -> None:
    import aggregator

    sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]  # as aggregator/__main__.py says
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # feedparser's own imports; the reading processes do not mind
        for found in pkgutil.walk_packages(aggregator.__path__, "aggregator."):
            if found.name != "aggregator.__main__":
                import_module(found.name)
        for name in _LATE:
            import_module(name)


def _read_once() -> None:
    """A configuration, and a document in several languages, one of which is not clear at a glance: the tables, and the
    model of 90 MB, that reading makes when it needs them are there then, and not made anew by each of some thousand
    processes, for which it takes 0.1 s and 0.4 s.
    """
    from aggregator.config.loading import load  # all of these after what `_import_everything` says of httpx
    from aggregator.model import Article, FetchResult
    from aggregator.pipeline.parsing import read
    from aggregator.pipeline.reading import words_of
    from aggregator.revisions.corrections import is_correction
    from aggregator.tags.tagging import tag_all

    config = load(ROOT / "data" / "demo" / "config")
    (publisher, *_) = (each for each in config.publishers if each.sources)
    source = publisher.sources[0]
    answer = FetchResult(url=source.url, http_status=200, headers={}, body=_DOCUMENT)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the libraries' own, as above
        articles = [each for each in read(answer, source, publisher).listed if isinstance(each, Article)]
        tag_all([(words_of(each), publisher.tags, ("hr", "sr")) for each in articles])
    for article in articles:
        is_correction(article.title)


_HUGE = 1 << 21  # bytes
_MADV_HUGEPAGE, _MADV_COLLAPSE = 14, 25  # linux/mman.h


def _in_huge_pages() -> None:
    """Lets this process hold its memory in pages of 2 MB, where the system does that (Linux 6.1): each fork copies a
    list of all pages, and of small ones that takes longer than most commands.
    """
    maps = Path("/proc/self/maps")
    advise = getattr(ctypes.CDLL(None), "madvise", None)
    if advise is None or not maps.exists():
        return
    advise.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
    for row in maps.read_text().splitlines():
        addresses, rights, _, _, inode, *name = row.split(maxsplit=5)
        first, behind = (int(part, 16) // _HUGE * _HUGE for part in addresses.split("-"))
        first += _HUGE
        if (rights, inode) == ("rw-p", "0") and name != ["[stack]"] and first < behind:
            for advice in (_MADV_HUGEPAGE, _MADV_COLLAPSE):
                advise(first, behind - first, advice)  # where it cannot be done, pages stay small


def main(place: str) -> None:
    global _place
    gc.disable()  # hardly anything of this goes again
    _import_everything()
    _read_once()
    _place = place  # the reading processes of a command come from here too
    give_readers()
    databases.copy_new_ones()
    gc.collect()
    gc.freeze()
    gc.enable()
    _in_huge_pages()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f"{place}.new")
        listener.listen(64)
        Path(f"{place}.new").rename(place)  # it has begun
        request = _Starter(listener).serve()
    if request is not None:
        _become(request)


if __name__ == "__main__":
    import_module("tests.commands").main(*sys.argv[1:])

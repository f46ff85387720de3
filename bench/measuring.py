"""What a command costs: wall time, processor time and memory of all its processes; and how costs are printed."""

from __future__ import annotations

import ctypes
import os
import platform
import resource
import signal
import sqlite3
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path

_PR_SET_CHILD_SUBREAPER = 36  # prctl(2): orphans of a measured command become our children, so that they are counted
_COMPILED_ANEW = "PYTHONDONTWRITEBYTECODE"  # a user's Python compiles a module once, not at every start
_EVERY_SECONDS = 0.1  # between two looks at the memory


class RunFailed(Exception):
    """A measured command ended with another exit code than was expected."""


@dataclass(frozen=True, slots=True)
class Cost:
    wall: float  # seconds
    cpu: float  # seconds of processor time, user and system, of all processes
    peak: int  # bytes: the most memory of all processes together, shared pages counted once (PSS)


def measured(
    command: Sequence[str],
    *,
    folder: Path,
    log: Path,
    output: Path | None = None,
    seconds: float = 1800,
    codes: Iterable[int | str] = (0,),
) -> Cost:
    """Runs the command to its end and returns its cost; raises RunFailed, with the end of what it printed, when it
    ends with a code that is not among `codes` or takes longer than `seconds`. All it prints goes to `log`, but for its
    standard output where that has a file of its own, `output`.
    """
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    before, began = _children_cpu(), time.monotonic()
    with log.open("wb") as printed, output.open("wb") if output else nullcontext(printed) as out:
        process = subprocess.Popen(
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=printed,
            start_new_session=True,
            env={name: value for name, value in os.environ.items() if name != _COMPILED_ANEW},
        )
    peak = _Peak(process.pid)
    code = _ended(process, seconds)
    wall = time.monotonic() - began
    _reap_group(process.pid)
    cost = Cost(wall=wall, cpu=_children_cpu() - before, peak=peak.stop())
    if code not in codes:
        said = log.read_text(errors="replace")[-2000:]
        raise RunFailed(f"{' '.join(map(str, command))} ended with {code}: {said}")
    return cost


def _ended(process: subprocess.Popen[bytes], seconds: float) -> int | str:
    """The exit code; whatever happens to us meanwhile, nothing of the command stays behind."""
    try:
        return process.wait(seconds)
    except subprocess.TimeoutExpired:
        return f"no end after {seconds:g} s"
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _children_cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _reap_group(group: int) -> None:
    """Waits for what the command left behind, so that its processor time is counted too."""
    try:
        while True:
            os.waitpid(-group, 0)
    except ChildProcessError:
        return


class _Peak:
    """Samples the memory of a process group until it is stopped."""

    def __init__(self, group: int) -> None:
        self._group = group
        self._most = 0
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)
        self._thread.start()

    def _sample(self) -> None:
        while not self._done.wait(_EVERY_SECONDS):
            self._most = max(self._most, sum(map(memory, members(self._group))))

    def stop(self) -> int:
        self._done.set()
        self._thread.join()
        return self._most


def members(group: int) -> list[int]:
    """The living processes of a process group."""
    members = []
    for name in os.listdir("/proc"):
        if name.isdigit():
            fields = _read(f"/proc/{name}/stat").rpartition(")")[2].split()
            if len(fields) > 2 and fields[2] == str(group) and fields[0] != "Z":
                members.append(int(name))
    return members


def family(pid: int) -> list[int]:
    """A living process and all that descend from it, whichever of its threads started them."""
    found = [pid]
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in _read(str(task)).split():
            found += family(int(child))
    return found


def memory(pid: int) -> int:
    """Bytes of a process, pages that it shares counted in part (PSS); 0 when it has ended."""
    for line in _read(f"/proc/{pid}/smaps_rollup").splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    return 0


def _read(path: str) -> str:
    """The text of a file of /proc; '' when its process has ended meanwhile."""
    try:
        return Path(path).read_text()
    except OSError:
        return ""


def open_files(pid: int) -> int:
    """File descriptors of a process; 0 when it has ended."""
    try:
        return len(os.listdir(f"/proc/{pid}/fd"))
    except OSError:
        return 0


def cpu_of(pid: int) -> float:
    """Seconds of processor time that a living process and its living children have used."""
    pids = [pid, *(int(child) for child in _read(f"/proc/{pid}/task/{pid}/children").split())]
    ticks = 0
    for each in pids:
        fields = _read(f"/proc/{each}/stat").rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12]) if fields else 0
    return ticks / os.sysconf("SC_CLK_TCK")


def median_time(call: Callable[[], object], times: int = 20) -> float:
    """Seconds that the call takes, median of `times`, after one that is not counted."""
    return spread(call, times)[0]


def spread(call: Callable[[], object], times: int = 40) -> tuple[float, float]:
    """Seconds that the call takes, median and 95th percentile of `times`, after one that is not counted."""
    call()
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        call()
        taken.append(time.perf_counter() - began)
    return statistics.median(taken), statistics.quantiles(taken, n=20)[-1]


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Rows as Markdown; floats to three significant figures."""
    lines = ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    lines += ["| " + " | ".join(map(_cell, row)) + " |" for row in rows]
    return "\n".join(lines)


def _cell(value: object) -> str:
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
    return f"{value:,}" if isinstance(value, int) else str(value).replace("|", "\\|").replace("\n", " ")


def megabytes(count: float) -> float:
    return count / 1_000_000


def size_of(database: Path) -> int:
    """Bytes of a SQLite database and of the files beside it."""
    return sum(path.stat().st_size for path in database.parent.glob(database.name + "*"))


def say(text: str) -> None:
    """Progress, on standard error: the result alone goes to standard output."""
    print(text, file=sys.stderr, flush=True)


def machine() -> dict[str, str]:
    """What the figures depend on."""
    model = next(
        (line.split(":")[1].strip() for line in _read("/proc/cpuinfo").splitlines() if "model name" in line), ""
    )
    return {
        "processor": f"{len(os.sched_getaffinity(0))} x {model or platform.machine()}",
        "system": platform.platform(),
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "date": time.strftime("%Y-%m-%d", time.gmtime()),
    }

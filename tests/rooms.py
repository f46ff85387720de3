"""How much of each room its own tests run, without those of any other: `make coverage`, a part of `make soak`.

`python -m tests.rooms [ROOM ...]` runs tests/ROOM/ alone, a room at a time, in a process of its own; what the processes
that it starts run counts too. It prints, for each room, how many of its lines were run, in percent, and ends with 1
where that is below `LEAST` and the room is no exception, or where a test failed.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests import ROOT

LEAST = 90  # percent of the lines of a room
# Rooms whose own tests run less, and why. The number is the least that they run.
EXCEPTIONS: dict[str, tuple[int, str]] = {}

SETTINGS = """\
[run]
parallel = true
data_file = {folder}/data
source_pkgs = aggregator
concurrency =
    multiprocessing
    thread
patch =
    subprocess
    _exit
[report]
exclude_also =
    if TYPE_CHECKING:
    if __name__ == "__main__":
"""


def rooms() -> list[str]:
    """Every room of the house, by name; a room is a package, or one file."""
    found = (ROOT / "aggregator").iterdir()
    return sorted(
        each.stem for each in found if each.suffix == ".py" or (each / "__init__.py").exists() if each.stem[0] != "_"
    )


def lines_of(room: str) -> str:
    """Which files are a room's, for `coverage report --include`."""
    place = ROOT / "aggregator" / room
    return f"{place}/*" if place.is_dir() else f"{place}.py"


def measure(room: str) -> tuple[float | None, str]:
    """Percent of a room's lines that its own tests run, and which lines they do not. None where a test failed."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Path(folder) / "settings"
        settings.write_text(SETTINGS.format(folder=folder))
        environment = os.environ | {"PYTHONPATH": str(ROOT)}
        coverage = [sys.executable, "-m", "coverage"]
        tests = ["-m", "pytest", "-q", "-p", "no:cacheprovider", f"tests/{room}"]
        command = [*coverage, "run", f"--rcfile={settings}", *tests]
        ran = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        if ran.returncode:
            return None, ran.stdout + ran.stderr
        subprocess.run([*coverage, "combine", "-q", f"--rcfile={settings}"], cwd=ROOT, check=True)
        report = [*coverage, "json", "-q", f"--rcfile={settings}", f"--include={lines_of(room)}", f"-o{folder}/json"]
        subprocess.run(report, cwd=ROOT, check=True)
        found = json.loads(Path(folder, "json").read_text())
        missing = [f"{name}: {each['missing_lines']}" for name, each in found["files"].items() if each["missing_lines"]]
        return found["totals"]["percent_covered"], "\n".join(missing)


def main(*names: str) -> int:
    code = 0
    for room in names or rooms():
        least, why = EXCEPTIONS.get(room, (LEAST, ""))
        percent, rest = measure(room) if (ROOT / "tests" / room).is_dir() else (0.0, "it has no tests of its own")
        if percent is None:
            print(f"{room}: a test failed\n{rest}", flush=True)
            code = 1
            continue
        print(f"{room:12} {percent:5.1f} %  {why}".rstrip(), flush=True)
        if percent < least:
            print(f"{room}: at least {least} % of its lines are to be run. Not run:\n{rest}", flush=True)
            code = 1
    return code


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

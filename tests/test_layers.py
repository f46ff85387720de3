"""The house stands: its rooms are those of the README, the clock and SQL are met where they may be."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "aggregator"

CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
# Who may look at the clock; everybody else is handed the time.
# What keeps the time of a program that runs on: the clock of `run` and of workers, and when tasks are taken up.
CLOCK_READERS = {
    "text/dates.py", "cli", "pipeline/clock.py", "pipeline/daemon.py", "engine/polling.py", "engine/working.py"
}  # fmt: skip

FILES = sorted(PACKAGE.rglob("*.py"))


def room_of(file: Path) -> str:
    return file.relative_to(PACKAGE).parts[0].removesuffix(".py")


def test_the_table_of_rooms_is_that_of_the_contract() -> None:
    """The floors themselves are checked by `lint-imports`, which `make test` runs."""
    (layers,) = (contract["layers"] for contract in CONTRACTS if contract["type"] == "layers")
    floors = {
        room: floor for floor, rooms in enumerate(reversed(layers)) for room in rooms.split(" | ") if room != "__main__"
    }
    table = re.findall(r"^\| `(\w+)` \| (\d) \|", (ROOT / "README.md").read_text(), re.MULTILINE)
    assert {room: int(floor) for room, floor in table} == floors
    assert floors.keys() == {room_of(file) for file in FILES} - {"__init__", "__main__"}


@cache
def texts() -> dict[str, str]:
    return {file.relative_to(PACKAGE).as_posix(): file.read_text() for file in FILES}


def trees(pattern: str) -> Iterator[tuple[str, ast.Module]]:
    """Of the files in whose text this is: to read all of them as Python takes a second."""
    for name, text in texts().items():
        if re.search(pattern, text):
            yield name, ast.parse(text)


CLOCKS = {"utc_now", "now", "utcnow", "today"}


def test_the_clock_is_read_where_it_may_be() -> None:
    readers = set()
    for name, tree in trees(rf"\b({'|'.join(CLOCKS)})\s*\("):
        called = {
            node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            for node in ast.walk(tree)
            if isinstance(node, ast.Call)
        }
        if called & CLOCKS and not {room_of(PACKAGE / name), name} & CLOCK_READERS:
            readers.add(name)
    assert not readers


def test_sql_is_in_the_store_only() -> None:
    words = ("SELECT ", "INSERT INTO ", "UPDATE ", "DELETE FROM ", "CREATE TABLE ")
    found = [
        f"{name}:{node.lineno}: {node.value[:40]!r}"
        for name, tree in trees("|".join(words))
        if room_of(PACKAGE / name) != "store"
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.lstrip().startswith(words)
    ]
    assert not found


def test_a_module_opens_with_its_job() -> None:
    assert not [name for name, text in texts().items() if not re.match(r'(#.*\n|\s)*"""', text)]

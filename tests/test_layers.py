"""The house stands: its rooms are those of the README, the clock and SQL are met where they may be."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "aggregator"

CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
# Who may look at the clock; everybody else is handed the time.
CLOCK_READERS = {"text/dates.py", "cli", "pipeline/clock.py"}

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


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(PACKAGE)))
def test_the_clock_is_read_where_it_may_be(file: Path) -> None:
    if {room_of(file), file.relative_to(PACKAGE).as_posix()} & CLOCK_READERS:
        return
    called = {
        node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Call)
    }
    assert not called & {"utc_now", "now", "utcnow", "today"}


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(PACKAGE)))
def test_sql_is_in_the_store_only(file: Path) -> None:
    if room_of(file) == "store":
        return
    words = ("SELECT ", "INSERT INTO ", "UPDATE ", "DELETE FROM ", "CREATE TABLE ")
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            assert not node.value.lstrip().startswith(words), f"SQL in {file.name}: {node.value[:40]!r}"


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(PACKAGE)))
def test_a_module_opens_with_its_job(file: Path) -> None:
    assert ast.get_docstring(ast.parse(file.read_text()))

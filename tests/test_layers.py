"""The house stands: who may import whom, where the clock and each library are met."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "aggregator"

# The floor of each room. A room imports only from floors below its own.
FLOORS = {
    "vocabulary": -1,
    "printable": -1,
    "__init__": 0,
    "types": 0,
    "errors": 0,
    "likeness": 0,
    "paths": 0.5,
    "versions": 0.5,
    "domains": 0.5,
    "shared_hosts": 1.25,
    "dates": 1,
    "signals": 0.5,
    "rhythm": 0.5,
    "silence": 0.75,
    "rechecks": 1,
    "text": 1,
    "identity": 1.125,
    "decide": 1.5,
    "rights": 1,
    "config": 2,
    "fetch": 2,
    "parse": 2,
    "normalise": 1.75,
    "store": 2,
    "output": 2,
    "press": 2,
    "schedule": 2,
    "reader": 2.5,
    "worker": 0,
    "links": 0,
    "probing": 2.5,
    "opml": 2.25,
    "recognition": 2.25,
    "recording": 2.5,
    "suspects": 2.5,
    "accepting": 2.75,
    "manuscript": 3,
    "pipeline": 3,
    "kept": 2,
    "directory": 2.5,
    "newcomers": 2.5,
    "workplace": 3,
    "terminal": 3,
    "naming": 3.5,
    "cli": 4,
    "__main__": 5,
}
# Libraries that are met in one room only, so that a change of library is a change of one room.
ALONE = {
    "nh3": {"text"},
    "bs4": {"text", "parse"},
    "tomlkit": {"config"},
    "tomllib": {"config", "press", "manuscript"},
    "markdown_it": {"manuscript"},
    "pycountry": {"config"},
    "pydantic": {"config"},
    "msgspec": {"kept"},
    "httpx": {"fetch"},
    "httpx_aiohttp": {"fetch"},
    "aiohttp": {"fetch"},
    "publicsuffixlist": {"domains"},
    "idna": {"domains"},
    "feedparser": {"parse"},
    "sqlite_utils": {"store"},
    "sqlite3": {"store"},
    "zstandard": {"store"},
    "apscheduler": {"schedule"},
    "click": {"cli", "naming"},
    "rich": {"terminal"},
}
# Who may look at the clock; everybody else is handed the time.
CLOCK_READERS = {"dates", "cli", "schedule"}

FILES = sorted(PACKAGE.rglob("*.py"))


def room_of(file: Path) -> str:
    return file.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            assert node.module is not None
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def ours(file: Path) -> set[str]:
    """The rooms of ours that a file imports, with the file inside the room if one is named."""
    names = (name for name in imports(ast.parse(file.read_text())) if name.startswith("aggregator"))
    return {name.removeprefix("aggregator").removeprefix(".") or "__init__" for name in names}


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(PACKAGE)))
def test_a_room_imports_from_floors_below_only(file: Path) -> None:
    room = room_of(file)
    assert room in FLOORS, f"{room} has no floor: give it one here and in the README"
    for name in ours(file):
        other = name.split(".")[0]
        if other != room and other in FLOORS and other != "__init__":
            assert FLOORS[other] < FLOORS[room], f"{room} (floor {FLOORS[room]}) imports {other} ({FLOORS[other]})"


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(PACKAGE)))
def test_a_library_is_met_in_its_room_only(file: Path) -> None:
    for name in imports(ast.parse(file.read_text())):
        allowed = ALONE.get(name.split(".")[0])
        assert allowed is None or room_of(file) in allowed, f"{name} belongs into {allowed}"


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(PACKAGE)))
def test_the_clock_is_read_where_it_may_be(file: Path) -> None:
    if room_of(file) in CLOCK_READERS:
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

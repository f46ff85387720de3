"""The tests wait for conditions and not for time, and call what has a public name."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.conftest import SOAK, some
from tests.rows import every_row

ROOT = Path(__file__).parents[1]
FILES = sorted((ROOT / "tests").rglob("*.py"))

# Where `sleep` may be called with anything but 0, which lets others of the event loop go on.
SLEEPS = {
    "waiting.py": "the one place where a condition of another process is looked at again",
    "web/reader.py": "a client in a process of its own, that tries again while its server is being started",
    "hostile/table.py": "servers that are slow",
}
# Names that begin with _ and are none of their module's own.
PRIVATE = {
    "os._exit": "has no other name",
    "atexit._run_exitfuncs": "what the interpreter calls at its end; has no other name",
    "super()._execute_child": "tests/commands.py is a subprocess.Popen; what it overrides has no public name",
    "super()._try_wait": "likewise",
    "super()._internal_poll": "likewise",
    "self._close_pipe_fds": "likewise",
    "feedparser.sanitizer._HTMLSanitizer": "feedparser names its list of elements nowhere else",
}


@cache
def parsed(file: Path) -> ast.Module:
    return ast.parse(file.read_text())


@cache
def nodes(tree: ast.AST) -> tuple[ast.AST, ...]:
    return tuple(ast.walk(tree))


def name_of(file: Path) -> str:
    return file.relative_to(ROOT / "tests").as_posix()


def calls(tree: ast.AST, name: str) -> Iterator[ast.Call]:
    """Those of what has this name, alone or behind a dot."""
    for node in nodes(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) == name:
            yield node


def files(pattern: str) -> list[Path]:
    """Those in whose text this is: to read all of them as Python takes a second."""
    return [file for file in FILES if re.search(pattern, file.read_text(), re.MULTILINE)]


def test_no_test_waits_for_a_time_to_pass() -> None:
    for file in files(r"\bsleep\b"):
        for call in calls(parsed(file), "sleep"):
            if [ast.unparse(argument) for argument in call.args] != ["0"]:
                assert name_of(file) in SLEEPS, f"{file}:{call.lineno}: wait for what is to happen (tests/waiting.py)"


def private(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """What a file takes from others by a name that begins with _, and the line."""
    for node in nodes(tree):
        if isinstance(node, ast.Attribute) and re.match("_[^_]", node.attr):
            owner = ast.unparse(node.value)
            if owner not in ("self", "cls"):
                yield re.sub(r"cast\('Any', (.*)\)\.", r"\1.", f"{owner}.{node.attr}"), node.lineno
        if isinstance(node, ast.ImportFrom):
            yield from ((f"{node.module}.{a.name}", node.lineno) for a in node.names if re.match("_[^_]", a.name))
        if isinstance(node, ast.Constant) and re.fullmatch(r"aggregator(\.\w+)*\._[a-zA-Z]\w*", str(node.value)):
            yield str(node.value), node.lineno  # for monkeypatch.setattr
    for call in calls(tree, "setattr"):
        names = [each.value for each in call.args[1:2] if isinstance(each, ast.Constant)]
        yield from ((f"{ast.unparse(call.args[0])}.{n}", call.lineno) for n in names if re.match("_[^_]", str(n)))


# What is taken from others by such a name is behind a dot, imported, or in a text.
_TAKEN = r"(?<!\bself)(?<!\bcls)\._[A-Za-z]|^ +_\w+( as \w+)?,|\bimport\b.*\b_[A-Za-z]|\bsetattr\b"


def test_no_test_reaches_into_what_is_private() -> None:
    found = [
        f"{name_of(file)}:{line}: {name}"
        for file in files(_TAKEN)
        for name, line in private(parsed(file))
        if name not in PRIVATE
    ]
    assert found == []


def test_make_soak_runs_every_row_of_which_make_test_runs_some() -> None:
    """`some` of a table's rows, in a decorator or in a file's constant: the test, or its file, has the mark `soak`."""
    for file in set(files(r"\bsome\b")) - {Path(__file__)}:
        tree = parsed(file)
        imports = [node for node in nodes(tree) if isinstance(node, ast.ImportFrom)]
        if not any(each.name == "some" for node in imports for each in node.names):
            continue
        assigned = [node for node in tree.body if isinstance(node, ast.Assign)]
        of_file = [ast.unparse(node.value) for node in assigned if ast.unparse(node.targets[0]) == "pytestmark"]
        if any("pytest.mark.soak" in value for value in of_file):
            continue
        constants = {ast.unparse(node.targets[0]) for node in assigned if any(calls(node.value, "some"))}
        for test in (node for node in nodes(tree) if isinstance(node, ast.FunctionDef)):
            used = {node.id for node in nodes(test) if isinstance(node, ast.Name)}
            if test.name.startswith("test_") and used & {"some", *constants}:
                marks = [ast.unparse(each) for each in test.decorator_list]
                assert "pytest.mark.soak" in marks, f"{file}:{test.lineno}: {test.name} needs the mark `soak`"


@pytest.mark.parametrize(("most", "expected"), [(1, [0]), (2, [0, 9]), (3, [0, 4, 9]), (10, list(range(10)))])
def test_some_rows_reach_from_the_first_to_the_last(most: int, expected: list[int]) -> None:
    assert some(range(10), most) == (list(range(10)) if SOAK else expected)


def test_a_table_in_one_test_names_every_row_that_fails(tmp_path: Path) -> None:
    met = []

    @every_row("number, word", [(1, "one"), (2, "two"), pytest.param(3, "three", id="the third"), (4, "four")])
    def of_each(number: int, word: str, tmp_path: Path) -> None:
        met.append((number, word, tmp_path))
        assert number % 2 == 0
        if number == 4:
            with pytest.raises(ValueError):
                int(str(number))

    with pytest.raises(BaseExceptionGroup) as failed:
        of_each(tmp_path=tmp_path)
    assert [(number, word) for number, word, _ in met] == [(1, "one"), (2, "two"), (3, "three"), (4, "four")]
    assert len({folder for _, _, folder in met if folder.is_dir()}) == 4
    named = [fault.__notes__ for fault in failed.value.exceptions]
    assert named == [["in the row 1 'one'"], ["in the row the third"], ["in the row 4 'four'"]]

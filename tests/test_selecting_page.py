"""docs/selecting.md keeps its word: its tables name the options that the commands have, and its calls run."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from aggregator.cli import aggregator
from tests import ROOT
from tests.cli.test_selecting import call, made, wire  # noqa: F401  (fixtures)

PAGE = (ROOT / "docs" / "selecting.md").read_text(encoding="utf-8")
ALL = ("latest", "search", "changes", "snapshot")
ELSEWHERE = {"--ranked", "--follow", "--help", "--save"}


def options(command: str) -> set[str]:
    found = aggregator.get_command(None, command)  # type: ignore[arg-type]
    assert found is not None
    return {name for parameter in found.params for name in parameter.opts if name.startswith("--")}


def test_its_tables_have_all_options() -> None:
    named = re.findall(r"^\| `(--[a-z-]+)` \|", PAGE, re.MULTILINE)
    assert len(named) == len(set(named))
    for command in ("latest", "search"):
        assert set(named) == options(command) - ELSEWHERE
    assert options("changes") - ELSEWHERE <= set(named)
    chosen = set(named[: named.index("--before")])
    for command in ALL:
        assert chosen <= options(command)


def test_what_may_be_given_several_times_is_so() -> None:
    several = re.findall(r"^\| `(--[a-z-]+)` \|", PAGE.partition("\n| `--since`")[0], re.MULTILINE)
    for command in ALL:
        found = aggregator.get_command(None, command)  # type: ignore[arg-type]
        assert found is not None
        assert {p.opts[0] for p in found.params if getattr(p, "multiple", False)} == set(several)


@pytest.mark.parametrize("line", re.findall(r"^aggregator (.*)$", PAGE, re.MULTILINE))
def test_its_calls_run(wire: Path, line: str) -> None:  # noqa: F811
    call(wire, *line.partition("#")[0].split())

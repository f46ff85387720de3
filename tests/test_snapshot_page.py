"""docs/snapshot.md keeps its word: its table has the options that the command has of its own, and its calls run."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from aggregator.model.snapshots import TABLES
from tests import ROOT
from tests.cli.test_selecting import call, made, wire  # noqa: F401  (fixtures)
from tests.test_selecting_page import options

PAGE = (ROOT / "docs" / "snapshot.md").read_text(encoding="utf-8")


def test_its_table_has_the_options_that_no_other_command_has() -> None:
    named = re.findall(r"^\| `(--[a-z-]+)` \|", PAGE, re.MULTILINE)
    assert sorted(named) == sorted(options("snapshot") - options("changes"))


def test_its_tables_are_those_that_are_written() -> None:
    named = re.findall(r"`(\w+)`", PAGE.partition("six plain tables:")[2].partition(".")[0])
    assert named == list(TABLES)


@pytest.mark.parametrize("line", re.findall(r"^aggregator (.*)$", PAGE, re.MULTILINE))
def test_its_calls_run(wire: Path, monkeypatch: pytest.MonkeyPatch, line: str) -> None:  # noqa: F811
    monkeypatch.chdir(wire)
    call(wire, *line.split())

"""bench.walk counts what one warm poll calls, and nothing else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bench.walk import CASES, Function, main, walked
from tests.conftest import only_soak


@only_soak
@pytest.mark.soak
def test_a_poll_with_a_new_report_is_followed_into_the_reading_process_and_into_the_writing_thread() -> None:
    """In `make test` the command below follows a poll that brings a 304."""
    walk = walked(CASES["one new report"])
    assert Function("fetch/__init__.py", "Fetcher.get") in walk.here - walk.reading
    assert Function("store/__init__.py", "Store.save") in walk.here - walk.reading
    assert Function("parse/__init__.py", "parse") in walk.reading - walk.here
    assert "normalise" in walk.rooms
    left_out = {"Store.index", "Store.due", "Pipeline.__init__", "serve"}
    assert not left_out & {each.name for each in walk.functions}
    assert not [each for each in walk.functions if "<" in each.name.rpartition(".")[2]]


def test_the_command_names_what_it_counts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Most polls of a wire bring a 304; whoever has to know the way of one must be able to read it."""
    figures = tmp_path / "walk.json"
    assert main(["--only", "304", "--list", "--json", str(figures)]) == 0
    (named,) = json.loads(figures.read_text()).values()
    printed = capsys.readouterr().out
    files = {each.partition(":")[0] for each in named}
    rooms = {each.partition("/")[0] for each in files}
    assert f"| 304 | {len(named)} | {len(files)} | {len(rooms)} | 0 |" in printed
    assert not {"parse", "normalise.py", "tags"} & rooms
    assert (len(named) <= 200, len(rooms) <= 10) == (True, True), sorted(named)
    assert all(f"  {file}: " in printed for file in files)

"""bench.serve asks our server, Datasette and the bare framework for the same, and says what each took."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests import ROOT
from tests.conftest import SOAK

CASES = ("front feed: ours", "front feed: ours, 304", "front feed: ours, no answer kept", "front feed: bare framework",
         "API page: ours", "API page: ours, 304", "API page: ours, no answer kept", "API page: bare framework",
         *(f"{name}: ours, no answer kept" for name in ("front page", "list", "report", "search", "side by side")),
         "page of rows: Datasette", "page of rows: Datasette, other pages")  # fmt: skip


@pytest.mark.soak
@pytest.mark.skipif(not SOAK, reason="it starts three servers; `make soak` does")
def test_a_small_wire_is_measured(tmp_path: Path) -> None:
    figures = tmp_path / "figures.json"
    command = [sys.executable, "-m", "bench.serve", "--articles", "120", "--rounds", "1", "--seconds", "0.02"]
    done = subprocess.run(
        [*command, "--wait", "0", "--json", str(figures)], cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    said = json.loads(figures.read_text())
    assert said["articles"] == 120
    assert tuple(sorted(said["cases"])) == tuple(sorted(CASES))
    for name, taken in said["cases"].items():
        assert 0 < taken["median"] <= taken["p95"], name
        assert f"| {name} |" in done.stdout

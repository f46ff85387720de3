"""docs/sources.md and NOTICE keep their word: all data of the package are listed, and nothing else is."""

from __future__ import annotations

import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests import ROOT

PACKAGE = ROOT / "aggregator"
PAGE = (ROOT / "docs" / "sources.md").read_text(encoding="utf-8")
NOTICE = (ROOT / "NOTICE").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| (`.*)\|$", PAGE, re.MULTILINE)


def shipped() -> set[str]:
    """The package's files that are no code."""
    files = (path for path in PACKAGE.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {path.relative_to(PACKAGE).as_posix() for path in files if path.suffix != ".py"}


def named(row: str) -> list[str]:
    """The patterns of a row's first column."""
    return re.findall(r"`([^`]+)`", row.partition(" | ")[0])


def test_every_file_is_listed_and_no_other() -> None:
    found = {pattern: {*PACKAGE.glob(pattern)} for row in ROWS for pattern in named(row)}
    assert [pattern for pattern, files in found.items() if not files] == []
    listed = {file.relative_to(PACKAGE).as_posix() for files in found.values() for file in files}
    assert sorted(shipped() - listed) == []
    assert sorted(listed - shipped()) == []


def test_a_file_that_nobody_listed_would_be_found() -> None:
    patterns = {pattern for row in ROWS for pattern in named(row)}
    assert {"tags/mediatopics.tsv", "text/words.txt"} <= patterns
    assert not {pattern for pattern in patterns if pattern.count("*") > 1 or pattern.startswith("*")}


def test_every_row_says_its_licence_and_its_date() -> None:
    of_others, _, ours = PAGE.partition("## Ours")
    for part, columns in ((of_others, 5), (ours, 3)):
        rows = [row.strip().split(" | ") for row in ROWS if row in part]
        assert rows
        assert [row for row in rows if len(row) != columns or not all(cell.strip() for cell in row)] == []


@pytest.mark.parametrize("of", ["International Press Telecommunications Council", "GeoNames", "Unicode CLDR"])
def test_what_is_of_others_is_in_the_notice(of: str) -> None:
    assert of in NOTICE
    assert of in PAGE


def test_licences_are_named_where_they_are_to_be() -> None:
    licences = {row.strip().split(" | ")[3] for row in ROWS if row in PAGE.partition("## Ours")[0]}
    in_full = {"CC BY 4.0": "Creative Commons Attribution 4.0", "Unicode License v3": "Unicode License v3"}
    assert licences == set(in_full)
    assert [licence for licence in in_full.values() if licence not in NOTICE] == []


def test_an_installed_copy_has_the_notice(tmp_path: Path) -> None:
    """As setuptools makes it of this project, with one module instead of all."""
    for name in ("pyproject.toml", "README.md", "NOTICE", "aggregator/__init__.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    build = "import sys; from setuptools.build_meta import build_wheel; print(build_wheel(sys.argv[1]))"
    subprocess.run([sys.executable, "-c", build, str(tmp_path)], cwd=tmp_path, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as packed:
        (name,) = (name for name in packed.namelist() if name.endswith("/NOTICE"))
        assert packed.read(name).decode() == NOTICE

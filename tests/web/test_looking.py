"""How often the files of a configuration are looked at."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

from aggregator.pipeline.cached import signature
from aggregator.web.looking import Look


def _folder(at: Path) -> Path:
    for name in ("wire.toml", "publishers/ke/radio-ziwani.toml", "publishers/td/al-wahda.toml"):
        (at / name).parent.mkdir(parents=True, exist_ok=True)
        (at / name).write_text("# أخبار\n")
    return at


def _change(folder: Path) -> None:
    with (folder / "publishers/ke/radio-ziwani.toml").open("a") as file:
        file.write("# habari\n")


def test_files_that_have_long_been_the_same_are_looked_at_once_a_second(tmp_path: Path) -> None:
    folder, steady = _folder(tmp_path), [100.0]
    look = Look(lambda: datetime.now(UTC) + timedelta(hours=1), lambda: steady[0])
    before = look.signature(folder)
    assert before == signature(folder)
    _change(folder)
    steady[0] += 0.9
    assert look.signature(folder) == before
    steady[0] += 0.2
    assert look.signature(folder) == signature(folder) != before


def test_files_that_changed_a_moment_ago_are_looked_at_each_time(tmp_path: Path) -> None:
    folder = _folder(tmp_path)
    look = Look(lambda: datetime.now(UTC), lambda: 100.0)
    before = look.signature(folder)
    _change(folder)
    assert look.signature(folder) == signature(folder) != before


def test_each_folder_has_its_own_look(tmp_path: Path) -> None:
    one, other = _folder(tmp_path / "one"), _folder(tmp_path / "other")
    _change(other)
    look = Look(lambda: datetime.now(UTC) + timedelta(hours=1), lambda: 100.0)
    assert look.signature(one) == signature(one) != look.signature(other) == signature(other)


def test_a_file_is_named_by_where_it_is_in_the_folder(tmp_path: Path) -> None:
    folder = _folder(tmp_path)
    here = Path.cwd()
    try:
        os.chdir(folder)
        assert signature(Path(".")) == signature(folder) == signature(folder / "publishers" / "..")
    finally:
        os.chdir(here)

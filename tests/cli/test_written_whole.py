"""`export --out`: a file is written whole, or stays as it was."""

from __future__ import annotations

import errno
from pathlib import Path

import click
import pytest

from aggregator.cli.options import written_whole


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "full"), KeyboardInterrupt(), ValueError("a fault of ours")])
@pytest.mark.parametrize("before", [None, b"the older one"])
def test_what_breaks_off_leaves_the_older_file(tmp_path: Path, before: bytes | None, error: BaseException) -> None:
    path = tmp_path / "reports.csv"
    if before is not None:
        path.write_bytes(before)

    def broken_off() -> None:
        with written_whole(str(path)) as file:
            file.write(b"half of " * 10_000)
            file.flush()
            raise error

    with pytest.raises(type(error)):
        broken_off()
    assert {each.name: each.read_bytes() for each in tmp_path.iterdir()} == ({path.name: before} if before else {})


def test_a_file_keeps_its_mode_and_a_link_its_file(tmp_path: Path) -> None:
    path, link = tmp_path / "reports.csv", tmp_path / "link.csv"
    path.write_bytes(b"the older one")
    path.chmod(0o640)
    link.symlink_to(path)
    with written_whole(str(link)) as file:
        file.write(b"new")
    assert (path.read_bytes(), path.stat().st_mode & 0o777, link.is_symlink()) == (b"new", 0o640, True)


def test_what_cannot_be_written_is_named_as_it_was_given(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="nowhere") as found:
        written_whole(f"{tmp_path}/nowhere/x.csv").__enter__()
    assert found.value.filename == f"{tmp_path}/nowhere/x.csv"
    with pytest.raises(click.BadParameter):
        written_whole("").__enter__()

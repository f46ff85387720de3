"""Files of the configuration are written whole, checked before, and never through a symbolic link."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from aggregator.config import saving
from aggregator.config.adding import add_publisher, add_source
from aggregator.config.loading import load
from aggregator.config.saving import save, save_new
from aggregator.model.errors import ConfigError, StoreError
from aggregator.store import only_daemon
from tests import ROOT
from tests.conftest import SOAK
from tests.hostile import run

SOUND = ROOT / "tests" / "fixtures" / "config" / "sound"
DAILY = "publishers/ml/daily.toml"
WEEKLY = DAILY.replace("daily", "weekly")
NEW = "https://daily.test/new"
STEPS = ("open", "mkdir", "stat", "fchmod", "fsync", "replace", "link", "unlink", "close")  # of the system, in `saving`


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = Path(shutil.copytree(SOUND, tmp_path / "config"))
    weekly = (made / DAILY).read_text().replace("daily.test", "weekly.test").replace("Daily", "Weekly")
    (made / WEEKLY).write_text(weekly + '[[source]]\nurl = "https://weekly.test/feed"\n')
    return made


class Counted:
    """The system's calls, of which one is the last: `end` is called in its place, or after it."""

    def __init__(self, patch: pytest.MonkeyPatch, at: int, end: Callable[[], None], *, after: bool) -> None:
        self.calls, self._at, self._end, self._after = 0, at, end, after
        system = {name: getattr(os, name) for name in dir(os)}
        counted = {name: self._counting(system[name]) for name in STEPS}
        patch.setattr(saving, "os", SimpleNamespace(**system | counted))

    def _counting(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def counting(*arguments: Any, **named: Any) -> Any:
            self.calls += 1
            is_it = self.calls == self._at
            if is_it and not self._after:
                self._end()
            try:
                return call(*arguments, **named)
            finally:
                if is_it and self._after:
                    self._end()

        return counting


def kill() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def full() -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def killed_at(step: int, write: Callable[[], None], *, after: bool) -> bool:
    """Whether a process that does this was killed at the step, rather than ended before."""
    child = os.fork()
    if child == 0:
        try:
            with pytest.MonkeyPatch.context() as patch:
                Counted(patch, step, kill, after=after)
                write()
        finally:
            os._exit(0)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


def urls(folder: Path) -> list[str]:
    config = load(folder)
    assert config.faults == ()
    return [source.url for each in config.publishers if each.key == "daily" for source in each.sources]


# After a step all is as before the next one, so `make test` tries the one and the other file in one of the two ways,
# and every second step.
STRIDE = 1 if SOAK else 2


@pytest.mark.soak
@pytest.mark.parametrize("after", [False, True] if SOAK else [True])
def test_killed_at_any_step_the_configuration_loads(folder: Path, after: bool) -> None:
    before, step, seen = (folder / DAILY).read_bytes(), 1, set()
    while killed_at(step, lambda: add_source(folder, DAILY, NEW, "feed"), after=after):
        seen.add(tuple(urls(folder)))
        (folder / DAILY).write_bytes(before)
        step += STRIDE
    assert step > 8
    assert seen == {(), (NEW,)}  # the old file or the new one
    assert urls(folder) == [NEW]


MONTHLY = DAILY.replace("daily", "monthly")


def monthly(folder: Path) -> str:
    return (folder / WEEKLY).read_text().replace("weekly.test", "monthly.test").replace("Weekly", "Monthly")


@pytest.mark.soak
@pytest.mark.parametrize("after", [False, True] if SOAK else [False])
def test_killed_at_any_step_a_new_publisher_is_there_whole_or_not_at_all(folder: Path, after: bool) -> None:
    text, step, seen = monthly(folder), 1, set()
    while killed_at(step, lambda: add_publisher(folder, MONTHLY, text), after=after):
        there = (folder / MONTHLY).exists()
        assert not there or (folder / MONTHLY).read_text() == text
        assert load(folder).faults == ()
        seen.add(there)
        (folder / MONTHLY).unlink(missing_ok=True)
        step += STRIDE
    assert step > 8
    assert seen == {False, True}


def test_a_new_file_takes_no_other_files_place(folder: Path) -> None:
    before = (folder / DAILY).read_bytes()
    for name in (DAILY, MONTHLY):
        (folder / MONTHLY).unlink(missing_ok=True)
        (folder / MONTHLY).symlink_to(folder / DAILY)  # nor that of a link, wherever it leads
        with pytest.raises(ConfigError, match="found a file"):
            save_new(folder, name, "name = 1\n")
    (folder / MONTHLY).unlink()
    save_new(folder, MONTHLY, monthly(folder))
    with pytest.raises(ConfigError, match="found a file of this name"):
        save_new(folder, MONTHLY, "name = 1\n")
    assert (folder / DAILY).read_bytes() == before
    assert (folder / MONTHLY).read_text() == monthly(folder)
    assert not [path for path in (folder / DAILY).parent.iterdir() if path.name.startswith(".")]


def test_a_new_publisher_is_refused_with_all_its_faults(folder: Path) -> None:
    text = monthly(folder).replace('"newspaper"', '"newspapr"').replace("https://monthly.test/feed", "nothing")
    with pytest.raises(ConfigError) as refused:
        add_publisher(folder, MONTHLY, text)
    assert {"kind", "source[1].url"} <= {line.split(": ")[1] for line in refused.value.faults[:-1]}
    assert not (folder / MONTHLY).exists()


def test_what_cannot_be_written_leaves_the_file_as_it_was(folder: Path) -> None:
    before, step = (folder / DAILY).read_bytes(), 1
    while True:
        with pytest.MonkeyPatch.context() as patch:
            counted = Counted(patch, step, full, after=False)
            with contextlib.suppress(ConfigError):
                save(folder, DAILY, "name = 1\n")
        if counted.calls < step:
            break
        assert (folder / DAILY).read_bytes() in (before, b"name = 1\n")
        (folder / DAILY).write_bytes(before)
        assert not [path for path in (folder / DAILY).parent.iterdir() if path.name.startswith(".")]
        step += 1
    assert step > 6


def test_a_file_is_checked_with_all_others_before_it_is_written(folder: Path) -> None:
    before = (folder / DAILY).read_bytes()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "replace", lambda *_, **__: pytest.fail("it was written"))
        with pytest.raises(ConfigError, match="an address that no other source has"):
            add_source(folder, DAILY, "https://weekly.test/feed", "feed")
    assert (folder / DAILY).read_bytes() == before


def test_a_fault_of_another_publisher_does_not_keep_a_source_out(folder: Path) -> None:
    (folder / WEEKLY).write_text((folder / WEEKLY).read_text().replace('"newspaper"', '"newspapr"'))
    add_source(folder, DAILY, NEW, "feed")
    assert NEW in (folder / DAILY).read_text()
    with pytest.raises(ConfigError, match="newspapr"):  # of the file itself, it does
        add_source(folder, WEEKLY, "https://weekly.test/more", "feed")


@pytest.mark.parametrize(("name", "why"), [(DAILY, "can't decode byte 0xe9"), (DAILY + "x", "No such file")])
def test_a_file_that_cannot_be_read_gets_no_source(folder: Path, name: str, why: str) -> None:
    (folder / DAILY).write_bytes("# Ségou\n".encode("latin-1"))
    with pytest.raises(
        ConfigError, match=rf"^{name}: found a file that cannot be read \(.*{why}.*\), expected one in UTF-8$"
    ):
        add_source(folder, name, NEW, "feed")
    assert (folder / DAILY).read_bytes() == "# Ségou\n".encode("latin-1")


def test_permissions_and_line_ends_stay(folder: Path) -> None:
    (folder / DAILY).write_bytes((folder / DAILY).read_bytes().replace(b"\n", b"\r\n"))
    (folder / DAILY).chmod(0o640)
    add_source(folder, DAILY, NEW, "feed")
    assert (folder / DAILY).stat().st_mode & 0o777 == 0o640
    assert b'kind = "newspaper"\r\n' in (folder / DAILY).read_bytes()


@pytest.mark.parametrize("part", ["publishers", "publishers/ml", DAILY])
def test_nothing_is_written_through_a_link(folder: Path, part: str) -> None:
    elsewhere = folder.parent / "elsewhere"
    (folder / part).rename(elsewhere)
    (folder / part).symlink_to(elsewhere)
    before = load(folder)
    with pytest.raises(ConfigError, match="a symbolic link on the way"):
        add_source(folder, DAILY, NEW, "feed")
    assert load(folder) == before
    assert (folder / part).is_symlink()


def test_import_writes_through_no_link(folder: Path) -> None:
    """The name of a file that is not finished yet was known, and could be a link to any file."""
    victim = folder.parent / "victim"
    victim.write_text("mine")
    for name in ("new.unfinished", ".new.toml.new", "new.toml"):
        (folder / "publishers" / "ml" / name).symlink_to(victim)
    listed = folder.parent / "list.opml"
    listed.write_text('<opml><body><outline text="New" xmlUrl="https://new.test/feed"/></body></opml>')
    ran = run("--config", str(folder), "import", str(listed), "--country", "ML", "--language", "fr")
    assert (ran.code, "Traceback" in ran.err) == (1, False)
    assert victim.read_text() == "mine"
    (folder / "publishers" / "ml" / "new.toml").unlink()
    assert run("--config", str(folder), "import", str(listed), "--country", "ML", "--language", "fr").code == 0
    assert victim.read_text() == "mine"
    assert "https://new.test/feed" in (folder / "publishers" / "ml" / "new.toml").read_text()


def test_the_lock_is_no_link(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("mine")
    (tmp_path / "wire.db.lock").symlink_to(victim)
    with pytest.raises(StoreError, match="symbolic link"), only_daemon(tmp_path / "wire.db"):
        pass
    assert victim.read_text() == "mine"

"""Backups of pictures: whole beside the copy of the database, no larger than what is new, compared, and back again."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from aggregator.demo import Press
from aggregator.desk import acts, purging
from aggregator.store import PicturesHeld, Store, load_backup
from tests.commands import COMMAND, run
from tests.conftest import NOW, make_publisher, some
from tests.images import jpeg
from tests.pipeline.test_pictures import Wire

OTHER = make_publisher("le-quotidien", country="ML", languages=("fr",))


@pytest.fixture
def press() -> Iterator[Press]:
    with Press(now=NOW) as opened:
        yield opened


@pytest.fixture
def wire(press: Press, tmp_path: Path) -> Wire:
    """Two publishers with a picture each."""
    (tmp_path / "data").mkdir()
    made = Wire(press, tmp_path / "data" / "wire.db", [make_publisher(), OTHER])
    made.publish({1: [made.picture("/bridge.jpg")]})
    made.publish({2: [made.picture("/market.jpg", jpeg(500, 400), "le-quotidien")]}, "le-quotidien", "Marché")
    assert made.copy() == 2
    return made


def back_up(wire: Wire, to: Path, *, replace: bool = False) -> PicturesHeld:
    with Store.read(wire.place) as store:
        return store.back_up(to, replace=replace, moved=lambda: None).pictures


def load(wire: Wire, file: Path) -> PicturesHeld:
    return load_backup(file, wire.place, wire.now, lambda: None).facts.pictures


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.glob("*/*.jpg")}


def live(wire: Wire) -> dict[str, bytes]:
    return files(wire.place.with_name("pictures"))


def _purge(store: Store, report: str, *because: Any) -> None:
    purging.purge(store, [report], *because)


def pictures_of(backup: Path) -> Path:
    return backup.with_name(backup.name + ".pictures")


def are_as_listed(backup: Path) -> bool:
    """By another program, which reads the list of digests."""
    checked = subprocess.run(
        ["sha256sum", "--check", "--strict", "--quiet", "SHA256SUMS"],
        cwd=pictures_of(backup),
        capture_output=True,
        check=False,
    )
    listed = len((pictures_of(backup) / "SHA256SUMS").read_text().splitlines())
    return checked.returncode == 0 and listed == len(files(pictures_of(backup)))


def test_a_backup_is_a_wire_with_its_pictures(wire: Wire, tmp_path: Path) -> None:
    backup = tmp_path / "monday.db"
    held = back_up(wire, backup)
    assert (held.pictures, held.lost, held.replaced, held.problem) == (2, (), (), "")
    assert files(pictures_of(backup)) == live(wire)
    assert held.size == sum(map(len, live(wire).values()))
    assert are_as_listed(backup)
    assert pictures_of(backup).stat().st_mode & 0o077 == 0
    before = wire.shown()
    shutil.rmtree(wire.place.parent)
    wire.place.parent.mkdir()
    assert load(wire, backup).pictures == 2
    assert live(wire) == files(pictures_of(backup))
    assert wire.shown() == before
    asked = len(wire.asked())
    assert wire.copy() == 0  # nothing is fetched again
    assert len(wire.asked()) == asked
    with Store.read(backup) as store:  # a backup is read where it is, with its pictures
        assert store.picture_file("0" * 64, 800).is_relative_to(pictures_of(backup))


def test_a_backup_a_day_takes_no_more_room_than_what_is_new(wire: Wire, tmp_path: Path) -> None:
    monday, tuesday, wednesday = (tmp_path / f"{day}.db" for day in ("monday", "tuesday", "wednesday"))
    back_up(wire, monday)
    wire.publish({1: [wire.picture("/bridge.jpg")], 3: [wire.picture("/ferry.jpg", jpeg(700, 300))]})
    wire.later(timedelta(days=1))
    wire.copy()
    back_up(wire, tuesday)
    os.utime(pictures_of(monday) / "SHA256SUMS", (1, 1))
    for path in wire.place.with_name("pictures").glob("*/*.jpg"):  # as where the backups are on another disk
        shutil.copy(path, path.with_suffix(".other"))
        path.with_suffix(".other").replace(path)
    back_up(wire, wednesday)
    first, second, third = (
        {path.name: path.stat().st_ino for path in pictures_of(each).glob("*/*.jpg")}
        for each in (monday, tuesday, wednesday)
    )
    assert first.items() < second.items()
    assert second == third
    assert not set(third.values()) & {path.stat().st_ino for path in wire.place.with_name("pictures").glob("*/*")}
    for each in (monday, tuesday):  # one is pruned with its pictures, and the others stay whole
        each.unlink()
        shutil.rmtree(pictures_of(each))
    assert are_as_listed(wednesday)
    assert files(pictures_of(wednesday)) == live(wire)


def test_a_backup_that_is_replaced_has_no_pictures_of_before(wire: Wire, tmp_path: Path) -> None:
    backup = tmp_path / "wire.db"  # whose folder is called `pictures`
    (tmp_path / "pictures").mkdir()
    (tmp_path / "pictures" / "mine.jpg").write_bytes(b"of the family")
    back_up(wire, backup)
    wire.act(_purge, wire.report(1))
    assert back_up(wire, backup, replace=True).pictures == 1
    assert files(tmp_path / "pictures") == live(wire)
    assert len(live(wire)) == 2
    assert (tmp_path / "pictures" / "mine.jpg").read_bytes() == b"of the family"


@pytest.mark.parametrize("act", [acts.withdraw, _purge])
def test_what_was_let_go_after_a_backup_comes_back_with_it_as_words_do(
    wire: Wire, tmp_path: Path, act: Callable[..., object]
) -> None:
    backup, before = tmp_path / "backup.db", live(wire)
    back_up(wire, backup)
    report = wire.report(1)
    wire.act(act, report)
    wire.copy()
    assert live(wire).keys() < before.keys()
    load(wire, backup)
    assert (live(wire), len(wire.shown()["Rapport 1"])) == (before, 1)
    wire.act(act, report)  # what the desk does again takes the pictures again
    wire.copy()
    assert live(wire).keys() < before.keys()
    assert files(pictures_of(backup)) == before


def test_what_is_let_go_while_a_backup_is_made_is_not_lost(wire: Wire, tmp_path: Path) -> None:
    """Of the moment of the backup is the database; a file that nobody may be shown is not sought elsewhere."""
    older, backup, report = tmp_path / "older.db", tmp_path / "backup.db", wire.report(1)
    back_up(wire, older)
    done: list[str] = []

    def moved() -> None:
        if not done:
            done.append(report)
            wire.act(_purge, report)

    with Store.read(wire.place) as store:
        held = store.back_up(backup, replace=False, moved=moved).pictures
    assert done
    assert (held.pictures, held.lost, held.replaced) == (1, (), ())
    assert files(pictures_of(backup)) == live(wire)


def _gone(path: Path) -> None:
    path.unlink()


def _cut_off(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def _emptied(path: Path) -> None:
    path.write_bytes(b"")


FAULTS = (_gone, _emptied, _cut_off)


@pytest.mark.soak
@pytest.mark.parametrize("spoil", some(FAULTS, 2))
def test_a_file_that_is_missing_or_damaged_is_named_and_the_database_copied(
    wire: Wire, tmp_path: Path, spoil: Callable[[Path], None]
) -> None:
    older, backup, path = tmp_path / "older.db", tmp_path / "backup.db", wire.place.with_name("pictures")
    spoilt = path / sorted(wire.files())[0]
    good = live(wire)
    os.link(spoilt, tmp_path / "aside")  # so that the backup's own file is another one
    shutil.copy(spoilt, tmp_path / "copy")
    (tmp_path / "copy").replace(spoilt)
    spoil(spoilt)
    words = [*COMMAND, "--db", str(wire.place), "backup", "create", str(backup)]
    answer = run(words, capture_output=True, text=True, cwd=tmp_path)
    assert answer.returncode == 1, answer.stderr
    assert f"{spoilt}: missing or damaged, and not in the backup\n" in answer.stdout
    assert "With 1 picture, " in answer.stdout
    with Store.read(backup) as store:
        assert store.picture_counts().copied == 2
    assert are_as_listed(backup)
    assert files(pictures_of(backup)) == {name: good[name] for name in good if path / name != spoilt}
    # An older backup that has it is asked first.
    (tmp_path / "aside").replace(spoilt)
    back_up(wire, older)
    spoilt.unlink()
    spoilt.write_bytes(good[sorted(good)[0]])
    spoil(spoilt)
    held = back_up(wire, backup, replace=True)
    assert (held.pictures, held.lost, held.replaced) == (2, (), (spoilt,))
    assert files(pictures_of(backup)) == good


def test_a_file_that_changed_since_an_older_backup_linked_to_it_is_damaged(wire: Wire, tmp_path: Path) -> None:
    back_up(wire, tmp_path / "older.db")
    spoilt = wire.place.with_name("pictures") / sorted(wire.files())[0]
    content = bytearray(spoilt.read_bytes())
    content[200] ^= 1
    with spoilt.open("r+b") as file:  # the same file: bits that a disk turned
        file.write(content)
    held = back_up(wire, tmp_path / "backup.db")
    assert held.lost == (spoilt,)
    assert not are_as_listed(tmp_path / "older.db")
    assert are_as_listed(tmp_path / "backup.db")


@pytest.mark.soak
@pytest.mark.parametrize("spoil", some(FAULTS, 2))
def test_a_backup_with_a_damaged_picture_is_loaded_without_it(
    wire: Wire, tmp_path: Path, spoil: Callable[[Path], None]
) -> None:
    backup, good = tmp_path / "backup.db", live(wire)
    back_up(wire, backup)
    spoilt = pictures_of(backup) / sorted(wire.files())[0]
    content = spoilt.read_bytes()
    spoilt.unlink()
    spoilt.write_bytes(content)
    spoil(spoilt)
    held = load(wire, backup)
    assert (held.pictures, held.replaced, held.lost) == (2, (spoilt,), ())  # what was beside the database stays
    assert live(wire) == good
    shutil.rmtree(wire.place.with_name("pictures"))
    held = load(wire, backup)
    assert (held.pictures, held.replaced, held.lost) == (1, (), (spoilt,))
    assert live(wire).keys() == good.keys() - {str(spoilt.relative_to(pictures_of(backup)))}
    assert wire.copy() == 1  # fetched again
    assert live(wire) == good


def test_pictures_that_cannot_be_written_do_not_keep_the_database_from_being_copied(wire: Wire, tmp_path: Path) -> None:
    backup = tmp_path / "backup.db"
    pictures_of(backup).write_text("a letter")
    held = back_up(wire, backup)
    assert held.problem.startswith(str(pictures_of(backup)))
    assert pictures_of(backup).read_text() == "a letter"
    with Store.read(backup) as store:
        assert store.picture_counts().copied == 2


def test_a_backup_of_a_wire_without_pictures_has_no_folder(press: Press, tmp_path: Path) -> None:
    wire = Wire(press, tmp_path / "wire.db", [make_publisher()])
    wire.publish({1: []})
    wire.copy()
    assert back_up(wire, tmp_path / "backup.db") == PicturesHeld()
    assert not pictures_of(tmp_path / "backup.db").exists()

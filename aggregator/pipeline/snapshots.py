"""Writes a snapshot: a folder of tables with the descriptor that says what they are; whole, or not at all."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from msgspec import Struct, field

from aggregator import __version__
from aggregator.desk import snapshots
from aggregator.model import Selection
from aggregator.model.errors import StoreError
from aggregator.model.snapshots import TABLES, Extent, SnapshotForm, Table, Value
from aggregator.output.tables import SUFFIXES, as_csv, as_jsonl, descriptor, resource
from aggregator.store import Store
from aggregator.text.dates import to_iso

DESCRIPTOR = "datapackage.json"
_ONE_FILE = "snapshot.sqlite"
_OURS = "news-wire-snapshot"  # by this name of the package a folder is known as a snapshot
_STEP = 500  # rows, between two words about how far it has come
_LONGEST = 1 << 20  # bytes of a descriptor

_PUBLIC = (
    "Reports of many publishers, each of whom answers for its own words; what must stand beside them is in each row."
    " Only what the wire shows to readers of the web is here. Each row's words are under the licence of that row, and"
    " where it names none all rights are reserved."
)
_PRIVATE = (
    "All that the wire holds of these reports, also what it may not show: whole texts, reports that were withheld, the"
    " reasons for that. Not for publication; `aggregator snapshot --public` makes a copy that is fit for it."
)
_OF_A_ROW = "of the rows whose column `licence` names it, and of no other"
_NOT_KNOWN = (
    "Reports that were deleted since are missing.",
    "Reports that have left the wire since have no words here, nor have versions that were taken back since.",
    "Words that were let go since are missing.",
    "Publishers, sources and rights are those of now, and so are class and language of each report.",
)


class Wanted(Struct, frozen=True):
    """How a snapshot is written."""

    form: SnapshotForm
    verbatim: bool = False  # of CSV: no apostrophe before what a spreadsheet would run
    force: bool = False  # in the place of a snapshot that is there


class _Counter(Struct):
    """Says how far it has come, and counts rows and licences."""

    step: Callable[[str], None]
    rows: dict[str, int] = field(default_factory=dict)
    licences: set[str] = field(default_factory=set)

    def watch(self, table: Table, rows: Iterable[list[Value]], *, is_public: bool) -> Iterator[list[Value]]:
        self.rows[table.name] = 0
        names = table.names(is_public=is_public)
        licence = names.index("licence") if "licence" in names else None
        for row in rows:
            self.rows[table.name] += 1
            if licence is not None and row[licence] is not None:
                self.licences.add(str(row[licence]))
            if table.name == "reports" and self.rows[table.name] % _STEP == 0:
                self.step(table.name)
            yield row


def refuse(folder: Path, *, force: bool) -> None:
    """StoreError: the folder cannot be written, or has something that is not to be lost."""
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise StoreError(f"{folder}: this is no folder; name one that is not there yet")
    if not folder.parent.is_dir():
        raise StoreError(f"{folder.parent}: there is no such folder; make it, or choose another place")
    found = sorted(each.name for each in folder.iterdir()) if folder.exists() else []
    if not found:
        return
    if not force:
        raise StoreError(f"{folder}: this folder is not empty; name another, or replace a snapshot with --force")
    files = {DESCRIPTOR, _ONE_FILE, *(f"{name}.{suffix}" for name in TABLES for suffix in SUFFIXES.values())}
    others = [name for name in found if name not in files]
    if others or not _is_snapshot(folder / DESCRIPTOR):
        what = f"has {others[0]}, which is" if others else f"has no {DESCRIPTOR} of a snapshot, so what it has is"
        raise StoreError(
            f"{folder}: this folder {what} no part of a snapshot; nothing was deleted: name another folder"
        )


def _is_snapshot(file: Path) -> bool:
    try:
        with file.open("rb") as opened:
            said = json.loads(opened.read(_LONGEST))
    except (OSError, ValueError):
        return False
    return isinstance(said, dict) and said.get("name") == _OURS


def steps(count: int) -> int:
    """How often `write` says how far it has come, of so many reports."""
    return count // _STEP + len(TABLES)


def write(store: Store, folder: Path, extent: Extent, wanted: Wanted, step: Callable[[str], None]) -> dict[str, int]:
    """Writes it, and returns how many rows each table has. `step`: called with the name of a table. Raises StoreError
    and OSError; then the folder is as it was before. Within `store.one_state()`.
    """
    refuse(folder, force=wanted.force)
    made = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        counter = _Counter(step)
        resources = _tables(store, made, extent, wanted, counter)
        (made / DESCRIPTOR).write_bytes(descriptor(_described(extent, wanted, resources, counter)))
        _set_modes(made, is_public=extent.is_public)
        _put_in_place(made, folder)
    finally:
        shutil.rmtree(made, ignore_errors=True)
    return counter.rows


def _tables(store: Store, made: Path, extent: Extent, wanted: Wanted, counter: _Counter) -> list[dict[str, Any]]:
    is_public = extent.is_public

    def rows_of(table: Table) -> Iterator[list[Value]]:
        yield from counter.watch(table, snapshots.rows(store, table.name, extent), is_public=is_public)
        counter.step(table.name)

    if wanted.form == "sqlite":
        store.write_snapshot(made / _ONE_FILE, ((table, is_public, rows_of(table)) for table in TABLES.values()))
        beside = _sums(made / _ONE_FILE)
        return [
            resource(table, wanted.form, _ONE_FILE, is_public=is_public, rows=counter.rows[table.name], beside=beside)
            for table in TABLES.values()
        ]
    resources = []
    for table in TABLES.values():
        path = made / f"{table.name}.{SUFFIXES[wanted.form]}"
        names, rows = table.names(is_public=is_public), rows_of(table)
        parts = as_csv(names, rows, verbatim=wanted.verbatim) if wanted.form == "csv" else as_jsonl(names, rows)
        with path.open("wb") as file:
            file.writelines(parts)
        resources.append(
            resource(
                table,
                wanted.form,
                path.name,
                is_public=is_public,
                rows=counter.rows[table.name],
                beside=_sums(path),
            )
        )
    return resources


def _sums(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return {"bytes": path.stat().st_size, "hash": f"sha256:{digest}"}


def _described(
    extent: Extent, wanted: Wanted, resources: Sequence[Mapping[str, Any]], counter: _Counter
) -> dict[str, Any]:
    licences = [{"name": name, "title": _OF_A_ROW} for name in sorted(counter.licences)]
    return {
        "profile": "data-package",
        "name": _OURS,
        "title": f"Snapshot of a news wire at line {extent.up_to} of its ledger",
        "description": _PUBLIC if extent.is_public else _PRIVATE,
        "created": to_iso(extent.time),
        **({"licenses": licences} if licences else {}),
        "snapshot": {
            "cursor": str(extent.up_to),
            "time": to_iso(extent.time),
            "at": to_iso(extent.at) if extent.at else None,
            "public": extent.is_public,
            "verbatim": wanted.verbatim or wanted.form != "csv",
            "selection": _selection(extent.selection),
            "program": f"aggregator {__version__}",
            "not_known": list(_NOT_KNOWN) if extent.at else [],
        },
        "resources": list(resources),
    }


def _selection(selection: Selection) -> dict[str, Any]:
    """By the names of the options; only what was chosen."""
    said = {
        "publisher": selection.publishers,
        "country": selection.countries,
        "kind": selection.kinds,
        "group": selection.groups,
        "language": selection.languages,
        "class": selection.item_classes,
        "topic": selection.topics,
        "about": selection.about,
        "since": to_iso(selection.since) if selection.since else None,
        "until": to_iso(selection.until) if selection.until else None,
        "after": str(selection.after) if selection.after else None,
    }
    return {name: list(value) if isinstance(value, tuple) else value for name, value in said.items() if value}


def _set_modes(made: Path, *, is_public: bool) -> None:
    """What is not for publication is for its owner alone; for what is, the user's mask decides, as for any new file."""
    for file in made.iterdir():
        file.chmod(file.stat().st_mode & 0o666 if is_public else 0o600)
    if is_public:
        mask = os.umask(0)
        os.umask(mask)
        made.chmod(0o777 & ~mask)


def _put_in_place(made: Path, folder: Path) -> None:
    """An empty folder is replaced at once; one that is not stays beside until the new one is there."""
    if not folder.exists() or not any(folder.iterdir()):
        made.rename(folder)
        return
    old = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    folder.rename(old)
    try:
        made.rename(folder)
    except OSError:
        old.rename(folder)
        raise
    with suppress(OSError):
        shutil.rmtree(old)

"""A new version of the program comes machine by machine: workers of the version before go on, or say why they stop."""

from __future__ import annotations

import signal
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

import aggregator
from aggregator import __version__
from aggregator.demo import Press
from aggregator.text.dates import utc_now
from tests.conftest import only_soak
from tests.engine.workers import Wire
from tests.hostile import run

NEWER = "99.0.0"
# Of two steps as a version to come may have them.
MIGRATIONS = {
    "9001_before_notes": "ALTER TABLE sources ADD COLUMN note text; ALTER TABLE articles ADD COLUMN note text;"
    " CREATE TABLE notes (note text PRIMARY KEY);",
    "9002_after_notes": "ALTER TABLE articles DROP COLUMN note;",
}


@pytest.fixture
def press() -> Iterator[Press]:
    with Press(now=utc_now()) as opened:
        yield opened


@only_soak
@pytest.mark.soak
def test_workers_of_the_version_before_go_on_until_tables_are_taken_away_and_then_say_so(
    tmp_path: Path, press: Press
) -> None:
    wire, newer = Wire(tmp_path, press, hosts=2), newer_program(tmp_path / "newer", MIGRATIONS)
    try:
        older = wire.start()
        wire.stored(4)
        fetched = wire.fetch(newer)
        assert fetched.returncode == 0, fetched.stderr
        assert migrations(wire) == ["9001_before_notes"]
        wire.publish("h0.example", "/feed", 2)
        wire.rows("UPDATE sources SET next_at = '2026-01-01T00:00:00Z' RETURNING 1")
        wire.stored(6)  # by the older one alone
        older.send_signal(signal.SIGTERM)
        assert older.wait(20) == 0, wire.said()
        assert wire.fetch(newer).returncode == 0
        assert migrations(wire) == sorted(MIGRATIONS)
        refused = run("--config", str(wire.config), "--db", wire.url, "worker")
        assert refused.code == 1
        said = " ".join(refused.err.split())
        assert "a newer version of aggregator made this database (it has 9002_after_notes, which this version" in said
        assert "Traceback" not in wire.said()
        assert wire.faults() == []
    finally:
        wire.kill()


def migrations(wire: Wire) -> list[str]:
    return [name for (name,) in wire.rows("SELECT name FROM migrations WHERE name > '9' ORDER BY name")]


def newer_program(folder: Path, more: Mapping[str, str]) -> Path:
    """A folder with the program as it is, another version's number, and these migrations of PostgreSQL too."""
    ours = Path(aggregator.__path__[0])
    inner = ours / "store" / "postgres" / "schema"
    made = folder / "aggregator"
    made.mkdir(parents=True)
    for part in (*inner.relative_to(ours).parts, None):
        for entry in ours.iterdir():
            if entry.name not in (part, "__pycache__") and not (made / entry.name).exists():
                (made / entry.name).symlink_to(entry)
        if part is not None:
            made, ours = made / part, ours / part
            made.mkdir()
    for name, sql in more.items():
        (made / f"{name}.sql").write_text(sql)
    start = folder / "aggregator" / "__init__.py"
    text = start.read_text()
    start.unlink()
    start.write_text(text.replace(__version__, NEWER))
    return folder

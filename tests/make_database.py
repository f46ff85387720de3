"""Makes the small database of this version: `python -m tests.make_database`, once for each version.

It runs the commands themselves: the demo against the invented press, then an act of every kind. Beside VERSION.db.gz it
writes VERSION.json.gz, what the reading commands of this version printed for it; `tests/test_upgrade.py` compares that
with what a later version prints. A file that is there already is left alone: users have databases like it.
"""

from __future__ import annotations

import gzip
import io
import json
import sqlite3
import sys
import tempfile
from contextlib import closing, redirect_stdout
from functools import partial
from pathlib import Path
from typing import Any

from aggregator import __version__
from aggregator.cli import main as aggregator

HERE = Path(__file__).parent
DATABASES = HERE / "fixtures" / "databases"
CONFIG = HERE.parent / "data" / "demo" / "config"
OWN_REPORT = HERE / "fixtures" / "manuscripts" / "water-bills.md"
WHY = ("--reason", "a fixture", "--actor", "desk")


def main() -> None:
    target, answers = DATABASES / f"{__version__}.db.gz", DATABASES / f"{__version__}.json.gz"
    if target.exists():
        sys.exit(f"{target.name} is there already; a version's database is made once")
    with tempfile.TemporaryDirectory() as folder:
        database = Path(folder) / "wire.db"
        _run(database, "demo", "--into", str(database))
        _decide(database)
        answers.write_bytes(gzip.compress(json.dumps(answers_of(database)).encode(), mtime=0))
        with closing(sqlite3.connect(database)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        target.write_bytes(gzip.compress(database.read_bytes(), mtime=0))


def _decide(database: Path) -> None:
    """An act of every kind, each upon a report of another publisher."""
    reports = _json(database, "latest", "--limit", "200", "--json")
    by_publisher = {report["publisher"]: report["id"] for report in reports}
    withheld, restored, embargoed, withdrawn, legal, gone, private, spoken = list(by_publisher.values())[:8]
    _run(database, "withhold", withheld, *WHY)
    _run(database, "withhold", restored, *WHY)
    _run(database, "restore", restored, *WHY)
    _run(database, "embargo", embargoed, "2099-12-01T06:00Z", *WHY)
    _run(database, "withdraw", withdrawn, *WHY)
    _run(database, "withhold", legal, "--legal", "--ref", "Case 7/26", *WHY)
    _run(database, "purge", gone, "--yes", *WHY)
    _run(database, "complaint", "add", private, "--kind", "privacy", "--text", "My street is named.", "--actor", "desk")
    _run(database, "complaint", "add", spoken, "--kind", "factual", "--text", "A wrong date.", "--from", "a@b.example")
    _run(database, "publish", str(OWN_REPORT))


def answers_of(database: Path, config: Path = CONFIG) -> dict[str, Any]:
    """What the reading commands print for a database, by command."""
    read = partial(_json, database, config=config)
    latest = read("latest", "--limit", "200", "--json")
    return {
        "latest": latest,
        "revisions": {one["id"]: read("show", one["id"], "--revisions", "--json") for one in latest[:30]},
        "search": {word: read("search", word, "--limit", "200", "--json") for word in ("mbalawe", "ክትባት")},
        "changes": read("changes", "--json"),
        "merges": read("merges", "--json"),
        "health": read("health", "--json", may_end_with=1),  # 1: the wire of an old fixture is silent
        "complaints": read("complaint", "list", "--json"),
    }


def _json(database: Path, *command: str, config: Path = CONFIG, may_end_with: int = 0) -> list[dict[str, Any]]:
    """The rows that a command prints, as an array or as a line each."""
    printed = _run(database, *command, config=config, may_end_with=may_end_with)
    rows = json.loads(printed) if printed.startswith("[") else [json.loads(line) for line in printed.splitlines()]
    return list(rows)


def _run(database: Path, *command: str, config: Path = CONFIG, may_end_with: int = 0) -> str:
    printed = io.StringIO()
    with redirect_stdout(printed):
        try:
            aggregator(["--config", str(config), "--db", str(database), *command])
        except SystemExit as ended:
            if ended.code not in (None, 0, may_end_with):
                raise RuntimeError(f"{command} ended with {ended.code}") from None
    return printed.getvalue()


if __name__ == "__main__":
    main()

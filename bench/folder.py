"""Polls a folder of feed files over loopback and accounts for every entry: `python -m bench.folder FOLDER`.

Each file is one publisher's feed. What feedparser itself finds in the same bytes is what has to be stored or counted;
exit code 1 when an entry is neither.
"""

from __future__ import annotations

import argparse
import json
import re
import sqlite3
import subprocess
import sys
import tempfile
import warnings
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import feedparser

from bench.contenders import aggregator
from bench.measuring import say, table
from bench.serving import free_port, serve
from bench.world import make_config

_NOT_FEEDS = {".tsv", ".md", ".txt"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One file: what feedparser finds in it, and what the poll did with it."""

    file: str
    found: int
    repeated: int  # of those found, how many repeat an id of the same document
    listed: int  # entries in the document as the poll counts them
    stored: int  # rows of `articles`
    drops: Mapping[str, int]
    error: str | None
    failed: bool

    @property
    def missing(self) -> int:
        return max(0, self.found - self.stored - sum(self.drops.values()))

    @property
    def explained(self) -> str:
        """Why the stored articles are not as many as the entries that feedparser finds; '' when they are."""
        if self.failed:
            return f"failed: {self.error}"
        said = [f"{count} {reason}" for reason, count in self.drops.items()]
        if self.drops.get("duplicate_in_document"):
            said.append(f"{self.repeated} of the {self.found} repeat an earlier id")
        if self.listed != self.found:
            said.append(f"we read {self.listed} entries, feedparser alone {self.found}")
        if self.missing:
            said.append(f"{self.missing} UNACCOUNTED FOR")
        if said and self.error:
            said.append(self.error)
        return "; ".join(said)


def account(folder: Path, work: Path) -> list[Account]:
    """Serves the files, polls them once into a new database below `work`, and compares."""
    files = sorted(path for path in folder.iterdir() if path.is_file() and path.suffix not in _NOT_FEEDS)
    keys = {path.name: f"f{number:03}-{_slug(path.name)}" for number, path in enumerate(files)}
    database = work / "wire.db"
    with serve(folder.absolute(), work / "server", free_port()) as server:
        config = make_config(work / "config", ((keys[name], server.url(name)) for name in keys))
        polls = _fetch(config, database)
    stored = _stored(database)
    return [_account(path, polls[keys[path.name]], stored.get(keys[path.name], 0)) for path in files]


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def _fetch(config: Path, database: Path) -> dict[str, dict[str, object]]:
    """The polls, by publisher, of `fetch --all --json`."""
    command = [*aggregator(), "--config", str(config), "--db", str(database), "fetch", "--all", "--json"]
    ended = subprocess.run(command, cwd=Path(__file__).parents[1], capture_output=True, text=True, check=False)
    if ended.returncode not in (0, 1) or not ended.stdout:
        raise SystemExit(f"fetch ended with {ended.returncode}:\n{ended.stderr}")
    return {poll["source_name"].partition("/")[0]: poll for poll in json.loads(ended.stdout)}


def _stored(database: Path) -> dict[str, int]:
    with sqlite3.connect(database) as connection:
        return dict(connection.execute("SELECT publisher, count(*) FROM articles GROUP BY publisher").fetchall())


def _account(path: Path, poll: Mapping[str, object], stored: int) -> Account:
    ids = _ids(path)
    drops, error, listed = poll["drops"], poll["error"], poll["entries"]
    assert isinstance(drops, dict)
    assert isinstance(listed, int)
    return Account(
        file=path.name,
        found=len(ids),
        repeated=len(ids) - len(set(ids)),
        listed=listed,
        stored=stored,
        drops=drops,
        error=str(error) if error else None,
        failed=poll["outcome"] == "failed",
    )


def _ids(path: Path) -> list[str]:
    """What tells the entries apart that feedparser finds in the bare bytes: id, or link, or place."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        entries = feedparser.parse(BytesIO(path.read_bytes())).entries
    return [entry.get("id") or entry.get("link") or str(place) for place, entry in enumerate(entries)]


def report(accounts: Sequence[Account]) -> str:
    """The result as Markdown."""
    drops: Counter[str] = sum((Counter(each.drops) for each in accounts), Counter())
    failed = [each for each in accounts if each.failed]
    total = [
        ("files", len(accounts)),
        ("entries that feedparser itself finds", sum(each.found for each in accounts)),
        ("entries that our reading finds", sum(each.listed for each in accounts)),
        ("articles stored", sum(each.stored for each in accounts)),
        *((f"dropped: {reason}", count) for reason, count in drops.most_common()),
        ("files that failed", len(failed)),
        ("entries unaccounted for", sum(each.missing for each in accounts)),
    ]
    odd = [each for each in accounts if each.explained]
    rows = [(each.file, each.found, each.stored, sum(each.drops.values()), each.explained) for each in odd]
    head = ("file", "feedparser", "stored", "dropped", "why")
    warned = Counter((each.error or "").split(":")[0] for each in accounts if each.error and not each.failed)
    return "\n\n".join(
        [
            table(("what", "count"), total),
            "Files whose stored articles differ from feedparser's entries:\n\n" + table(head, rows),
            "Warnings on files that were read all the same:\n\n" + table(("warning", "files"), warned.most_common()),
        ]
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--json", type=Path, help="write every file's account here")
    chosen = parser.parse_args()
    say(f"polling the files of {chosen.folder}")
    with tempfile.TemporaryDirectory(prefix="bench-folder-") as work:
        accounts = account(chosen.folder, Path(work))
    print(report(accounts))
    if chosen.json:
        chosen.json.write_text(json.dumps([_plain(each) for each in accounts], indent=1, ensure_ascii=False))
    return 1 if any(each.missing for each in accounts) else 0


def _plain(each: Account) -> dict[str, object]:
    return {name: getattr(each, name) for name in (*Account.__slots__, "missing", "explained")}


if __name__ == "__main__":
    sys.exit(main())

"""Replays real feeds, poll by poll, through the press and the real pipeline, and says what the wire made of them.

    python -m bench.polls [FOLDER] [--db FILE] [--edits]

FOLDER (../shared/polls) has a folder a feed and a file a poll, named by its time. `--edits` lists every edit that made
no revision and every revision that is no edit. An edit is found independently of the wire: feedparser alone, tags cut
away, blanks and counters folded, polls compared by guid. The three `mymarrakesh*` folders are three sources of one
publisher. Exit code 1: a byte-identical poll stored something, an edit made no revision, or a story of the twins is two
articles.
"""

from __future__ import annotations

import asyncio
import hashlib
import html
import io
import re
import sqlite3
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import feedparser

from aggregator.demo import Press, Resource
from aggregator.desk.terms import sync
from aggregator.model import Config, Due, Poll, Publisher, Source
from aggregator.pipeline.pipeline import Pipeline
from aggregator.store import Store
from aggregator.text.dates import to_iso
from bench.sample import KEPT, WIRE

POLLS = Path(__file__).parents[2] / "shared" / "polls"
TWINS = "mymarrakesh"


@dataclass
class Told:
    """What became of one folder."""

    polls: int = 0
    identical: int = 0
    identical_that_stored: int = 0
    entries: int = 0
    new: int = 0
    drops: Counter[str] = field(default_factory=Counter)
    edits: set[tuple[str, str]] = field(default_factory=set)  # time of the poll, guid


@dataclass(frozen=True)
class Replay:
    """One poll to be replayed."""

    folder: str
    at: datetime
    body: bytes


def replays(root: Path) -> list[Replay]:
    """All polls of all folders, in the order in which they happened."""
    files = [file for folder in sorted(root.iterdir()) if folder.is_dir() for file in folder.glob("*.xml")]
    found = [Replay(file.parent.name, _time(file), file.read_bytes()) for file in files]
    return sorted(found, key=lambda replay: (replay.at, replay.folder))


def _time(file: Path) -> datetime:
    return datetime.strptime(file.stem, "%Y%m%dT%H%M%S").replace(tzinfo=UTC)


def publishers(folders: Sequence[str]) -> tuple[Publisher, ...]:
    keys = dict.fromkeys(_publisher_of(folder) for folder in folders)
    return tuple(_publisher(key, [folder for folder in folders if _publisher_of(folder) == key]) for key in keys)


def _publisher_of(folder: str) -> str:
    return TWINS if folder.startswith(TWINS) else folder


def _publisher(key: str, folders: Sequence[str]) -> Publisher:
    sources = tuple(Source(publisher=key, key=folder, url=f"http://{folder}.example/feed") for folder in folders)
    return Publisher(
        key=key, name=key, place="?", country="XW", kind="newspaper", languages=("en",), homepage=f"http://{key}.example/",
        rights=KEPT, sources=sources,
    )  # fmt: skip


async def replay_all(polls: Sequence[Replay], path: Path) -> dict[str, Told]:
    told = {poll.folder: Told() for poll in polls}
    config = Config(wire=WIRE, publishers=publishers(list(told)))
    now = polls[0].at
    with Press(now=now) as press, Store.open(path) as store, closing(sqlite3.connect(path)) as rows:
        sync(store, WIRE, config.publishers, now, now.date())
        due = {one.source.key: one for one in store.due(None)}
        async with Pipeline(config, store, lambda: now, lambda host: press.address) as pipeline:
            hashes: dict[str, bytes] = {}
            for poll in polls:
                now = poll.at
                press.set_document(f"{poll.folder}.example", "/feed", Resource(poll.body, "application/xml"))
                before = _rows_held(rows)
                (answer,) = await pipeline.run([_fresh(store, due[poll.folder])])
                await pipeline.maintain()
                digest = hashlib.sha256(poll.body).digest()
                _count(told[poll.folder], answer, hashes.get(poll.folder) == digest, _rows_held(rows) - before)
                hashes[poll.folder] = digest
    return told


def _fresh(store: Store, due: Due) -> Due:
    return next(one for one in store.due(None) if one.source.name == due.source.name)


def _rows_held(rows: sqlite3.Connection) -> int:
    sql = "SELECT (SELECT count(*) FROM articles) + (SELECT count(*) FROM revisions) + (SELECT count(*) FROM changes)"
    return int(rows.execute(sql).fetchone()[0])


def _count(told: Told, poll: Poll, identical: bool, stored: int) -> None:
    if poll.outcome == "failed":
        raise SystemExit(f"{poll.source.name}: {poll.error}")
    told.polls += 1
    told.identical += identical
    told.identical_that_stored += identical and stored > 0
    told.entries += poll.entries
    told.new += poll.new
    told.drops.update(poll.drops)


# The oracle: what was edited, found without the wire

_TAG = re.compile(r"<[^>]*>")
_COUNTER = re.compile(r"\b\d+ (?:comments?|replies|minutes? ago|hours? ago)\b", re.IGNORECASE)


def edits(polls: Sequence[Replay]) -> dict[str, set[tuple[str, str]]]:
    """Of each folder the (time, guid) of every entry that said other words than when it was last listed."""
    said: dict[tuple[str, str], str] = {}
    found: dict[str, set[tuple[str, str]]] = {}
    for poll in polls:
        for guid, words in _entries(poll.body):
            if said.setdefault((poll.folder, guid), words) != words:
                found.setdefault(poll.folder, set()).add((to_iso(poll.at), guid))
            said[poll.folder, guid] = words
    return found


def _entries(body: bytes) -> Iterator[tuple[str, str]]:
    parsed = feedparser.parse(io.BytesIO(body), sanitize_html=False, resolve_relative_uris=False)
    seen = set()
    for entry in parsed.entries:
        guid = entry.get("id") or entry.get("link") or entry.get("title", "")
        if guid not in seen:
            seen.add(guid)
            contents = [content.get("value", "") for content in entry.get("content", [])]
            yield guid, "\0".join(map(_fold, [entry.get("title", ""), entry.get("summary", ""), *contents]))


def _fold(words: str) -> str:
    return _COUNTER.sub("N", " ".join(html.unescape(_TAG.sub(" ", html.unescape(words))).split()))


# The report


def revised(store: Store) -> dict[str, dict[tuple[str, str], str]]:
    """Of each folder the revisions after the first: (time, guid) to what changed."""
    _, found = store.query(
        "SELECT s.source_key, r.seen_at, json_extract(raw_words(r.raw, r.dictionary_id), '$.id'),"
        " json_extract(raw_words(r.raw, r.dictionary_id), '$.links[0].href'), r.changed, a.publisher FROM revisions"
        " AS r"
        " JOIN sources AS s ON s.source_id = r.source_id JOIN articles AS a ON a.article_id = r.article_id WHERE"
        " r.number > 1"
    )
    told: dict[str, dict[tuple[str, str], str]] = {}
    for folder, at, guid, link, changed, _ in found:
        told.setdefault(folder, {})[at, guid or link] = re.sub(r'[\[\]" ]', "", changed or "?")
    return told


COLUMNS = (
    "feed", "polls", "identical (stored)", "entries", "new articles", "edits", "without a revision",
    "revisions by what changed", "merges", "drops",
)  # fmt: skip


def report(store: Store, told: Mapping[str, Told], found: Mapping[str, set[tuple[str, str]]]) -> int:
    """Prints the table; returns how many checks failed."""
    made, failed = revised(store), 0
    _row(COLUMNS)
    _row(["---"] * len(COLUMNS))
    for folder, one in told.items():
        edited = found.get(folder, set())
        missing = _missing(folder, edited, made)
        identical = f"{one.identical} ({one.identical_that_stored})"
        kinds, merges = Counter(made.get(folder, {}).values()), _merges(store, folder)
        counts = [one.polls, identical, one.entries, one.new, len(edited), len(missing)]
        _row([folder, *counts, _told(kinds), _told(merges), _told(one.drops)])
        failed += one.identical_that_stored + len(missing)
    return failed


def _row(cells: Sequence[object]) -> None:
    print("|", " | ".join(map(str, cells)), "|")


def _merges(store: Store, folder: str) -> dict[str, int]:
    sql = f"""SELECT m.matched_by, count(*) FROM merges AS m JOIN sources AS s ON s.source_id = m.source_id
        WHERE s.source_key = '{folder}' GROUP BY 1"""  # noqa: S608  (the name of a folder)
    return {str(key): int(count) for key, count in store.query(sql)[1]}


def _missing(
    folder: str, edited: set[tuple[str, str]], made: Mapping[str, Mapping[tuple[str, str], str]]
) -> set[tuple[str, str]]:
    """Edits that made no revision. Of twins, one revision is enough, on the same day, whichever of them told it."""
    if not folder.startswith(TWINS):
        return edited - set(made.get(folder, ()))
    days = {at[:10] for twin, revisions in made.items() if twin.startswith(TWINS) for at, _ in revisions}
    return {edit for edit in edited - set(made.get(folder, ())) if edit[0][:10] not in days}


def _told(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{key} {count}" for key, count in sorted(counts.items(), key=lambda pair: -pair[1])) or "-"


def twins(store: Store) -> tuple[int, int]:
    """Of the publisher with three sources: its stories by link, and how many of those are more than one article."""
    rows = store.query(f"SELECT a.url, count(*) FROM articles AS a WHERE a.publisher = '{TWINS}' GROUP BY 1")[1]  # noqa: S608
    counts = [int(count) for _, count in rows]
    return len(counts), sum(count > 1 for count in counts)


def details(store: Store, found: Mapping[str, set[tuple[str, str]]]) -> None:
    made = revised(store)
    for folder in sorted({*made, *found}):
        for edit in sorted(_missing(folder, found.get(folder, set()), made)):
            print("no revision:", folder, *edit)
        for edit, changed in sorted(made.get(folder, {}).items()):
            if edit not in found.get(folder, set()):
                print("no edit:", folder, *edit, changed)


def main(arguments: Sequence[str]) -> int:
    plain = [one for one in arguments if not one.startswith("--")]
    path = Path(plain.pop()) if "--db" in arguments else Path(tempfile.mkdtemp(prefix="polls-")) / "wire.db"
    root = Path(plain[0]) if plain else POLLS
    if not root.is_dir():
        print(f"{root}: no such folder; it needs the polls beside the project, or name another", file=sys.stderr)
        return 2
    polls = replays(root)
    told, found = asyncio.run(replay_all(polls, path)), edits(polls)
    with Store.read(path) as store:
        failed = report(store, told, found)
        stories, apart = twins(store)
        print(f"\nTwins: {stories} stories by link, {apart} of them more than one article. Database: {path}")
        if "--edits" in arguments:
            details(store, found)
    return int(failed + apart > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

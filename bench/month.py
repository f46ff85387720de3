"""A month of real polls, replayed poll by poll: `python -m bench.month [FOLDER]`.

FOLDER holds a folder a feed, and in it a file a poll, named by its time (`20130326T130727.xml`). Each series is a
publisher of its own. The documents are served over HTTP by a press, the recorded time is the clock, everything else is
the pipeline itself, with its housekeeping an hour after each poll, or before the next one if that is sooner. What came
out is compared with the documents:

- stories: entries with the same id and link, or the same link, or the same id where no document has it twice; counted
  without the wire's own rules of identity
- articles, revisions, merges: rows of the database
- extra: articles beyond one a story; joined: articles that hold the words of more than one story
- edits lost: stories whose newest headline or text, as a reader would see it, is not among the article's versions
- corrections, withdrawals: lines of the ledger
- gaps: polls with a gap, and documents that share no story with the one before
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import sqlite3
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from pathlib import Path

from msgspec import convert

from aggregator.demo import Press, Resource
from aggregator.desk.terms import sync
from aggregator.model import Config, Document, Entry, FetchResult, Publisher, Source, Words
from aggregator.model.errors import ParseError
from aggregator.normalise import normalise
from aggregator.parse import parse
from aggregator.pipeline.pipeline import Pipeline
from aggregator.revisions.compare import what_changed, words_of
from aggregator.store import Store
from bench.measuring import say, table
from bench.sample import KEPT, WIRE

_FOLDER = Path(__file__).parents[2] / "shared" / "polls"
_HOUSEKEEPING = timedelta(hours=1)
_LAST_LOOK = timedelta(days=2)  # after the last poll, so that what waits has been written


@dataclass(frozen=True, slots=True)
class Said:
    """One entry of one document."""

    poll: int
    key: tuple[str | None, str | None]  # id and first link
    words: Words


@dataclass(slots=True)
class Outcome:
    """What one series came to."""

    polls: int = 0
    stories: int = 0
    articles: int = 0
    revisions: int = 0
    extra: int = 0
    joined: int = 0
    edits_lost: int = 0
    merges: int = 0
    corrections: int = 0
    withdrawals: int = 0
    gaps: int = 0
    nothing_shared: int = 0


class Series:
    """The polls of one feed, in order."""

    def __init__(self, folder: Path) -> None:
        self.name = folder.name
        self.host = f"{folder.name.replace('_', '-').lower()}.example"
        self.polls = [
            (datetime.strptime(path.stem[:15], "%Y%m%dT%H%M%S").replace(tzinfo=UTC), path.read_bytes())
            for path in sorted(folder.iterdir())
        ]
        self.publisher = _publisher(self.name.lower(), self.host)

    def replay(self, database: Path) -> None:
        asyncio.run(self._replay(database))

    async def _replay(self, database: Path) -> None:
        now = self.polls[0][0]
        config = Config(wire=WIRE, publishers=(self.publisher,))
        with Press(now=now) as press, Store.open(database) as store:
            sync(store, WIRE, config.publishers, now, now.date())
            async with Pipeline(config, store, lambda: now, lambda host: press.address) as pipeline:
                times = [at for at, _ in self.polls]
                for (at, body), following in zip(self.polls, (*times[1:], None), strict=True):
                    now = at
                    press.set_document(self.host, "/feed", Resource(body, "application/xml", last_modified=at))
                    await pipeline.run(store.due(None))
                    now = at + _HOUSEKEEPING if following is None else min(at + _HOUSEKEEPING, following)
                    await pipeline.maintain()
                now += _LAST_LOOK
                await pipeline.maintain()

    def said(self) -> list[Said]:
        """All entries of all documents, as this program reads them."""
        return [said for number, (_, body) in enumerate(self.polls) for said in self._read(number, body)]

    def _read(self, number: int, body: bytes) -> Iterator[Said]:
        try:
            source = self.publisher.sources[0]
            parsed = parse(FetchResult(url=source.url, http_status=200, headers={}, body=body), source)
        except ParseError:
            return
        for entry in parsed.entries:
            words = _words(entry)
            yield Said(poll=number, key=(entry.id, words.url), words=words)


def _publisher(key: str, host: str) -> Publisher:
    return Publisher(
        key=key,
        name=key,
        place="",
        country="XW",
        kind="newspaper",
        languages=("en",),
        homepage=f"http://{host}/",
        rights=KEPT,
        sources=(Source(publisher=key, key="feed", url=f"http://{host}/feed"),),
    )


_ANYBODY = _publisher("anybody", "anybody.example")


def _words(entry: Entry) -> Words:
    """The words of an entry as they are compared; whose they are makes no difference."""
    listing = normalise(Document(format="rss20", entries=(entry,)), _ANYBODY.sources[0], _ANYBODY)
    return words_of(listing.articles[0])


def stories(entries: Sequence[Said]) -> dict[tuple[str | None, str | None], int]:
    """A number a story for each (id, link): equal links are one story, and equal ids are unless a document has the id
    with several links.
    """
    by_poll: dict[tuple[int, str], set[str | None]] = defaultdict(set)
    for said in entries:
        if said.key[0]:
            by_poll[said.poll, said.key[0]].add(said.key[1])
    shared = {id_ for (_, id_), links in by_poll.items() if len(links) > 1}
    number: dict[str, int] = {}
    found: dict[tuple[str | None, str | None], int] = {}
    for said in entries:
        id_, link = said.key
        names = [f"id {id_}"] if id_ and id_ not in shared else []
        names += [f"link {link}"] if link else []
        known = [number[name] for name in names if name in number]
        story = min(known, default=len(number) + 1)
        for name, old in list(number.items()):
            if old in known:
                number[name] = story
        number |= dict.fromkeys(names, story)
        found[said.key] = story
    return {key: number.get(f"id {key[0]}") or number.get(f"link {key[1]}") or story for key, story in found.items()}


def examine(series: Series, database: Path) -> Outcome:
    entries = series.said()
    story_of = stories(entries)
    with closing(sqlite3.connect(database)) as connection:
        held = _versions(database)
        count = lambda sql: int(connection.execute(sql).fetchone()[0])  # noqa: E731
        outcome = Outcome(
            polls=len(series.polls),
            stories=len(set(story_of.values())),
            articles=count("SELECT count(*) FROM articles"),
            revisions=count("SELECT count(*) FROM revisions"),
            merges=count("SELECT count(*) FROM merges"),
            corrections=count("SELECT count(*) FROM changes WHERE change_kind = 'corrected'"),
            withdrawals=count("SELECT count(*) FROM changes WHERE change_kind = 'withdrawn'"),
            gaps=count("SELECT count(*) FROM polls WHERE gap IS NOT NULL"),
        )
    articles_of: dict[int, set[int]] = defaultdict(set)
    stories_of: dict[int, set[int]] = defaultdict(set)
    newest = {story_of[said.key]: said for said in entries}
    for article_id, keys in held.items():
        for key in keys:
            if key in story_of:
                articles_of[story_of[key]].add(article_id)
                stories_of[article_id].add(story_of[key])
    outcome.extra = sum(len(articles) - 1 for articles in articles_of.values())
    outcome.joined = sum(len(found) > 1 for found in stories_of.values())
    outcome.edits_lost = sum(
        not any(_is_held(said.words, words) for article_id in articles_of[story] for words in _all(held[article_id]))
        for story, said in newest.items()
    )
    listed: list[set[int]] = [{story_of[said.key] for said in entries if said.poll == n} for n in range(outcome.polls)]
    outcome.nothing_shared = sum(bool(one and other and not one & other) for one, other in itertools.pairwise(listed))
    return outcome


_Keys = dict[tuple[str | None, str | None], list[Words]]


def _all(keys: _Keys) -> list[Words]:
    return [words for held in keys.values() for words in held]


def _is_held(said: Words, held: Words) -> bool:
    return not {"title", "summary", "body"} & set(what_changed(held, said))


def _versions(database: Path) -> dict[int, _Keys]:
    """Every article's versions, by the id and link that each was said under."""
    found: dict[int, _Keys] = defaultdict(lambda: defaultdict(list))
    with Store.read(database) as store:
        _, rows = store.query("SELECT article_id, raw_words(raw, dictionary_id) FROM revisions ORDER BY revision_id")
        for article, raw in rows:
            entry = convert(json.loads(raw), Entry)
            words = _words(entry)
            found[article][entry.id, words.url].append(words)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, default=_FOLDER)
    folder = parser.parse_args().folder
    if not folder.is_dir():
        raise SystemExit(f"{folder}: there is no such folder; name one that holds a folder of polls for each feed")
    names = [field.name for field in fields(Outcome)]
    rows, total = [], [0] * len(names)
    with tempfile.TemporaryDirectory() as temporary:
        for number, path in enumerate(sorted(path for path in folder.iterdir() if path.is_dir())):
            series = Series(path)
            database = Path(temporary) / f"{number}.db"
            series.replay(database)
            outcome = examine(series, database)
            figures = [getattr(outcome, name) for name in names]
            total = [one + other for one, other in zip(total, figures, strict=True)]
            rows.append((series.name, *figures))
    say(table(("series", *(name.replace("_", " ") for name in names)), [*rows, ("all", *total)]))


if __name__ == "__main__":
    main()

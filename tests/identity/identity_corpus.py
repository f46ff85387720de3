"""One of each: documents as publishers change them over time, and which articles, revisions and changes come of it.

A folder of `fixtures/identity/` is a case; its README.md says how to write one. All run through the real pipeline,
against the press.
"""

from __future__ import annotations

import asyncio
import json
import re
import sqlite3
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from hashlib import sha256
from itertools import groupby
from pathlib import Path
from random import Random
from types import TracebackType
from typing import Any

from msgspec.structs import replace

from aggregator.config.shapes.publisher import IdentityTable
from aggregator.demo import Press, Resource
from aggregator.desk.terms import sync
from aggregator.model import Config, Due, FetchResult, Poll, Publisher, Source
from aggregator.parse import parse
from aggregator.pipeline.pipeline import Pipeline
from aggregator.store import Store
from aggregator.text import raw_words
from tests import ROOT
from tests.conftest import AGREEMENT, NOW, WIRE, make_publisher

FOLDER = ROOT / "tests" / "fixtures" / "identity"
NAMES = sorted(path.parent.name for path in FOLDER.glob("*/case.toml"))

_LABEL = re.compile(r'<!-- article (\S+) -->|"_article": "(\S+)"')
_PARTICULARS = re.compile(r" \(.*\)| by \w+")
_VOCABULARY = """harbour council teachers rain ferry market bridge clinic harvest road court radio river school union
budget mill station village festival league dam forest customs mayor strike water tram archive coast railway museum
pension vaccine election cotton cocoa island garage library choir fishermen tax survey printer orchard census"""


@dataclass(frozen=True)
class Case:
    """A folder of the corpus."""

    name: str
    said: Mapping[str, Any]  # case.toml

    @cached_property
    def publishers(self) -> Mapping[str, Publisher]:
        said = self.said.get("publisher", {"daily": {}})
        return {key: self._publisher(key, fields) for key, fields in said.items()}

    def _publisher(self, key: str, fields: Mapping[str, Any]) -> Publisher:
        full, host = f"{self.name}-{key}", f"{key}.{self.name}.example"
        sources = tuple(
            Source(publisher=full, key=name, url=f"http://{host}/{name}", kind=kind)
            for name, kind in fields.get("sources", {"feed": "feed"}).items()
        )
        rights = replace(AGREEMENT, storage=fields.get("storage", "keep"))
        languages = tuple(fields.get("languages", ["en"]))
        identity = IdentityTable.model_validate_json(json.dumps(fields.get("identity", {}))).rules(
            "http://daily.example/"
        )
        return make_publisher(full, rights, languages=languages, sources=sources, identity=identity)

    def source(self, name: str) -> Source:
        """By `source` of the only publisher, or by `publisher/source`."""
        publisher, _, key = name.rpartition("/")
        of = self.publishers[publisher] if publisher else next(iter(self.publishers.values()))
        return next(source for source in of.sources if source.key == key)

    def moment(self, step: Mapping[str, Any]) -> datetime:
        at = step["at"]
        return at if isinstance(at, datetime) else NOW + timedelta(minutes=at)


@dataclass(frozen=True)
class Sight:
    """One entry as one source served it: which article it is in truth, and which it was taken for."""

    label: str
    hash: bytes
    article: int | None  # None: none of its own, so it must be among the drops


@dataclass
class Result:
    """What the pipeline made of a case."""

    sights: set[Sight] = field(default_factory=set)
    drops: Counter[str] = field(default_factory=Counter)
    found: dict[str, Any] = field(default_factory=dict)


class Wire:
    """A press, a database and a pipeline for several cases: their publishers differ, so no case can touch another."""

    def __init__(self, path: Path, names: Sequence[str]) -> None:
        self.cases = {name: Case(name, tomllib.loads((FOLDER / name / "case.toml").read_text())) for name in names}
        self.results: dict[str, Result] = {}
        self._now = NOW
        self._press = Press(now=NOW)
        self._runner = asyncio.Runner()
        self._store = Store.open(path)
        self._rows = sqlite3.connect(path, isolation_level=None)

    def __enter__(self) -> Wire:
        self._press.__enter__()
        self._config = Config(
            wire=WIRE, publishers=tuple(p for case in self.cases.values() for p in case.publishers.values())
        )
        self._sync({})
        self._pipeline = Pipeline(self._config, self._store, lambda: self._now, lambda host: self._press.address)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._runner.run(self._pipeline.__aexit__(kind, error, trace))
        self._runner.close()
        self._rows.close()
        self._store.close()
        self._press.__exit__(kind, error, trace)

    def result(self, name: str) -> Result:
        if name not in self.results:
            self.results[name] = self._run(self.cases[name])
        return self.results[name]

    def _run(self, case: Case) -> Result:
        result = Result()
        for step in case.said["step"]:
            self._now = case.moment(step)
            self._sync({case.source(name): url for name, url in step.get("move", {}).items()})
            for name, served in step.items():
                if name not in ("at", "move"):
                    self._step(case, case.source(name), served, result)
        result.found = found(self._rows, case, result)
        return result

    def _sync(self, moves: Mapping[Source, str]) -> None:
        """Tells the store the configuration, with these sources at new addresses."""
        if not moves and self._store.due(None):
            return
        moved = [
            replace(p, sources=tuple(replace(s, url=moves.get(s, s.url)) for s in p.sources))
            for p in self._config.publishers
        ]
        sync(self._store, WIRE, moved, self._now, NOW.date())

    def _step(self, case: Case, source: Source, served: str | Mapping[str, Any], result: Result) -> None:
        due = next(due for due in self._store.due(None) if due.source.name == source.name)
        document = _document(case, {"file": served} if isinstance(served, str) else served)
        _, _, host, path = due.source.url.split("/", 3)
        self._press.set_document(host, "/" + path, document)
        poll = self._runner.run(self._poll(due))
        result.drops.update(poll.drops)
        if document.status == 200:
            result.sights |= set(self._sights(source, document, poll))

    async def _poll(self, due: Due) -> Poll:
        (poll,) = await self._pipeline.run([due])
        await self._pipeline.maintain()  # afterwards the writer's thread rests, and the store may be used from this one
        return poll

    def _sights(self, source: Source, document: Resource, poll: Poll) -> Iterator[Sight]:
        assert poll.outcome != "failed", poll.error
        answer = FetchResult(
            url=source.url, http_status=200, headers={"content-type": document.content_type}, body=document.body
        )
        parsed = parse(answer, source)
        labels = [one or other for one, other in _LABEL.findall(document.body.decode("utf-8", "replace"))]
        assert len(labels) == len(parsed.entries), "every entry needs its label"
        for label, entry in zip(labels, parsed.entries, strict=True):
            digest = sha256(raw_words.encode(entry)).digest()
            yield Sight(f"{source.publisher}/{label}", digest, self._article(source, digest))

    def _article(self, source: Source, entry_hash: bytes) -> int | None:
        """The article that an entry of the source is taken for just now."""
        sql = """
            SELECT g.article_id FROM sightings AS g JOIN sources AS s ON s.source_id = g.source_id
            WHERE s.publisher = ?1 AND s.source_key = ?2 AND g.entry_hash = ?3
            UNION ALL
            SELECT r.article_id FROM revisions AS r JOIN articles AS a ON a.article_id = r.article_id
            WHERE a.publisher = ?1 AND r.raw_hash = ?3 LIMIT 1
        """
        row = self._rows.execute(sql, (source.publisher, source.key, entry_hash)).fetchone()
        return int(row[0]) if row else None


def _document(case: Case, served: Mapping[str, Any]) -> Resource:
    body = (FOLDER / case.name / served["file"]).read_bytes() if "file" in served else b""
    if "generate" in served:
        body = body.replace(b"</channel>", _archive(served).encode() + b"</channel>")
    kind = served.get("type", "application/json" if served.get("file", "").endswith(".json") else "application/xml")
    return Resource(body, kind, status=served.get("status", 200))


def _archive(served: Mapping[str, Any]) -> str:
    """`generate` items, a day apart, the newest of them `published_days_ago`, under the labels `archive-NUMBER`."""
    return "".join(_archived(number, served["published_days_ago"] + number) for number in range(served["generate"]))


def _archived(number: int, days_ago: int) -> str:
    random = Random(number)
    title, text = (" ".join(random.choices(_VOCABULARY.split(), k=size)) for size in (7, 40))
    return f"""<!-- article archive-{number} -->
    <item><guid isPermaLink="false">archive {number}</guid><title>{title.capitalize()}</title>
    <link>http://daily.example/archive/{number}</link><description>{text.capitalize()}.</description>
    <pubDate>{NOW - timedelta(days=days_ago):%d %b %Y %H:%M:%S} GMT</pubDate></item>"""


# What was found, in the terms of case.toml


def found(rows: sqlite3.Connection, case: Case, result: Result) -> dict[str, Any]:
    names = _names(case, result.sights)
    ours = f"SELECT article_id FROM articles WHERE publisher IN ({','.join('?' * len(case.publishers))})"  # noqa: S608
    keys = [publisher.key for publisher in case.publishers.values()]

    def listed(sql: str) -> list[tuple[Any, ...]]:
        return [(names.get(row[0], f"unseen-{row[0]}"), *row[1:]) for row in rows.execute(sql.format(ours), keys)]

    changes = listed(
        "SELECT c.article_id, c.change_kind, r.changed FROM changes AS c LEFT JOIN revisions AS r ON r.article_id ="
        " c.article_id"
        " AND r.number = c.revision WHERE c.article_id IN ({}) ORDER BY c.seq"
    )
    merges = listed("SELECT article_id, matched_by FROM merges WHERE article_id IN ({}) ORDER BY merge_id")
    ladders = rows.execute("SELECT publisher || '/' || source_key, id_trust FROM sources WHERE id_trust <> 'id'")
    revisions = dict(listed("SELECT article_id, revision FROM articles WHERE revision > 1 AND article_id IN ({})"))
    return {
        "articles": len(listed("{}")),
        "revisions": revisions,
        "most_revisions": max(revisions.values(), default=1),
        "changes": _runs(f"{kind} {name}{_what(what)}" for name, kind, what in changes),
        "merges": _runs(f"{name} by {matched}" for name, matched in merges),
        "drops": dict(result.drops),
        "id_trust": {_short(case, name): id_trust for name, id_trust in ladders if name.rpartition("/")[0] in keys},
        "backfill": _runs(
            name for (name,) in listed("SELECT article_id FROM articles WHERE backfill AND article_id IN ({})")
        ),
        "status": dict(
            listed("SELECT article_id, status FROM articles WHERE status <> 'usable' AND article_id IN ({})")
        ),
    }


def _what(changed: str | None) -> str:
    return f" ({', '.join(json.loads(changed))})" if changed else ""


def _names(case: Case, sights: Iterable[Sight]) -> dict[int, str]:
    """Each article by what it is in truth: `a`; `a+b` is two that were merged, `a#2` the second of one in two."""
    labels: dict[int, set[str]] = defaultdict(set)
    for sight in sights:
        if sight.article is not None:
            labels[sight.article].add(_short(case, sight.label))
    names: dict[int, str] = {}
    for article_id in sorted(labels):
        name = "+".join(sorted(labels[article_id]))
        again = sum(other.split("#")[0] == name for other in names.values())
        names[article_id] = f"{name}#{again + 1}" if again else name
    return names


def _short(case: Case, name: str) -> str:
    """Without the publisher, where there is but one."""
    publisher, _, rest = name.removeprefix(f"{case.name}-").partition("/")
    return rest if len(case.publishers) == 1 else f"{publisher}/{rest}"


def _runs(lines: Iterable[str]) -> list[str]:
    """Lines on the generated archive, told once: `new archive-*, 600 times`."""
    told = groupby(re.sub(r"archive-\d+", "archive-*", line) for line in lines)
    return [f"{line}, {n} times" if n > 1 else line for line, group in told for n in [len(list(group))]]


def expected(case: Case, result: Result) -> dict[str, Any]:
    """What case.toml expects, and where it does not say, what goes without saying."""
    said = case.said.get("expect", {})
    labels = {sight.label for sight in result.sights}
    usual: dict[str, Any] = {"articles": len(labels), "revisions": {}, "merges": [], "drops": {}, "id_trust": {}}
    usual |= {"changes": result.found["changes"], "backfill": [], "status": {}} | said
    usual["most_revisions"] = min(result.found["most_revisions"], usual.get("most_revisions", 99))
    return {key: _as_told(value, result.found[key]) for key, value in usual.items()}


def _as_told(wanted: Any, got: Any) -> Any:
    """What was found in place of what is left open: `any`, `some`; a line may leave its particulars out."""
    if wanted == "any" or (wanted == "some" and got):
        return got
    if isinstance(wanted, list) and len(wanted) == len(got):
        return [
            told if one in (told, _PARTICULARS.sub("", told)) else one for one, told in zip(wanted, got, strict=True)
        ]
    return wanted

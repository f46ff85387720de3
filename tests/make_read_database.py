"""Makes a small database of what this version reads: `python -m tests.make_read_database`, once for each version.

It polls documents of every kind of source, a publisher each. Beside VERSION.db.gz in `fixtures/databases/read` it
writes VERSION.json.gz, the documents as they were served. `tests/test_read_again.py` serves them to a later version,
which must find nothing new in them. For 0.2.0, which had no such file, a copy of this one was run in its tree. A
database that is there already is left alone: users have databases like it.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import sqlite3
import sys
import tempfile
from base64 import b64decode, b64encode
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from msgspec.structs import replace

from aggregator import __version__
from aggregator.demo import Press, Resource
from aggregator.desk.terms import sync
from aggregator.model import Config, Poll, Publisher, Source
from aggregator.pipeline.pipeline import Pipeline
from aggregator.store import Store
from tests.conftest import AGREEMENT, NOW, QUOTATION, WIRE, make_publisher

FIXTURES = Path(__file__).parent / "fixtures"
READ = FIXTURES / "databases" / "read"
PICTURES = READ / "pictures"

# By kind of source, which is the folder's name: what the names of documents end with, and their media type.
KINDS = {
    "feed": (".xml", "application/rss+xml"),
    "jsonfeed": (".feed.json", "application/feed+json"),
    "wordpress": (".feed.json", "application/json"),
    "sitemap": (".xml", "application/xml"),
}
# Documents that list nothing, that are refused, whose meaning hangs on how they are served, or of which a later version
# reads an item more on purpose: wrong-types has one that says nothing but a picture.
_LEFT_OUT = (
    "refused-",
    "wrong-types",
    "encoding-header-",
    "encoding-koi8r-in-header",
    "older-",
    "no-entries",
    "no-items",
    "no-posts",
)


@dataclass(frozen=True)
class Served:
    """A document, and the kind of the source that it is served to."""

    name: str
    kind: str
    body: bytes

    @property
    def publisher(self) -> Publisher:
        """Every fifth lets nobody keep words, and every fourth lets no more than an excerpt out."""
        number = sum(self.name.encode())
        rights = replace(AGREEMENT, storage="metadata_only") if number % 5 == 1 else AGREEMENT
        source = Source(publisher=self.name, key="feed", url=f"http://{self.name}.example/feed", kind=self.kind)  # type: ignore[arg-type]
        return make_publisher(self.name, QUOTATION if number % 4 == 0 else rights, sources=(source,))


def documents() -> list[Served]:
    """Those of the fixtures, and of each kind one whose reports have media, which versions up to 0.2.0 did not read."""
    found = [
        Served(f"{kind}-{name.removesuffix(ending)}", kind, path.read_bytes())
        for kind, (ending, _) in KINDS.items()
        for path in sorted((FIXTURES / kind).iterdir())
        if (name := path.name).endswith(ending) and not name.startswith(_LEFT_OUT)
    ]
    pictures = [
        Served(f"{kind}-pictures", kind, (PICTURES / f"{kind}{end}").read_bytes()) for kind, (end, _) in KINDS.items()
    ]
    return [*found, *pictures]


def packed(served: Sequence[Served]) -> bytes:
    rows = [{"name": one.name, "kind": one.kind, "body": b64encode(one.body).decode()} for one in served]
    return gzip.compress(json.dumps(rows).encode(), mtime=0)


def unpacked(content: bytes) -> list[Served]:
    rows = json.loads(gzip.decompress(content))
    return [Served(row["name"], row["kind"], b64decode(row["body"])) for row in rows]


def poll(store: Store, served: Sequence[Served], after: timedelta) -> list[Poll]:
    """Polls every document once, so long after NOW; a document is the same, and as old, each time."""
    now, publishers = NOW + after, tuple(one.publisher for one in served)
    sync(store, WIRE, publishers, now, now.date())

    async def run(press: Press) -> list[Poll]:
        config = Config(wire=WIRE, publishers=publishers)
        async with Pipeline(config, store, lambda: now, lambda host: press.address) as pipeline:
            polls = await pipeline.run(store.due(None))
            await pipeline.maintain()
        return list(polls)

    with Press(now=NOW) as press:
        for one in served:
            resource = Resource(one.body, KINDS[one.kind][1], last_modified=NOW)
            press.set_document(f"{one.name}.example", "/feed", resource)
        return asyncio.run(run(press))


def main() -> None:
    target, beside = READ / f"{__version__}.db.gz", READ / f"{__version__}.json.gz"
    if target.exists():
        sys.exit(f"{target.name} is there already; a version's database is made once")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "wire.db"
        with Store.open(path) as store:
            read = {each.source.publisher for each in poll(store, documents(), timedelta()) if each.new}
            store.empty_log()
        beside.write_bytes(packed([one for one in documents() if one.name in read]))
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            connection.execute("VACUUM")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        target.write_bytes(gzip.compress(path.read_bytes(), mtime=0))


if __name__ == "__main__":
    main()

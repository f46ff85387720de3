"""Makes a small database of what this version reads: `python -m tests.make_read_database`, once for each version.

It polls documents of every kind of source, a publisher each. Beside VERSION.db.gz in `fixtures/databases/read` it writes
VERSION.json.gz, the documents as they were served; `tests/test_read_again.py` serves them to a later version, which must
find nothing new in them. For a version that had no such file, run a copy of this one in its tree. A file that is there
already is left alone: users have databases like it.
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
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from aggregator import __version__
from aggregator.demo import Press, Resource
from aggregator.desk.terms import sync
from aggregator.model import Config, Poll, Publisher, Source
from aggregator.pipeline.pipeline import Pipeline
from aggregator.store import Store
from tests.conftest import AGREEMENT, NOW, QUOTATION, WIRE, make_publisher

FIXTURES = Path(__file__).parent / "fixtures"
READ = FIXTURES / "databases" / "read"

# By kind of source, which is the folder's name: what the names of documents end with, and their media type.
KINDS = {
    "feed": (".xml", "application/rss+xml"),
    "jsonfeed": (".feed.json", "application/feed+json"),
    "wordpress": (".feed.json", "application/json"),
    "sitemap": (".xml", "application/xml"),
}
# Documents of which less than all was read on purpose, or whose meaning hangs on how they are served.
_LEFT_OUT = ("refused-", "encoding-header-", "encoding-koi8r-in-header", "older-", "no-entries", "no-items", "no-posts")


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
        rights = replace(AGREEMENT, storage="metadata_only") if number % 5 == 0 else AGREEMENT
        source = Source(publisher=self.name, key="feed", url=f"http://{self.name}.example/feed", kind=self.kind)  # type: ignore[arg-type]
        return make_publisher(self.name, QUOTATION if number % 4 == 0 else rights, sources=(source,))


def documents() -> list[Served]:
    """Those of the fixtures, and the ones below."""
    found = [
        Served(f"{kind}-{name.removesuffix(ending)}", kind, path.read_bytes())
        for kind, (ending, _) in KINDS.items()
        for path in sorted((FIXTURES / kind).iterdir())
        if (name := path.name).endswith(ending) and not name.startswith(_LEFT_OUT)
    ]
    return [*found, *(Served(f"{kind}-pictures", kind, said.encode()) for kind, said in PICTURES.items())]


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


# Reports with media, in each format, which versions up to 0.2.0 read without them.
PICTURES = {
    "feed": """<?xml version="1.0"?>
<rss version="2.0" xmlns:media="http://search.yahoo.com/mrss/" xmlns:content="http://purl.org/rss/1.0/modules/content/">
<channel><title>Le Quotidien de Lumo</title><link>http://quotidien.example/</link>
<item><title>Le bac de Lumo reprend lundi</title><link>http://quotidien.example/bac</link>
<guid isPermaLink="false">lumo-1</guid><pubDate>Sat, 21 Nov 2026 08:00:00 GMT</pubDate>
<description>Le bac reprend. Les camions attendent.</description>
<content:encoded><![CDATA[<figure><img src="http://img.example/bac-640x360.jpg" alt="Le bac">
<figcaption>Le bac de Lumo, mardi.</figcaption></figure><p>Le bac reprend. Les camions attendent depuis mardi.</p>]]>
</content:encoded></item>
<item><title>Walimu warudi kazini</title><link>http://quotidien.example/walimu</link>
<guid isPermaLink="false">lumo-2</guid><pubDate>Sat, 21 Nov 2026 09:00:00 GMT</pubDate>
<description>&lt;p&gt;Walimu wa wilaya tatu wanarudi kazini Jumatatu.&lt;/p&gt;</description>
<enclosure url="http://img.example/walimu.jpg" type="image/jpeg" length="52000"/></item>
</channel></rss>
""",
    "jsonfeed": """{"version": "https://jsonfeed.org/version/1.1", "title": "النهر", "items": [
{"id": "1", "url": "http://nahr.example/1", "title": "عبارة تحل محل الجسر", "content_html": "<p>الجسر مغلق منذ الاثنين.</p>",
"image": "http://img.example/jisr.jpg", "date_published": "2026-11-21T08:00:00Z"},
{"id": "2", "url": "http://nahr.example/2", "title": "نشرة الصباح", "content_html": "<p>نشرة الصباح كل يوم.</p>",
"attachments": [{"url": "http://img.example/nashra.mp3", "mime_type": "audio/mpeg", "size_in_bytes": 91000}]}]}
""",
    "wordpress": """[{"id": 7, "date_gmt": "2026-11-21T08:00:00", "modified_gmt": "2026-11-21T08:00:00",
"guid": {"rendered": "http://ponts.example/?p=7"}, "link": "http://ponts.example/pont/", "status": "publish", "type": "post",
"title": {"rendered": "O preço do pão sobe"}, "excerpt": {"rendered": "<p>O pão custa mais.</p>", "protected": false},
"content": {"rendered": "<p>O pão custa mais a partir de terça-feira.</p>", "protected": false},
"featured_media": 9, "_embedded": {"author": [{"id": 3, "name": "Ana Lopes", "slug": "ana"}],
"wp:featuredmedia": [{"id": 9, "media_type": "image", "mime_type": "image/jpeg", "alt_text": "Uma padaria",
"source_url": "http://img.example/pao.jpg", "caption": {"rendered": "<p>Uma padaria no centro.</p>"},
"media_details": {"width": 1200, "height": 800}}]}}]
""",
    "sitemap": """<?xml version="1.0" encoding="UTF-8"?>
<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:news="http://www.google.com/schemas/sitemap-news/0.9"
xmlns:image="http://www.google.com/schemas/sitemap-image/1.1">
<url><loc>http://harbour.example/crane</loc><news:news><news:publication><news:name>Harbour Post</news:name>
<news:language>en</news:language></news:publication><news:publication_date>2026-11-21T08:00:00Z</news:publication_date>
<news:title>A crane falls into the harbour</news:title></news:news>
<image:image><image:loc>http://img.example/crane.jpg</image:loc></image:image></url>
</urlset>
""",
}


if __name__ == "__main__":
    main()

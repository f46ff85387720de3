"""The formats in which reports leave: one file each, and a line here. All of them take Releases and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType

from msgspec import Struct

from aggregator.model.release import Feed
from aggregator.output import atom, csv, json_feed, jsonl, newsml, ninjs, rss


class Format(Struct, frozen=True):
    """One way to write a Feed."""

    media_type: str  # as HTTP and links name it
    suffix: str  # of a file's name
    render: Callable[[Feed], Iterator[bytes]]  # part by part, so that much takes little memory
    is_feed: bool = True  # what readers of feeds take; it has the newest reports alone, unless more are asked for


def _whole(render: Callable[[Feed], bytes]) -> Callable[[Feed], Iterator[bytes]]:
    def parts(feed: Feed) -> Iterator[bytes]:
        yield render(feed)

    return parts


def _of_text(render: Callable[[Feed], Iterator[str]]) -> Callable[[Feed], Iterator[bytes]]:
    return lambda feed: (part.encode("utf-8") for part in render(feed))


FORMATS: Mapping[str, Format] = MappingProxyType(
    {
        "atom": Format("application/atom+xml", "atom", _whole(atom.render)),
        "rss": Format("application/rss+xml", "rss", _whole(rss.render)),
        "jsonfeed": Format("application/feed+json", "json", _whole(json_feed.render)),
        "ninjs": Format("application/vnd.iptc.g2.ninjs+json", "ninjs.json", _of_text(ninjs.render), is_feed=False),
        "newsml": Format("application/vnd.iptc.g2.newsitem+xml", "newsml.xml", _whole(newsml.render)),
        "jsonl": Format("application/x-ndjson", "jsonl", _of_text(jsonl.render), is_feed=False),
        "csv": Format(csv.MEDIA_TYPE, "csv", _of_text(csv.render), is_feed=False),
    }
)

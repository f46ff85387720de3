"""Which article an entry is: the keys of an entry, strongest first. Pure; it alone knows what makes one of each.

A key is scoped to the publisher, so that a story in five section feeds, or in a feed that moved, is one article.
"""

from __future__ import annotations

import base64
import hashlib
from collections import defaultdict
from collections.abc import Sequence
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from aggregator.types import Entry

# Parameters that say where a reader came from and nothing about the page.
_TRACKING_PREFIXES = ("utm_", "at_", "mc_", "pk_")
_TRACKING = frozenset(("cmpid", "dclid", "fbclid", "feedname", "feedtype", "gclid", "igshid", "msclkid", "xtor"))


def keys_of(entries: Sequence[Entry]) -> list[tuple[str, ...]]:
    """The keys of each entry of one document, strongest first, never empty; an entry is found again by its first.

    The publisher's id and its link; without either, headline and stated date, then all its words. A key that stands
    for two headlines of one document (one guid for every item, all items linking to the front page) identifies none
    of them, so those entries fall to their next key.
    """
    stated = _unambiguous([_stated_keys(entry) for entry in entries], [_headline(entry) for entry in entries])
    without = [number for number, keys in enumerate(stated) if not keys]
    words = ["words:" + _digest(*_words(entries[number])) for number in without]
    titles = _unambiguous([_title_keys(entries[number]) for number in without], words)
    for number, title, said in zip(without, titles, words, strict=True):
        stated[number] = (*title, said)
    return stated


def _unambiguous(ladders: Sequence[tuple[str, ...]], faces: Sequence[str]) -> list[tuple[str, ...]]:
    """Each entry's keys without those that stand for several faces: what tells one entry from another."""
    seen: dict[str, set[str]] = defaultdict(set)
    for ladder, face in zip(ladders, faces, strict=True):
        for key in ladder:
            seen[key].add(face)
    return [tuple(key for key in ladder if len(seen[key]) == 1) for ladder in ladders]


def _stated_keys(entry: Entry) -> tuple[str, ...]:
    keys = ["id:" + _bounded(entry.id)] if entry.id else []
    if url := link_of(entry):
        keys.append("url:" + _bounded(canonical_url(url)))
    return tuple(keys)


def _title_keys(entry: Entry) -> tuple[str, ...]:
    headline = _headline(entry)
    return ("title:" + _digest(headline, entry.published or ""),) if headline else ()


def _words(entry: Entry) -> list[str]:
    return [_headline(entry), *(text.value for text in (entry.summary, *entry.content) if text)]


def link_of(entry: Entry) -> str | None:
    """The address of the report at its publisher: the first alternate link."""
    return next((link.href for link in entry.links if link.rel == "alternate" and link.href), None)


def canonical_url(url: str) -> str:
    """An address without what varies from listing to listing: scheme, `www.`, port 80 or 443, fragment, tracking
    parameters, trailing slash. For comparing only; what is shown and followed is the publisher's own spelling.
    """
    try:
        parts = urlsplit(url.strip())
        host, port = (parts.hostname or "").removeprefix("www."), parts.port
    except ValueError:  # not an address at all; it still tells its entry from others
        return url
    netloc = host if port in (None, 80, 443) else f"{host}:{port}"
    query = parts.query
    if query:
        query = urlencode([pair for pair in parse_qsl(query, keep_blank_values=True) if not _is_tracking(pair[0])])
    return urlunsplit(("", netloc, parts.path.rstrip("/"), query, ""))


def _is_tracking(name: str) -> bool:
    return name in _TRACKING or name.startswith(_TRACKING_PREFIXES)


def public_id(publisher: str, key: str) -> str:
    """Sixteen characters of a-z and 2-7: the same on every machine for the same publisher and key, never reused."""
    digest = hashlib.blake2b(f"{publisher}\n{key}".encode("utf-8", "surrogatepass"), digest_size=10).digest()
    return base64.b32encode(digest).decode("ascii").lower()


def _headline(entry: Entry) -> str:
    return " ".join(entry.title.value.split()) if entry.title else ""


def _bounded(key: str) -> str:
    """Publishers put whole articles into a guid; a long one is told by its digest."""
    key = key.strip()
    return key if len(key) <= 300 else _digest(key)


def _digest(*words: str) -> str:
    return hashlib.sha256("\0".join(words).encode("utf-8", "surrogatepass")).hexdigest()[:32]

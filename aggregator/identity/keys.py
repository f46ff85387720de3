"""The keys of an entry, strongest first. A key is scoped to the publisher, so that a story in five section feeds, or in
a feed that moved, is one article.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit, urlunsplit

from aggregator.printable import address
from aggregator.types import LEARNED, Entry, IdentityRules

LONGEST = 300  # characters of a key; publishers put whole articles into a guid
_FEWEST_TITLE_WORDS = 3
_FEWEST_OPENING_WORDS = 8
_OPENING_KEY_WORDS = 12

_TWIN_HOST = re.compile(r"^(?:www|m|mobile|amp)\.(?=[^.]+\.)")
_TWIN_PATH = re.compile(r"^/amp(?=/)|/amp$|\.amp$")

# Parameters that say where a reader came from and nothing about the page.
_TRACKING_PREFIXES = ("utm_", "at_", "mc_", "pk_")
_TRACKING = frozenset(("cmpid", "dclid", "fbclid", "feedname", "feedtype", "gclid", "igshid", "msclkid", "xtor"))
_TWIN_PARAMETERS = frozenset((("amp", "1"), ("amp", ""), ("outputType", "amp"), ("amp", "true")))


def keys_of(entries: Sequence[Entry], rules: IdentityRules = LEARNED) -> list[tuple[str, ...]]:
    """The keys of each entry of one document, strongest first, never empty; an entry is found again by its first.

    The publisher's id and its link; without either, headline and stated date, then all its words. A key that stands
    for two headlines of one document (one guid for every item, all items linking to the front page) identifies none
    of those entries, so they fall to their next key.
    """
    stated = _unambiguous([_stated_keys(entry, rules) for entry in entries], [_face(entry, rules) for entry in entries])
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


def _stated_keys(entry: Entry, rules: IdentityRules) -> tuple[str, ...]:
    keys = []
    if entry.id and rules.ids != "ignored":
        keys.append("id:" + _bounded(entry.id))
        if moved := _without_host(entry.id):
            keys.append("alt:" + _bounded(moved))
    if url := link_of(entry):
        keys.append("url:" + _bounded(canonical_url(by_rules(url, rules))))
    return tuple(keys)


def _without_host(guid: str) -> str:
    """An id that is an address, without scheme and host, which change when a publisher moves; '' for any other."""
    if not guid.startswith(("http://", "https://")):
        return ""
    path = canonical_url(guid).removeprefix("//").partition("/")
    query = guid.partition("?")[2]
    return path[1] + path[2] if path[2] else "?" + query if query else ""


def near_keys(title: str, opening: str) -> tuple[str, ...]:
    """The last resort, by which a candidate is only found, never accepted: the headline, and how the text begins.
    Both folded. Too short ones ("Sport") find nothing.
    """
    near = ["title:" + _digest(title)] if len(title.split()) >= _FEWEST_TITLE_WORDS else []
    if len(opening.split()) >= _FEWEST_OPENING_WORDS:
        near.append("opening:" + _digest(" ".join(opening.split()[:_OPENING_KEY_WORDS])))
    return tuple(near)


def _title_keys(entry: Entry) -> tuple[str, ...]:
    headline = _headline(entry)
    return ("dated:" + _digest(headline, entry.published or ""),) if headline else ()


def _words(entry: Entry) -> list[str]:
    return [_headline(entry), *(text.value for text in (entry.summary, *entry.content) if text)]


def link_of(entry: Entry) -> str | None:
    """The link of the report as its publisher said it, whatever it is: the first alternate link. For comparing only."""
    return next(_alternates(entry), None)


def address_of(entry: Entry) -> str | None:
    """Where a reader is sent: the first alternate link that is a web address, as `printable.address` makes it fit."""
    return next(filter(None, map(address, _alternates(entry))), None)


def _alternates(entry: Entry) -> Iterator[str]:
    return (link.href for link in entry.links if link.rel == "alternate" and link.href)


def by_rules(url: str, rules: IdentityRules) -> str:
    """An address without what its publisher's file says is nothing of the page; without such rules, as it is."""
    if not (rules.ignore_parameters or rules.strip_path_prefixes or rules.same_hosts) and rules.keep_parameters is None:
        return url
    try:
        parts = urlsplit(url.strip())
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return url
    if _TWIN_HOST.sub("", host) in {_TWIN_HOST.sub("", twin) for twin in rules.same_hosts}:
        host = rules.same_hosts[0]
    netloc = host if port is None else f"{host}:{port}"
    prefix = next((prefix for prefix in rules.strip_path_prefixes if parts.path.startswith(prefix + "/")), "")
    pairs = [pair for pair in parse_qsl(parts.query, keep_blank_values=True) if _says_something(pair[0], rules)]
    return urlunsplit((parts.scheme, netloc, parts.path.removeprefix(prefix), urlencode(pairs), parts.fragment))


def _says_something(parameter: str, rules: IdentityRules) -> bool:
    if rules.keep_parameters is not None and parameter not in rules.keep_parameters:
        return False
    return not any(fnmatchcase(parameter, pattern) for pattern in rules.ignore_parameters)


def canonical_url(url: str) -> str:
    """An address without what varies from listing to listing: scheme, `www.`, port 80 or 443, fragment, tracking
    parameters, trailing slash, AMP and mobile twins. For comparing only; what is shown and followed is the publisher's
    own spelling.

    Not by courlan (1.4.0): it takes `cid`, `eid`, `uid` and `source` for tracking, so that `?cid=1` and `?cid=2` are
    one page, and keeps scheme, `www.`, fragment, trailing slash and AMP.
    """
    try:
        parts = urlsplit(url.strip())
        host, port = _TWIN_HOST.sub("", parts.hostname or ""), parts.port
    except ValueError:  # not an address at all; it still tells its entry from others
        return url
    netloc = host if port in (None, 80, 443) else f"{host}:{port}"
    query = parts.query
    if query:
        pairs = parse_qsl(query, keep_blank_values=True)
        query = urlencode([pair for pair in pairs if not _is_tracking(pair[0]) and pair not in _TWIN_PARAMETERS])
    path = _TWIN_PATH.sub("", unquote(parts.path).rstrip("/"))
    return urlunsplit(("", netloc, path, query, ""))


def _is_tracking(name: str) -> bool:
    return name in _TRACKING or name.startswith(_TRACKING_PREFIXES)


def public_id(publisher: str, key: str) -> str:
    """Sixteen characters of a-z and 2-7: the same on every machine for the same publisher and key, never reused."""
    digest = hashlib.blake2b(f"{publisher}\n{key}".encode("utf-8", "surrogatepass"), digest_size=10).digest()
    return base64.b32encode(digest).decode("ascii").lower()


def _face(entry: Entry, rules: IdentityRules) -> str:
    """What tells an entry from others that share a key: its headline, or all its words where it has none; its id,
    where that is to be believed.
    """
    if entry.id and rules.ids == "trusted":
        return entry.id
    return _headline(entry) or _digest(*_words(entry))


def _headline(entry: Entry) -> str:
    return " ".join(entry.title.value.split()) if entry.title else ""


def _bounded(key: str) -> str:
    """A long one is told by its digest."""
    key = key.strip()
    return key if len(key) <= LONGEST else _digest(key)


def _digest(*words: str) -> str:
    return hashlib.sha256("\0".join(words).encode("utf-8", "surrogatepass")).hexdigest()[:32]

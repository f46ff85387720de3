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
from itertools import combinations
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit, urlunsplit

from aggregator.identity.twins import Said, is_one_item
from aggregator.model import LEARNED, Entry, IdentityRules
from aggregator.text.printable import address

LONGEST = 300  # characters of a key; publishers put whole articles into a guid
_FEWEST_TITLE_WORDS = 3
_FEWEST_OPENING_WORDS = 8
_OPENING_KEY_WORDS = 12
_MOST_FACES = 12  # of entries of one document that share a key, before the key is taken for none
_SEVERAL = 3

_TWIN_HOST = re.compile(r"^(?:www|m|mobile|amp)\.(?=[^.]+\.)")
_TWIN_PATH = re.compile(r"^/amp(?=/)|/amp$|\.amp$")

# Paths of front pages, of a language or as a file; nothing: the host alone.
_FRONT = re.compile(
    r"(?i)(?:(?:[a-z]{2}(?:[-_][a-z]{2})?|home|index|default)/?)?(?:(?:index|default|home)\.[a-z]{3,5})?"
)

# Parameters that say where a reader came from and nothing about the page.
_TRACKING_PREFIXES = ("utm_", "at_", "mc_", "pk_")
_TRACKING = frozenset(("cmpid", "dclid", "fbclid", "feedname", "feedtype", "gclid", "igshid", "msclkid", "xtor"))
_TWIN_PARAMETERS = frozenset((("amp", "1"), ("amp", ""), ("outputType", "amp"), ("amp", "true")))


def keys_of(entries: Sequence[Entry], rules: IdentityRules = LEARNED) -> list[tuple[str, ...]]:
    """The keys of each entry of one document, strongest first, never empty; an entry is found again by its first.

    The publisher's id and its link; without either, headline and stated date, then all its words. A key that stands
    for several items of one document (one guid for every item, all items linking to the front page) identifies none
    of those entries, so they fall to their next key. Entries that share a key are one item, listed more than once.
    """
    stated = _of_one_item(entries, [_stated_keys(entry, rules) for entry in entries], rules)
    without = [number for number, keys in enumerate(stated) if not keys]
    words = ["words:" + _digest(*_words(entries[number])) for number in without]
    titles = _unambiguous([_title_keys(entries[number]) for number in without], words)
    # The same words under two dates are two items.
    told = _unambiguous([(said,) for said in words], [" ".join(title) for title in titles])
    for number, title, said, own in zip(without, titles, words, told, strict=True):
        stated[number] = (*title, *own) if title else (said,)
    return stated


def _of_one_item(
    entries: Sequence[Entry], ladders: Sequence[tuple[str, ...]], rules: IdentityRules
) -> list[tuple[str, ...]]:
    """Each entry's keys without those that stand for several items."""
    seen: dict[str, list[int]] = defaultdict(list)
    for number, ladder in enumerate(ladders):
        for key in ladder:
            seen[key].append(number)
    several = {
        key
        for key, sharing in seen.items()
        if len(sharing) > 1 and not _are_one([entries[number] for number in sharing], len(entries), rules)
    }
    return [tuple(key for key in ladder if key not in several) for ladder in ladders]


def _are_one(sharing: Sequence[Entry], listed: int, rules: IdentityRules) -> bool:
    """Whether all entries that share a key are one item. `listed`: how many entries the document has."""
    if rules.ids == "trusted" and sharing[0].id and len({entry.id for entry in sharing}) == 1:
        return True
    said = list(dict.fromkeys(_said(entry, rules) for entry in sharing))
    if len(said) > _MOST_FACES:
        return False
    # What most of a document shares belongs to the document, not to its items.
    is_of_all = len(said) >= _SEVERAL and 2 * len(sharing) > listed
    return all(is_one_item(one, other, is_of_all) for one, other in combinations(said, 2))


def _said(entry: Entry, rules: IdentityRules) -> Said:
    url = link_of(entry)
    place = place_of(url, rules) if url else None
    return Said(
        id=entry.id if rules.ids != "ignored" else None,
        place="" if place and is_front_page(place) else place,
        published=entry.published,
        updated=entry.updated,
        entry=entry,
    )


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
    if (url := link_of(entry)) and (place := place_of(url, rules)):
        keys.append("url:" + _bounded(place))
    return tuple(keys)


def _without_host(guid: str) -> str:
    """An id that is an address, without scheme and host, which change when a publisher moves; '' for any other."""
    if not guid.startswith(("http://", "https://")):
        return ""
    path = canonical_url(guid).removeprefix("//").partition("/")
    query = guid.partition("?")[2].partition("#")[0]
    rest = path[1] + path[2] if path[2] else "?" + query if query else ""
    return rest + _fragment(guid) if rest else ""


def near_keys(title: str, opening: str) -> tuple[str, ...]:
    """The last resort, by which a candidate is only found, never accepted: the headline, and how the text begins.
    Both folded. Too short ones ("Sport") find nothing.
    """
    near = ["title:" + _digest(title)] if len(title.split()) >= _FEWEST_TITLE_WORDS else []
    if len(opening.split()) >= _FEWEST_OPENING_WORDS:
        near.append("opening:" + _digest(" ".join(opening.split()[:_OPENING_KEY_WORDS])))
    return tuple(near)


def shared_link(place: str) -> str:
    """The mark of a link at which several reports stood at once. It stands among the near keys, and finds nothing."""
    return "shared:" + _digest(place)


def _title_keys(entry: Entry) -> tuple[str, ...]:
    headline = _headline(entry)
    return ("dated:" + _digest(headline, entry.published or ""),) if headline else ()


def _words(entry: Entry) -> list[str]:
    return [_headline(entry), *(text.value for text in (entry.summary, *entry.content) if text)]


def link_of(entry: Entry) -> str | None:
    """The link of the report as its publisher said it, whatever it is: the first alternate link. For comparing only."""
    return next(_alternates(entry), None)


def address_of(entry: Entry) -> str | None:
    """Where a reader is sent: the first alternate link that is a web address; see `text.printable.address`."""
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


def place_of(url: str, rules: IdentityRules = LEARNED) -> str:
    """Where a report stands: the canonical address by its publisher's rules, with its fragment. A page may hold several
    reports, each at a fragment of its own.
    """
    return canonical_url(by_rules(url, rules)) + _fragment(url)


def page_of(place: str) -> str:
    """A place, or an id that is an address, without its fragment."""
    return place.partition("#")[0]


def is_front_page(place: str) -> bool:
    """Whether a place is where a site begins, and so no report's own."""
    host, _, path = place.removeprefix("//").partition("/")
    return place.startswith("//") and not {"?", "#"} & set(host) and bool(_FRONT.fullmatch(path))


def _fragment(url: str) -> str:
    """`#...`; '' where there is none, or it says nothing of the page, only where a reader came from or looks."""
    fragment = url.strip().partition("#")[2]
    names = [name for name, _ in parse_qsl(fragment)] if "=" in fragment else []
    if not fragment or fragment.startswith(":~:") or (names and all(map(_is_tracking, names))):
        return ""
    return "#" + fragment


def public_id(publisher: str, key: str) -> str:
    """Sixteen characters of a-z and 2-7: the same on every machine for the same publisher and key, never reused."""
    digest = hashlib.blake2b(f"{publisher}\n{key}".encode("utf-8", "surrogatepass"), digest_size=10).digest()
    return base64.b32encode(digest).decode("ascii").lower()


def _headline(entry: Entry) -> str:
    return " ".join(entry.title.value.split()) if entry.title else ""


def _bounded(key: str) -> str:
    """A long one is told by its digest."""
    key = key.strip()
    return key if len(key) <= LONGEST else _digest(key)


def _digest(*words: str) -> str:
    return hashlib.sha256("\0".join(words).encode("utf-8", "surrogatepass")).hexdigest()[:32]

"""The keys of an entry, strongest first. A key is scoped to the publisher, so that a story in five section feeds, or in
a feed that moved, is one article.
"""

from __future__ import annotations

import base64
import hashlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import combinations

from aggregator.identity.twins import Said, is_one_item
from aggregator.model import LEARNED, Entry, IdentityRules, Link
from aggregator.text.passed_over import as_read_before
from aggregator.text.printable import address
from aggregator.text.raw_words import LONGEST_ID
from aggregator.text.urls import by_rules, fragment_of, is_front_page, page_of, pages_in_keys

DUPLICATE = "duplicate_in_document"  # why an entry is left out: another one of its document is the same item
_LONGEST = LONGEST_ID  # characters of a key; a longer id is not kept with the headline alone, so its digest is the key
_FEWEST_TITLE_WORDS = 3
FEWEST_OPENING_WORDS = 8
_OPENING_KEY_WORDS = 12
_MOST_FACES = 12  # of entries of one document that share a key, before the key is taken for none
_SEVERAL = 3
_PAGES = ("text/html", "application/xhtml+xml")


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


def deleted_key(said: str) -> str:
    """The first key of the article whose id a document lists as deleted."""
    return keys_of([Entry(id=said)])[0][0]


def _of_one_item(
    entries: Sequence[Entry], all_keys: Sequence[tuple[str, ...]], rules: IdentityRules
) -> list[tuple[str, ...]]:
    """Each entry's keys without those that stand for several items."""
    seen: dict[str, list[int]] = defaultdict(list)
    for number, own_keys in enumerate(all_keys):
        for key in own_keys:
            seen[key].append(number)
    several = {
        key
        for key, sharing in seen.items()
        if len(sharing) > 1 and not _are_one([entries[number] for number in sharing], len(entries), rules)
    }
    return [tuple(key for key in own_keys if key not in several) for own_keys in all_keys]


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


def _unambiguous(all_keys: Sequence[tuple[str, ...]], faces: Sequence[str]) -> list[tuple[str, ...]]:
    """Each entry's keys without those that stand for several faces: what tells one entry from another."""
    seen: dict[str, set[str]] = defaultdict(set)
    for own_keys, face in zip(all_keys, faces, strict=True):
        for key in own_keys:
            seen[key].add(face)
    return [tuple(key for key in own_keys if len(seen[key]) == 1) for own_keys in all_keys]


def _stated_keys(entry: Entry, rules: IdentityRules) -> tuple[str, ...]:
    keys = []
    if entry.id and rules.ids != "ignored":
        keys.append("id:" + _bounded(entry.id))
        if moved := _without_host(entry.id):
            keys.append("alt:" + _bounded(moved))
    if url := link_of(entry):
        keys += keys_of_link(url, rules)
    return tuple(keys)


def keys_of_link(url: str, rules: IdentityRules = LEARNED) -> tuple[str, ...]:
    """The keys of a report's link: as it was always spelled, so that stored articles are found, and where that is not
    `place_of` (a host in another script, a tracking parameter in capital letters), that too.
    """
    return tuple("url:" + _bounded(place) for place in _places(url, rules))


def _places(url: str, rules: IdentityRules) -> tuple[str, ...]:
    """None for an address that says nothing, such as a blank."""
    fragment = fragment_of(url)
    return tuple(page + fragment for page in pages_in_keys(by_rules(url, rules)) if page or fragment)


def _without_host(guid: str) -> str:
    """An id that is an address, without scheme and host, which change when a publisher moves; '' for any other."""
    if not guid.startswith(("http://", "https://")):
        return ""
    path = pages_in_keys(guid)[0].removeprefix("//").partition("/")
    query = guid.partition("?")[2].partition("#")[0]
    rest = path[1] + path[2] if path[2] else "?" + query if query else ""
    return rest + fragment_of(guid) if rest else ""


def near_keys(title: str, opening: str) -> tuple[str, ...]:
    """The last resort, by which a candidate is only found, never accepted: the headline, and how the text begins.
    Both folded. Too short ones ("Sport") find nothing.
    """
    near = ["title:" + _digest(title)] if len(title.split()) >= _FEWEST_TITLE_WORDS else []
    if len(opening.split()) >= FEWEST_OPENING_WORDS:
        near.append("opening:" + _digest(" ".join(opening.split()[:_OPENING_KEY_WORDS])))
    return tuple(near)


def marks_of_link(url: str, rules: IdentityRules) -> tuple[str, ...]:
    """The marks of a link at which several reports stood at once. They are among the near keys, and find nothing."""
    return tuple("shared:" + _digest(place) for place in _places(url, rules))


def _title_keys(entry: Entry) -> tuple[str, ...]:
    headline = _headline(entry)
    return ("dated:" + _digest(headline, entry.published or ""),) if headline else ()


def _words(entry: Entry) -> list[str]:
    """As they were always read; those that older versions passed over where there are no others."""
    before, whole = (
        [_headline(read), *(text.value for text in (read.summary, *read.content) if text)]
        for read in (as_read_before(entry), entry)
    )
    return before if any(before) else whole


def link_of(entry: Entry) -> str | None:
    """The link of the report as its publisher said it, whatever it is: the first alternate link. For comparing only."""
    return next(_alternates(entry), None)


def address_of(entry: Entry) -> str | None:
    """Where a reader is sent: the first alternate link that is a web address and may be a page, or else the first that
    is one; see `text.printable.address`. An entry without alternates has its first related link, as other readers
    do: a JSON Feed's `external_url`.
    """
    alternates = [link for link in entry.links if link.rel == "alternate" and link.href]
    if not alternates:
        alternates = [link for link in entry.links if link.rel == "related"]
    pages = sorted(alternates, key=lambda link: not _may_be_page(link))
    return next(filter(None, (address(link.href) for link in pages)), None)


def _may_be_page(link: Link) -> bool:
    return link.type is None or link.type.partition(";")[0].strip().lower() in _PAGES


def _alternates(entry: Entry) -> Iterator[str]:
    return (link.href for link in entry.links if link.rel == "alternate" and link.href)


def place_of(url: str, rules: IdentityRules = LEARNED) -> str:
    """Where a report is: its page by its publisher's rules, with its fragment. A page may hold several reports, each at
    a fragment of its own.
    """
    return page_of(by_rules(url, rules)) + fragment_of(url)


def public_id(publisher: str, key: str) -> str:
    """Sixteen characters of a-z and 2-7: the same on every machine for the same publisher and key, never reused.
    `publisher`: its first key, which it keeps when it is renamed.
    """
    digest = hashlib.blake2b(f"{publisher}\n{key}".encode("utf-8", "surrogatepass"), digest_size=10).digest()
    return base64.b32encode(digest).decode("ascii").lower()


def _headline(entry: Entry) -> str:
    return " ".join(entry.title.value.split()) if entry.title else ""


def _bounded(key: str) -> str:
    """A long one is told by its digest."""
    key = key.strip()
    return key if len(key) <= _LONGEST else _digest(key)


def _digest(*words: str) -> str:
    return hashlib.sha256("\0".join(words).encode("utf-8", "surrogatepass")).hexdigest()[:32]

"""From a list of feeds to publishers' files: who is new here, what their files say, why others are left out; pure.

What a list says of rights is not asked: each newcomer is quoted only, until a person writes more into its file.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from types import MappingProxyType
from typing import get_args
from urllib.parse import urlsplit

from msgspec import Struct

from aggregator.config.codes import is_country, is_language
from aggregator.config.opml import Outline
from aggregator.model import Kind, Publisher
from aggregator.rights import NOT_IN_ADDRESS, is_address
from aggregator.text.urls import document_of, domain_of_url, host_fault, without_user

_LONGEST_KEY = 80  # characters: file systems take 255 bytes, and a key stands on command lines


class Told(Struct, frozen=True, kw_only=True):
    """What the person at the keyboard says of all the list's feeds; None: the list itself says it of each."""

    country: str | None = None
    language: str | None = None
    kind: Kind = "news_site"  # where the list names no kind of ours among the categories


class NewPublisher(Struct, frozen=True, kw_only=True):
    """A publisher's file that is to be written, and the feed it comes from."""

    name: str  # of the file, such as publishers/ml/daily-example.toml
    text: str
    outline: Outline


class LeftOut(Struct, frozen=True, kw_only=True):
    outline: Outline
    why: str
    is_here: bool = False  # a publisher has this very address


class Known:
    """The addresses, domains and keys that are taken; each newcomer takes its own."""

    def __init__(self, publishers: Iterable[Publisher], keys: Iterable[str] = ()) -> None:
        """`keys`: those that are taken by files with faults, too."""
        self._addresses: dict[str, str] = {}
        self._domains: dict[str, str] = {}
        self._keys = set(keys)
        for publisher in publishers:
            self._take(publisher.key, publisher.homepage, [source.url for source in publisher.sources])

    def _take(self, key: str, homepage: str, urls: Iterable[str]) -> None:
        self._keys.add(key)
        self._domains.setdefault(domain_of_url(homepage), key)
        for url in urls:
            self._addresses.setdefault(document_of(url), key)

    def sort(self, outlines: Iterable[Outline], told: Told) -> Iterator[NewPublisher | LeftOut]:
        """Each feed of a list as the file it becomes, or with the reason why it becomes none."""
        for outline in outlines:
            why = self._objection(outline, told)
            if why is None:
                key = self.free_key(outline.title, outline.url)
                self._take(key, _homepage(outline), [outline.url])
                yield _newcomer(key, outline, told)
            else:
                is_here = document_of(outline.url) in self._addresses if outline.url else False
                yield LeftOut(outline=outline, why=why, is_here=is_here)

    def holder(self, url: str) -> str | None:
        """The key of the publisher whose address, or whose registrable domain, this is."""
        return self._addresses.get(document_of(url)) or self._domains.get(domain_of_url(url))

    def _objection(self, outline: Outline, told: Told) -> str | None:
        if not outline.url:
            at = f"; `aggregator probe {outline.homepage}` looks for one" if is_address(outline.homepage) else ""
            return f"the list has no address of a feed for it (xmlUrl){at}"
        if "${" in outline.url:
            return "its address has ${NAME}, which a list may not fill in; write it into a publisher's file yourself"
        if without_user(outline.url) != outline.url:
            return "its address has a user name; write it into a publisher's file yourself, with `username` beside it"
        if not is_address(outline.url):
            return _not_an_address(outline.url)
        if why := host_fault(outline.url):
            return f"its host cannot be looked up: {why}"
        if (key := self._addresses.get(document_of(outline.url))) is not None:
            return f"its address is that of {key}"
        for domain in dict.fromkeys((domain_of_url(_homepage(outline)), domain_of_url(outline.url))):
            if (key := self._domains.get(domain)) is not None:
                return (
                    f"its domain {domain} is that of {key}; if it is the same publisher, add a [[source]] to its file"
                )
        if _country(outline, told) is None:
            return "the list does not say its country; give --country"
        if _language(outline, told) is None:
            return "the list does not say its language; give --language"
        return None

    def free_key(self, name: str, url: str) -> str:
        """A key for a publisher: its name as a slug, else its host; with a number where that is taken."""
        slug = slug_of(name) or slug_of(urlsplit(url).hostname or "") or "publisher"
        key, number = slug, 1
        while key in self._keys:
            number += 1
            key = f"{slug}-{number}"
        return key


def _not_an_address(url: str) -> str:
    if found := NOT_IN_ADDRESS.search(url):
        named = unicodedata.name(found.group(), f"U+{ord(found.group()):04X}").lower()
        return f"its address has a character that no address has: {named}, at place {found.start() + 1}"
    return "its address is not http or https"


def _newcomer(key: str, outline: Outline, told: Told) -> NewPublisher:
    country, kinds = _country(outline, told) or "", [word for word in outline.categories if word in get_args(Kind)]
    kind = next((word for word in kinds if word != "own"), told.kind)
    said = {
        "name": outline.title or urlsplit(outline.url).hostname or key,
        "country": country,
        "kind": kind,
        "languages": [_language(outline, told) or ""],
        "homepage": _homepage(outline),
    }
    text = publisher_text(said, outline.url)
    name = f"publishers/{country.lower()}/{key}.toml"
    return NewPublisher(name=name, text=text, outline=outline)


def publisher_text(
    said: Mapping[str, str | Sequence[str]],
    url: str,
    source_kind: str = "feed",
    *,
    profile: str = "quotation",
    tables: Mapping[str, Mapping[str, str | date]] = MappingProxyType({}),
) -> str:
    """The file of a publisher with one source. `said` are the keys that it begins with; `profile` is a name in
    rights.toml, that of what is quoted only where nobody says otherwise; `tables` are tables of texts and days.
    """
    lines = [f"{key} = {_quoted(value)}" for key, value in said.items()]
    lines.append(f"rights_profile = {_quoted(profile)}")
    for name, table in tables.items():
        lines += ["", f"[{name}]", *(f"{key} = {_written(value)}" for key, value in table.items())]
    lines += ["", "[[source]]", f"url = {_quoted(url)}"]
    lines += [] if source_kind == "feed" else [f"kind = {_quoted(source_kind)}"]
    return "\n".join(lines) + "\n"


def _country(outline: Outline, told: Told) -> str | None:
    codes = (word for word in outline.categories if re.fullmatch("[A-Z]{2}", word) and is_country(word))
    return told.country or next(codes, None)


def _language(outline: Outline, told: Told) -> str | None:
    form = re.fullmatch("[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*", outline.language)
    return outline.language if form and is_language(outline.language) else told.language


def _homepage(outline: Outline) -> str:
    parts = urlsplit(outline.url)
    is_known = is_address(outline.homepage) and not host_fault(outline.homepage)
    return outline.homepage if is_known else f"{parts.scheme}://{parts.netloc}/"


def slug_of(text: str) -> str:
    """A text as a key, which is a file's name too; empty where none of its letters is Latin."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower().replace("'", "")
    return re.sub("[^a-z0-9]+", "-", plain).strip("-")[:_LONGEST_KEY].strip("-")


def _written(value: str | date) -> str:
    return value.isoformat() if isinstance(value, date) else _quoted(value)


def _quoted(value: str | Sequence[str]) -> str:
    """A string of TOML, whose escapes JSON's are, or a list of them. JSON leaves U+007F as it is, and TOML does not."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")

"""The catalogue: the publishers, rights and wire.toml that this version comes with, to search and to copy from.

One file has them all, so that an installed copy needs no checkout. `make catalogue` makes it of config/, which is kept
by hand; tests/config/test_catalogue.py compares the two.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import tomllib
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from typing import Literal

from msgspec import Struct

from aggregator.config.codes import country_name, language_name
from aggregator.model import DISCOVER, GROUP_OF_KIND, Kind, Publisher
from aggregator.text.folding import fold
from aggregator.text.languages import primary_subtag

Feed = Literal["known", "off", "sought"]  # off: its address is doubted; sought: only the site is known
FILE = Path(__file__).with_name("catalogue.json.gz")
_MARK = re.compile(
    r"""(?m)^catalogue[ \t]*=[ \t]*["']([a-z0-9][a-z0-9-]*@[0-9a-f]{16})["'][ \t]*(?:#[^\n]*)?\r?(?:\n|\Z)"""
)
_FORMER_KEYS = re.compile(r"(?m)^former_keys = \[[^\]\n]*\]\r?(?:\n|\Z)")  # as `publishers rename` writes it


class Listed(Struct, frozen=True, kw_only=True):
    """A publisher of the catalogue: its file, and what of it people search by."""

    key: str
    file: str  # such as publishers/ml/KEY.toml
    text: str
    name: str
    place: str | None
    country: str
    kind: Kind
    languages: tuple[str, ...]
    homepage: str
    feed: Feed

    @property
    def group(self) -> str:
        return GROUP_OF_KIND[self.kind]

    @property
    def mark(self) -> str:
        """`KEY@DIGEST`, which a copy keeps under `catalogue`."""
        return f"{self.key}@{digest(self.text)}"


class Search(Struct, frozen=True, kw_only=True):
    """Which publishers are meant; (): whichever. Of one kind of condition one must hold, of all kinds each."""

    countries: Collection[str] = ()
    groups: Collection[str] = ()
    kinds: Collection[str] = ()
    languages: Collection[str] = ()  # without script or country: `pt` means `pt-MZ` too
    words: Collection[str] = ()  # all of them, each the beginning of a word, without regard to case and accents

    def takes(self, listed: Listed | Publisher) -> bool:
        return (
            (not self.countries or listed.country in self.countries)
            and (not self.groups or listed.group in self.groups)
            and (not self.kinds or listed.kind in self.kinds)
            and (
                not self.languages
                or not {*map(primary_subtag, listed.languages)}.isdisjoint(map(primary_subtag, self.languages))
            )
            and (not self.words or _has(listed, self.words))
        )


def _has(listed: Listed | Publisher, words: Collection[str]) -> bool:
    said = [listed.name, listed.key, listed.place or "", listed.homepage, listed.kind, country_name(listed.country)]
    text = " " + " ".join(re.findall(r"\w+", fold(" ".join([*said, *map(language_name, listed.languages)]))))
    return all(f" {part}" in text for word in words for part in re.findall(r"\w+", fold(word)))


@cache
def texts() -> Mapping[str, str]:
    """Every file of the shipped configuration by its name, publishers/ml/KEY.toml, wire.toml and rights.toml."""
    return MappingProxyType(json.loads(gzip.decompress(FILE.read_bytes())))


def packed(files: Mapping[str, str]) -> bytes:
    """What `texts` reads: the same bytes for the same files."""
    said = json.dumps(dict(sorted(files.items())), ensure_ascii=False, indent=0)
    return gzip.compress(said.encode(), 9, mtime=0)


@cache
def files() -> Mapping[str, str]:
    """The files of the publishers by key, without that of the example's own."""
    own = own_publisher()
    names = (name for name in texts() if name.startswith("publishers/") and name != own)
    return MappingProxyType({PurePosixPath(name).stem: name for name in names})


def own_publisher() -> str:
    """The file of the example's own publisher."""
    key = tomllib.loads(texts()["wire.toml"])["publisher"]
    return next(name for name in texts() if PurePosixPath(name).stem == key)


def all_listed() -> Iterator[Listed]:
    """Every publisher of the catalogue, sorted by file. Reading them takes a tenth of a second."""
    return map(listed, files())


@cache
def listed(key: str) -> Listed:
    """The publisher of this key. Raises KeyError."""
    name = files()[key]
    text = texts()[name]
    table = tomllib.loads(text)
    return Listed(
        key=key,
        file=name,
        text=text,
        name=table["name"],
        place=table.get("place"),
        country=table["country"],
        kind=table["kind"],
        languages=tuple(table["languages"]),
        homepage=table["homepage"],
        feed=_feed(table.get("source", ())),
    )


def _feed(sources: Sequence[Mapping[str, object]]) -> Feed:
    switched_on = [source for source in sources if source.get("enabled", True)]
    if any(source.get("kind") != DISCOVER for source in switched_on):
        return "known"
    return "sought" if switched_on else "off"


def digest(text: str) -> str:
    """Of the text of a file as the catalogue has it: 16 hexadecimal digits of its SHA-256."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def copied(one: Listed) -> str:
    """The text of a copy: the catalogue's, below a line that says which version of the catalogue it is."""
    return f'catalogue = "{one.mark}"  # copied by `aggregator add`\n{one.text}'


def mark_of(text: str) -> str | None:
    """`KEY@DIGEST`, that a publisher's file has; None: it is no copy."""
    found = _MARK.search(text)
    return found[1] if found else None


def without_mark(text: str) -> str:
    """The text of a copy as it was in the catalogue, and with whatever a person changed in it since."""
    return _FORMER_KEYS.sub("", _MARK.sub("", text, count=1), count=1)


def remarked(text: str, one: Listed) -> str:
    """The text of a copy, whatever was changed in it, that says it was compared with the catalogue's version of now."""
    return _MARK.sub(lambda found: found[0].replace(found[1], one.mark), text, count=1)


def is_as_copied(text: str, mark: str) -> bool:
    """Whether nothing was changed in a copy that has this mark."""
    return digest(without_mark(text)) == mark.partition("@")[2]


def warnings(publishers: Mapping[str, Publisher]) -> Iterator[str]:
    """A line for each copy, by the name of its file, whose publisher has another version in the catalogue now."""
    for name, publisher in publishers.items():
        if publisher.catalogue is None:
            continue
        key, _, copied_from = publisher.catalogue.partition("@")
        if key not in files():
            yield f"{name}: catalogue: the catalogue has this publisher no more; remove the line, or the publisher"
        elif digest(texts()[files()[key]]) != copied_from:
            yield (
                f"{name}: catalogue: the catalogue has another version of it now; "
                "`aggregator add --update KEY` shows the difference, and takes it"
            )

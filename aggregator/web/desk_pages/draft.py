"""A publisher that a person is about to add: what the form says, the file it becomes, and what is wrong with it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import get_args

from msgspec import Struct

from aggregator.config.codes import country_called, language_called
from aggregator.config.keys import KEY, KEY_EXPECTED
from aggregator.config.loading import load
from aggregator.config.new_publishers import Known, publisher_text
from aggregator.model import Kind, Publisher
from aggregator.parse import PARSERS
from aggregator.rights import fault
from aggregator.text.printable import line
from aggregator.text.urls import literal

LONGEST, _LONGEST_KEY = 1_000, 80  # characters of a field, and of a key: it is the name of a file
_CONTACTS = ("corrections", "permissions", "technical")
_RIGHTS = ("licence", "licence_url")
_DAYS = ("expires", "terms_checked")
# The field of the form in which a key of the file stands, where it has another name.
_FIELDS: Mapping[str, str] = {
    "rights_profile": "profile",
    "source.url": "feed",
    "source.kind": "feed_kind",
    **{f"contact.{name}": name for name in _CONTACTS},
    **{f"rights.{name}": name for name in (*_RIGHTS, *_DAYS)},
}
ELSEWHERE = ""  # where a fault stands that is of no field
Faults = Mapping[str, tuple[str, ...]]  # by field; each is a sentence in English, as `check` says it without the key


class Draft(Struct, frozen=True, kw_only=True):
    """The fields of the form, as they were sent: nothing of them is trusted until the loader has taken the file."""

    feed: str = ""
    feed_kind: str = "feed"
    name: str = ""
    key: str = ""
    place: str = ""
    country: str = ""  # a code, or a name
    kind: str = "news_site"
    languages: str = ""  # tags or names, with commas between them
    homepage: str = ""
    corrections: str = ""
    permissions: str = ""
    technical: str = ""
    profile: str = "quotation"
    licence: str = ""
    licence_url: str = ""
    expires: str = ""  # a day of ISO 8601
    terms_checked: str = ""  # likewise

    @property
    def country_code(self) -> str:
        return country_called(self.country) or self.country

    @property
    def file(self) -> str:
        """Where it is written, relative to the configuration folder. Only of a draft without faults."""
        return f"publishers/{self.country_code.lower()}/{self.key}.toml"

    def text(self) -> str:
        """The file."""
        languages = [each.strip() for each in re.split("[,;]", self.languages) if each.strip()]
        top: dict[str, str | list[str]] = {"name": self.name}
        if self.place:
            top["place"] = self.place
        top |= {"country": self.country_code, "kind": self.kind}
        top |= {"languages": [language_called(each) or each for each in languages], "homepage": self.homepage}
        contact = {name: getattr(self, name) for name in _CONTACTS if getattr(self, name)}
        rights: dict[str, str | date] = {name: getattr(self, name) for name in _RIGHTS if getattr(self, name)}
        rights |= {name: day for name in _DAYS if (day := _day(getattr(self, name)))}
        tables = {name: table for name, table in (("contact", contact), ("rights", rights)) if table}
        return publisher_text(top, literal(self.feed), self.feed_kind, profile=self.profile, tables=tables)


NAMES: tuple[str, ...] = Draft.__struct_fields__


class Tried(Struct, frozen=True):
    """A draft beside all that is in the configuration folder."""

    faults: Faults
    publisher: Publisher | None  # as the wire will know it; None: it has faults


def tried(draft: Draft, folder: Path, known: Known, files: Mapping[str, str]) -> Tried:
    """Reads the whole configuration with it, which writes nothing. `files`: those of the publishers that are there, by
    key. ConfigError: a fault of the configuration that touches everybody.
    """
    found: defaultdict[str, list[str]] = defaultdict(list)
    for field, said in _of_form(draft, files):
        found[field].append(said)
    # With a key or a country that cannot be, the file has a name that can, so that its other faults are found too.
    is_named = not {"key", "country"} & {*found}
    name = draft.file if is_named else f"publishers/{known.free_key('new publisher', '')}.toml"
    config = load(folder, {name: draft.text()})
    for whole in (said for each in config.faulty if each.file == name for said in each.faults):
        said = whole.removeprefix(f"{name}: ")
        field = _field_of(said)
        if said not in found[field] and not (field in ("key", "country", *_DAYS) and found[field]):
            found[field].append(said)
    faults = {field: tuple(map(_without_key, lines)) for field, lines in found.items() if lines}
    return Tried(faults, None if faults else next(each for each in config.publishers if each.key == draft.key))


def _without_key(said: str) -> str:
    """A fault as it stands beside its field."""
    return re.sub(r"^[a-z_.]+(?:\[\d+\])?(?:\.[a-z_]+)*: (?=found )", "", said)


def _of_form(draft: Draft, files: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """What the loader does not see, because it is in no file, or no file could have it."""
    for name in NAMES:
        value = getattr(draft, name)
        if len(value) > LONGEST:
            yield name, f"found {len(value):,} characters, expected at most {LONGEST:,}"
        elif line(value) != value or "\x7f" in value:
            yield name, "found a character that is not to be seen, expected one line of text"
    if not KEY.fullmatch(draft.key):
        yield "key", fault("key", draft.key or None, KEY_EXPECTED)
    elif len(draft.key) > _LONGEST_KEY:
        yield "key", fault("key", draft.key, f"at most {_LONGEST_KEY} characters")
    elif draft.key in files:
        yield "key", f'key: found "{draft.key}", expected one that no publisher has; {files[draft.key]} has it'
    if country_called(draft.country) is None:
        yield "country", fault("country", draft.country or None, "a country of ISO 3166-1, by code or name")
    if draft.kind == "own" or draft.kind not in get_args(Kind):
        yield "kind", fault("kind", draft.kind, "one of the kinds in the list")
    if draft.feed_kind not in PARSERS:
        yield "feed_kind", fault("kind", draft.feed_kind, "a kind of document that the wire reads")
    for name in _DAYS:
        value = getattr(draft, name)
        if value and _day(value) is None:
            yield name, fault(name, value, "a day, such as 2026-12-31")


def _day(said: str) -> date | None:
    try:
        return date.fromisoformat(said) if re.fullmatch(r"\d{4}-\d\d-\d\d", said) else None
    except ValueError:
        return None


def _field_of(said: str) -> str:
    """The field of the form that a fault of the loader is about."""
    found = re.match(r"([a-z_]+(?:\[\d+\])?(?:\.[a-z_]+)*)(?:\[\d+\])?(?::| is missing)", said)
    if found is None:
        return "key" if said.startswith("found the key ") else ELSEWHERE
    key = re.sub(r"\[\d+\]", "", found[1])
    field = _FIELDS.get(key, key)
    return field if field in NAMES else ELSEWHERE


def of_form(form: Mapping[str, str]) -> Draft:
    return Draft(**{name: form[name] for name in NAMES if name in form})


def hidden(draft: Draft, names: Iterable[str] = NAMES) -> dict[str, str]:
    """What the next form sends along."""
    return {name: getattr(draft, name) for name in names}

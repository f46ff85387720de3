"""Makes the Publisher of a publisher's file, or says what is wrong with the file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import PurePosixPath

from aggregator.config.bare import source_key, texts
from aggregator.config.keys import KEY, KEY_EXPECTED
from aggregator.config.profiles import Profiles, rights_of
from aggregator.config.shapes.checking import SECRETS, check
from aggregator.config.shapes.publisher import PUBLISHER, ContactTable, PublisherFile, SourceTable
from aggregator.config.tagging import settings_of, tag_faults
from aggregator.config.toml import TomlTable, plain
from aggregator.model import (
    DISCOVER,
    Access,
    Contact,
    Credentials,
    PollSettings,
    Publisher,
    Rights,
    Source,
    SourceRules,
    Template,
    Wire,
)
from aggregator.rights import fault, faults_of_disclaimers, faults_of_publisher
from aggregator.text import source_rules


def publisher_of(
    path: PurePosixPath, table: TomlTable, profiles: Profiles | None, wire: Wire | None
) -> tuple[Publisher | None, list[str]]:
    """What the file at this place in config/ makes, as far as it makes a publisher, and its faults, each a line."""
    publisher = None
    shape, shape_lines = check(PUBLISHER, table)
    rights, rights_lines = rights_of(table, profiles)
    lines = [*_place_faults(path, table), *shape_lines, *rights_lines]
    if shape is not None:
        lines += [*_key_faults(shape), *_contact_faults(shape.contact), *_stance_faults(shape)]
        lines += [*_source_faults(shape.source, wire), *tag_faults(shape.tags)]
    if shape is not None and rights is not None:
        publisher = _assembled(path.stem, shape, rights)
        lines += faults_of_publisher(publisher)
    else:
        lines += faults_of_disclaimers(texts(table.get("disclaimers")))
    return publisher, lines


def _contact_faults(contact: ContactTable) -> Iterator[str]:
    if contact.tell_taken and Contact(**contact.model_dump()).mailbox is None:
        expected = "this key only beside an e-mail address in contact.permissions or contact.corrections"
        yield fault("contact.tell_taken", True, expected)


def _stance_faults(shape: PublisherFile) -> Iterator[str]:
    """A stance is what a publisher says of itself, so that the page on which it does belongs to it."""
    if shape.stance is not None and shape.stance_source is None:
        expected = f"the https address of the page on which {shape.name} describes itself so, because stance is set"
        yield fault("stance_source", None, expected)
    if shape.stance is None and shape.stance_source is not None:
        yield fault("stance", None, "what the page of stance_source says, in the publisher's own words")


def _assembled(key: str, shape: PublisherFile, rights: Rights) -> Publisher:
    return Publisher(
        key=key,
        name=shape.name,
        place=shape.place,
        country=shape.country,
        kind=shape.kind,
        languages=shape.languages,
        homepage=shape.homepage,
        rights=rights,
        profile=shape.rights_profile,
        contact=Contact(**shape.contact.model_dump()),
        stance=shape.stance,
        stance_source=shape.stance_source,
        disclaimers=shape.disclaimers,
        sources=tuple(_source(key, source, shape) for source in shape.source),
        identity=shape.identity.rules(shape.homepage),
        catalogue=shape.catalogue,
        former_keys=shape.former_keys,
        enabled=shape.enabled,
        reason=shape.reason,
        tags=settings_of(shape.tags),
    )


def _source(publisher: str, table: SourceTable, of: PublisherFile) -> Source:
    """A source of a publisher that is switched off is so, too."""
    return Source(
        publisher=publisher,
        key=table.key or source_key(table.url),
        url=table.url,
        kind=table.kind,
        item_class=table.item_class,
        every=None if table.every_minutes is None else timedelta(minutes=table.every_minutes),
        enabled=table.enabled and of.enabled,
        reason=table.reason or (None if of.enabled else of.reason),
        access=_access(table),
        rules=_rules(table),
        pages=table.pages,
    )


def _rules(table: SourceTable) -> SourceRules | None:
    said = {name: getattr(table, name) or () for name in SourceRules.__struct_fields__}
    return SourceRules(**said) if any(said.values()) else None


def _access(table: SourceTable) -> Access | None:
    """What makes a source private: a template in its address, or beside it."""
    credentials = None
    if table.username is not None or table.bearer is not None:
        templates = {name: _template(getattr(table, name)) for name in SECRETS}
        credentials = Credentials(**templates)
    if credentials is None and "${" not in table.url:
        return None
    return Access(url=Template(table.url), credentials=credentials)


def _template(text: str | None) -> Template | None:
    return None if text is None else Template(text)


def _place_faults(path: PurePosixPath, table: TomlTable) -> Iterator[str]:
    if not KEY.fullmatch(path.stem):
        yield fault("the file's name", path.stem, f"{KEY_EXPECTED}, because it is the publisher's key")
    folder, country = path.parent.name, table.get("country")
    if len(path.parts) == 3 and isinstance(country, str) and len(country) == 2 and folder != country.lower():
        yield fault("country", country, f"the file to be in publishers/{country.lower()}/, not publishers/{folder}/")


def _key_faults(shape: PublisherFile) -> Iterator[str]:
    for number, key in enumerate(shape.former_keys or (), start=1):
        if key in (shape.former_keys or ())[: number - 1]:
            yield fault(f"former_keys[{number}]", key, "each key once")
    if shape.reason is not None and shape.enabled:
        yield fault("reason", shape.reason, "this key only beside enabled = false")
    if shape.kind == "own" and not shape.enabled:
        yield fault("enabled", False, 'no such key beside kind = "own": the wire itself is not polled')


def _source_faults(sources: Sequence[SourceTable], wire: Wire | None) -> Iterator[str]:
    first: dict[str, int] = {}
    for number, source in enumerate(sources, start=1):
        key = source.key or source_key(source.url)
        if first.setdefault(key, number) != number:
            expected = f"another key than source[{first[key]}] has; give it a `key` of its own"
            yield fault(f"source[{number}].key", key, expected)
        if wire is not None and source.every_minutes is not None:
            yield from _every_faults(number, source.every_minutes, wire.poll)
        if source.reason is not None and source.enabled:
            yield fault(f"source[{number}].reason", source.reason, "this key only beside enabled = false")
        for key, found, expected in source_rules.faults(_rules(source) or SourceRules()):
            yield fault(f"source[{number}].{key}", found, expected)
        yield from _discover_faults(number, source)
        yield from _credentials_faults(number, source)


def _credentials_faults(number: int, source: SourceTable) -> Iterator[str]:
    for key, other in (("username", "password"), ("password", "username")):
        if getattr(source, key) is not None and getattr(source, other) is None:
            yield fault(f"source[{number}].{other}", None, f"this key to be set, because {key} is")
    if source.bearer is not None and (source.username or source.password):
        yield fault(f"source[{number}].bearer", source.bearer, "either this key, or username and password")


def _discover_faults(number: int, source: SourceTable) -> Iterator[str]:
    """A search asks addresses that others wrote, none of which gets a secret."""
    if source.kind != DISCOVER:
        return
    if "${" in source.url:
        expected = f'an address without ${{NAME}} beside kind = "{DISCOVER}": no secret is sent while a feed is sought'
        yield fault(f"source[{number}].url", source.url, expected)
    for key in SECRETS:
        if getattr(source, key) is not None:
            expected = f'no such key beside kind = "{DISCOVER}": no secret is sent while a feed is sought'
            yield fault(f"source[{number}].{key}", getattr(source, key), expected)


def _every_faults(number: int, minutes: float, poll: PollSettings) -> Iterator[str]:
    if not poll.shortest <= timedelta(minutes=minutes) <= poll.longest:
        shortest, longest = poll.shortest.total_seconds() / 60, poll.longest.total_seconds() / 60
        expected = f"a number from {shortest:g} to {longest:g}, the limits in [poll] of wire.toml"
        yield fault(f"source[{number}].every_minutes", plain(minutes), expected)

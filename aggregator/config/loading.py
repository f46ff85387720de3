"""From a folder of TOML files to the Wire and its Publishers, and to all faults of all files at once.

A fault in a publisher's file, or in a profile of rights.toml, is a fault of the publishers concerned, and one in a
subscriber's file is that subscriber's; one in wire.toml is everybody's. This room alone knows the files' layout, keys
and units. `faults` is everywhere the list that each step adds its own to.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from pathlib import Path, PurePosixPath
from types import MappingProxyType

from msgspec import Struct
from msgspec.structs import replace

from aggregator.config.advice import pace_warnings, warnings
from aggregator.config.bare import completed, merged, source_key, texts
from aggregator.config.between import own_publisher_faults, repeated_addresses, repeated_first_keys, repeated_keys
from aggregator.config.codes import unknown_codes
from aggregator.config.files import publisher_files, too_deep
from aggregator.config.lines import located
from aggregator.config.placeholders import addresses_in, forbid_polling, placeholders
from aggregator.config.searches import load_searches
from aggregator.config.shapes import (
    KEY,
    KEY_EXPECTED,
    PUBLISHER,
    RIGHTS,
    SECRETS,
    WIRE,
    ContactTable,
    FetchTable,
    MailTable,
    PollTable,
    PublisherFile,
    ServeTable,
    SourceTable,
    WireFile,
    check,
    check_part,
)
from aggregator.config.subscribers import load_subscribers
from aggregator.config.tagging import settings_of, tag_faults
from aggregator.config.toml import TomlTable, parse_toml, read_toml
from aggregator.model import (
    DISCOVER,
    Access,
    ComplaintSettings,
    Config,
    Contact,
    Credentials,
    DeskSettings,
    EngineSettings,
    Faulty,
    FetchSettings,
    NotifySettings,
    PicturesSettings,
    PollSettings,
    Publisher,
    Rights,
    ServeSettings,
    Source,
    SourceRules,
    StoreSettings,
    TakeSettings,
    Template,
    Uses,
    Wire,
)
from aggregator.model.errors import ConfigError
from aggregator.rights import (
    did_you_mean,
    fault,
    faults_of_disclaimers,
    faults_of_publisher,
    faults_of_rights,
    in_a_word,
    is_address,
)
from aggregator.text import source_rules

_WIRE = "wire.toml"


class _Profiles(Struct, frozen=True):
    """The named profiles of rights.toml."""

    sound: Mapping[str, TomlTable]
    faulty: Mapping[str, Sequence[str]]  # the faults of each, as lines


def load(folder: Path, texts_of: Mapping[str, str] = MappingProxyType({}), without: Collection[str] = ()) -> Config:
    """The wire and its publishers. A publisher whose file has a fault stands in `faulty`; where two files claim one key
    or one address, nobody knows whose it is, and both do. ConfigError: a fault that touches everybody, in wire.toml, of
    the whole of rights.toml, or of the folder; it names the faults of all files, each a line.

    `texts_of` are publishers' files, and wire.toml, as they would be, by their names: new ones, and others in place of
    those there. `without` are names of publishers' files that would be gone.
    """
    if not folder.is_dir():
        expected = "expected a folder with wire.toml, rights.toml and publishers/; give it with --config DIR"
        raise ConfigError([f"{folder}: found {'a file' if folder.exists() else 'no such folder'}, {expected}"])
    faults: list[str] = []
    wire = _wire(folder, faults, texts_of.get(_WIRE))
    profiles = _profiles(folder, faults)
    here = dict.fromkeys([*_publisher_names(folder, faults), *texts_of])
    names = [name for name in here if name not in (_WIRE, *without)]
    faults += too_deep(names)
    found = {name: _table(folder, name, faults, texts_of.get(name)) for name in names}
    tables = {name: completed(table) for name, table in found.items() if table is not None}
    made = {name: _publisher(name, table, profiles, wire, faults) for name, table in tables.items()}
    faults += [*unknown_codes(tables), *repeated_keys(names), *repeated_first_keys(tables), *repeated_addresses(tables)]
    if wire is not None and names:
        faults += own_publisher_faults(wire.publisher, tables, names)
    of_files = _by_file(faults, names)
    faults = [_with_line(folder, line, names, texts_of) for line in faults]
    searches = load_searches(folder, wire)
    of_searches = [line for each in searches.faulty for line in each.faults]
    subscribers = load_subscribers(
        folder, [each.name for each in searches.sound] + [each.key for each in searches.faulty]
    )
    of_subscribers = [line for each in subscribers.faulty for line in each.faults]
    if wire is None or profiles is None or not names or any(line.startswith("wire.toml: ") for line in faults):
        raise ConfigError([*faults, *of_subscribers, *of_searches])
    of_profiles = {name: profiles.faulty.get(str(table.get("rights_profile")), ()) for name, table in tables.items()}
    faulty = tuple(
        Faulty(
            key=PurePosixPath(name).stem,
            file=name,
            faults=tuple(_with_line(folder, line, names, texts_of) for line in lines),
        )
        for name in names
        if (lines := [*of_files[name], *of_profiles.get(name, ())])
    )
    sound = {name: publisher for name, publisher in made.items() if publisher is not None and not of_files[name]}
    assert len(sound) + len(faulty) == len(names)
    publishers = tuple(sorted(sound.values(), key=lambda publisher: publisher.key))
    own_publisher = {name: each for name, each in sound.items() if each.key == wire.publisher}
    return Config(
        wire=wire,
        publishers=publishers,
        faulty=faulty,
        faults=(*faults, *of_subscribers, *of_searches),
        placeholders=tuple(_with_line(folder, line, names, texts_of) for line in placeholders(wire, own_publisher)),
        placeholders_forbid_polling=forbid_polling(wire, publishers),
        warnings=(
            *_statement_warnings(folder, wire),
            *warnings(sound),
            *pace_warnings(wire, publishers),
            *subscribers.warnings,
        ),
        subscribers=subscribers.sound,
        faulty_subscribers=subscribers.faulty,
        searches=searches.sound,
        faulty_searches=searches.faulty,
    )


def _statement_warnings(folder: Path, wire: Wire) -> Iterator[str]:
    """Where the file that `statement` names is not there: the wire works without it."""
    if wire.statement is not None and not (folder / wire.statement).is_file():
        expected = "a file of this name beside wire.toml; the page /about lacks it"
        yield f"wire.toml: {fault('statement', wire.statement, expected)}"


def _by_file(faults: Iterable[str], names: Sequence[str]) -> dict[str, list[str]]:
    """The faults of each publisher's file."""
    return {name: [line for line in faults if line.startswith(f"{name}: ")] for name in names}


def _with_line(folder: Path, fault_line: str, names: Iterable[str], texts_of: Mapping[str, str]) -> str:
    """A fault with the line of its file, unless that is a file that does not stand there yet."""
    of = next((name for name in (*names, "wire.toml", "rights.toml") if fault_line.startswith(f"{name}: ")), None)
    if of is None or of in texts_of:
        return fault_line
    with suppress(OSError, UnicodeDecodeError):  # which is its fault, then
        text = (folder / of).read_text(encoding="utf-8-sig")
        return f"{of}: {located(fault_line.removeprefix(f'{of}: '), text)}"
    return fault_line


def _table(folder: Path, name: str, faults: list[str], text: str | None = None) -> TomlTable | None:
    try:
        return read_toml(folder, name) if text is None else parse_toml(name, text.encode())
    except ConfigError as error:
        faults.extend(error.faults)
        return None


def _publisher_names(folder: Path, faults: list[str]) -> Sequence[str]:
    try:
        return publisher_files(folder)
    except ConfigError as error:
        faults.extend(error.faults)
        return ()


def _in_file(name: str, lines: Sequence[str]) -> list[str]:
    return [f"{name}: {line}" for line in lines]


# wire.toml


def _wire(folder: Path, faults: list[str], text: str | None) -> Wire | None:
    table = _table(folder, _WIRE, faults, text)
    if table is None:
        return None
    shape, lines = check(WIRE, table)
    if shape is not None:
        lines = [*_agent_faults(shape), *_poll_faults(shape.poll), *_mail_faults(shape.mail), *_desk_faults(shape)]
    faults += _in_file("wire.toml", lines)
    if shape is None:
        return None
    tables = {"fetch", "poll", "pictures", "store", "notify", "engine", "serve", "desk", "complaints", "take", "mail"}
    words = shape.model_dump(exclude=tables)
    return Wire(
        **words,
        fetch=_fetch_settings(shape.fetch),
        poll=_poll_settings(shape.poll),
        pictures=PicturesSettings(most_bytes=round(shape.pictures.max_gb * 1e9)),
        store=StoreSettings(keep_polls=timedelta(days=shape.store.keep_polls_days)),
        complaints=ComplaintSettings(
            keep=timedelta(days=shape.complaints.keep_days), withhold_at_once=shape.complaints.withhold_at_once
        ),
        take=TakeSettings(keep=timedelta(days=shape.take.keep_days)),
        engine=EngineSettings(lost_after=timedelta(seconds=shape.engine.lost_after_seconds)),
        notify=NotifySettings(command=shape.notify.command, timeout=timedelta(seconds=shape.notify.timeout_seconds)),
        serve=_serve_settings(shape.serve),
        desk=DeskSettings(user_header=shape.desk.user_header),
        mail=shape.mail.settings() if shape.mail else None,
    )


def _serve_settings(shape: ServeTable) -> ServeSettings:
    host, port = shape.place()
    hub = Template(shape.hub) if shape.hub else None
    return ServeSettings(host=host, port=port, hosts=shape.hosts, trusted_proxies=shape.trusted_proxies, hub=hub)


def _agent_faults(wire: WireFile) -> Iterator[str]:
    # RFC 9309 section 2.2.1: the token should be part of what the crawler calls itself, or nobody could find it.
    if wire.robots_token.casefold() not in wire.user_agent.casefold():
        yield fault("user_agent", wire.user_agent, f'text that contains robots_token, "{wire.robots_token}"')
    for url in addresses_in(wire.user_agent):
        if not is_address(url):
            yield fault("user_agent", wire.user_agent, f"a valid address in it, which {url} is not")


def _poll_faults(poll: PollTable) -> Iterator[str]:
    if poll.shortest_minutes > poll.longest_minutes:
        expected = f"at most longest_minutes, {poll.longest_minutes:g}"
        yield fault("poll.shortest_minutes", _plain(poll.shortest_minutes), expected)
    elif not poll.shortest_minutes <= poll.every_minutes <= poll.longest_minutes:
        expected = f"a number from shortest_minutes, {poll.shortest_minutes:g}, to longest_minutes, "
        yield fault("poll.every_minutes", _plain(poll.every_minutes), f"{expected}{poll.longest_minutes:g}")


def _mail_faults(mail: MailTable | None) -> Iterator[str]:
    if mail is None:
        return
    if (mail.user is None) != (mail.password is None):
        missing = "password" if mail.password is None else "user"
        other = "user" if missing == "password" else "password"
        yield fault(f"mail.{missing}", None, f"this key to be set, because {other} is")
    if mail.password is not None and mail.security == "none" and not _is_near(mail.host):
        expected = '"starttls" or "tls" beside a password, which others could read on the way'
        yield fault("mail.security", mail.security, expected)


def _desk_faults(wire: WireFile) -> Iterator[str]:
    """Anybody may send a field; it is believed of a proxy alone."""
    if wire.desk.user_header is not None and not wire.serve.trusted_proxies:
        yield fault("serve.trusted_proxies", None, "the proxy that sends desk.user_header, such as 127.0.0.1/32")


def _is_near(host: str) -> bool:
    """Whether what is sent there stays in this network."""
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return "." not in host  # such as localhost


def _plain(number: float) -> float:
    """As it stood in the file: `30` has become 30.0 on its way here."""
    return int(number) if number.is_integer() else number


def _fetch_settings(table: FetchTable) -> FetchSettings:
    return FetchSettings(
        concurrency=table.concurrency,
        per_domain_concurrency=table.per_domain_concurrency,
        per_domain_spacing=timedelta(seconds=table.per_domain_seconds),
        timeout=timedelta(seconds=table.timeout_seconds),
        max_body_bytes=table.max_body_bytes,
        allow_addresses=table.allow_addresses,
    )


def _poll_settings(table: PollTable) -> PollSettings:
    return PollSettings(
        every=timedelta(minutes=table.every_minutes),
        shortest=timedelta(minutes=table.shortest_minutes),
        longest=timedelta(minutes=table.longest_minutes),
        requests_per_hour=table.requests_per_hour,
        accept_discovered=table.accept_discovered,
        unconditional_every=table.unconditional_every,
        most_new_per_poll=table.most_new_per_poll,
        most_new_per_day=table.most_new_per_day,
    )


# rights.toml


def _profiles(folder: Path, faults: list[str]) -> _Profiles | None:
    """The named profiles; None: the file cannot be read."""
    table = _table(folder, "rights.toml", faults)
    if table is None:
        return None
    lines = {name: _in_file("rights.toml", check_part(RIGHTS, {name: profile})) for name, profile in table.items()}
    faults += [line for of_profile in lines.values() for line in of_profile]
    return _Profiles(
        sound={name: profile for name, profile in table.items() if not lines[name]},
        faulty={name: of_profile for name, of_profile in lines.items() if of_profile},
    )


def profiles(folder: Path) -> dict[str, Rights]:
    """The profiles of rights.toml that are sound, by name, as they are where a publisher's file says nothing more. They
    need not keep the rules between the keys: of an open licence a publisher's file says which. ConfigError: the file
    cannot be read.
    """
    faults: list[str] = []
    found = _profiles(folder, faults)
    if found is None:
        raise ConfigError(faults)
    shapes = {name: check(RIGHTS, {name: profile})[0] for name, profile in found.sound.items()}
    return {name: shape[name] for name, shape in shapes.items() if shape is not None}


def _rights(table: TomlTable, profiles: _Profiles | None) -> tuple[Rights | None, Sequence[str]]:
    """A publisher's profile with its own [rights] over it, and what is wrong with the outcome."""
    name, own = table.get("rights_profile"), table.get("rights", {})
    if not isinstance(own, dict) or not isinstance(name, str):
        return None, ()  # the shape of the file says so
    profile = None if profiles is None else profiles.sound.get(name)
    if profile is None:
        lines = check_part(RIGHTS, {"rights": own})
        if profiles is not None and name not in profiles.faulty:
            known = (*profiles.sound, *profiles.faulty)
            expected = f"a profile of rights.toml: {', '.join(known)}{did_you_mean(name, known)}"
            lines.append(fault("rights_profile", name, expected))
        return None, lines
    shape, lines = check(RIGHTS, {"rights": merged(profile, own)})
    if shape is None:
        return None, lines
    rights = shape["rights"]
    if isinstance(rights.ai_use, Uses):
        rights = replace(rights, ai_use=in_a_word(rights.ai_use))
    return rights, faults_of_rights(rights)


# publishers/COUNTRY/KEY.toml


def _publisher(
    name: str, table: TomlTable, profiles: _Profiles | None, wire: Wire | None, faults: list[str]
) -> Publisher | None:
    """What the file `name` makes, as far as it makes a publisher."""
    publisher = None
    shape, shape_lines = check(PUBLISHER, table)
    rights, rights_lines = _rights(table, profiles)
    lines = [*_place_faults(PurePosixPath(name), table), *shape_lines, *rights_lines]
    if shape is not None:
        lines += [*_key_faults(shape), *_contact_faults(shape.contact), *_stance_faults(shape)]
        lines += [*_source_faults(shape.source, wire), *tag_faults(shape.tags)]
    if shape is not None and rights is not None:
        publisher = _assembled(PurePosixPath(name).stem, shape, rights)
        lines += faults_of_publisher(publisher)
    else:
        lines += faults_of_disclaimers(texts(table.get("disclaimers")))
    faults += _in_file(name, lines)
    return publisher


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
        yield fault(f"source[{number}].every_minutes", _plain(minutes), expected)

"""From the files of subscribers to the Subscribers, and to the faults of each; a fault stops the one that has it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

from msgspec import Struct
from msgspec.structs import replace

from aggregator.config.files import subscriber_file, subscriber_files
from aggregator.config.keys import KEY, KEY_EXPECTED
from aggregator.config.lines import located
from aggregator.config.placeholders import is_real
from aggregator.config.selections import code_faults, selection_of
from aggregator.config.shapes.checking import SIGNING, check
from aggregator.config.shapes.subscriber import SUBSCRIBER, SubscriberFile
from aggregator.config.toml import TomlTable, parse_toml
from aggregator.model import Faulty, Subscriber, Template
from aggregator.model.errors import ConfigError
from aggregator.rights import did_you_mean, fault


class Subscribers(Struct, frozen=True):
    """What stands in config/subscribers/."""

    sound: tuple[Subscriber, ...]  # sorted by name
    faulty: tuple[Faulty, ...]
    warnings: tuple[str, ...]


def load_subscribers(folder: Path, searches: Collection[str]) -> Subscribers:
    """Of a configuration folder; none where it has no folder `subscribers`. `searches`: the names of saved searches.
    Publishers' keys are not looked up: see `config.known_publishers`.
    """
    sound: list[Subscriber] = []
    faulty: list[Faulty] = []
    try:
        names = subscriber_files(folder)
    except ConfigError as error:
        return Subscribers((), (Faulty(key="subscribers", file="subscribers", faults=error.faults),), ())
    for name in names:
        key = PurePosixPath(name).stem
        try:
            sound.append(_read(folder, name, searches))
        except ConfigError as error:
            faulty.append(Faulty(key=key, file=name, faults=error.faults))
    return Subscribers(tuple(sound), tuple(faulty), tuple(_warnings(sound)))


def _read(folder: Path, name: str, searches: Collection[str]) -> Subscriber:
    """Raises ConfigError with all faults of the file."""
    try:
        content = (folder / name).read_bytes()
    except OSError as error:
        raise ConfigError([f"{name}: found a file that cannot be read ({error.strerror})"]) from None
    table = parse_toml(name, content)
    shape, lines = check(SUBSCRIBER, table)
    lines = [*_place_faults(PurePosixPath(name)), *lines, *code_faults(table), *_search_faults(table, searches)]
    if shape is None or lines:
        text = content.decode("utf-8-sig")
        raise ConfigError([f"{name}: {located(line, text)}" for line in lines])
    return _made(PurePosixPath(name).stem, shape)


def _place_faults(path: PurePosixPath) -> Iterator[str]:
    if not KEY.fullmatch(path.stem):
        yield fault("the file's name", path.stem, f"{KEY_EXPECTED}, because it is the subscriber's name")
    if len(path.parts) > 2:
        yield fault("the file's place", str(path.parent), "it in subscribers/, and not in a folder below")


def _search_faults(table: TomlTable, searches: Collection[str]) -> Iterator[str]:
    said = table.get("search")
    # One whose own file is faulty goes on as it was: what was sent by it is taken back.
    if isinstance(said, str) and KEY.fullmatch(said) and said not in searches:
        yield fault(
            "search", said, f"the name of a saved search, which is a file in searches/{did_you_mean(said, searches)}"
        )


def _made(name: str, shape: SubscriberFile) -> Subscriber:
    return Subscriber(
        name=name,
        url=Template(shape.url),
        secrets=tuple(Template(said) for key in SIGNING if (said := getattr(shape, key)) is not None),
        selection=replace(selection_of(shape), search=shape.search),
        channel=shape.channel,
        format=shape.format,
        from_beginning=shape.begin == "beginning",
        enabled=shape.enabled,
        contact=shape.contact,
    )


def _warnings(subscribers: Collection[Subscriber]) -> Iterator[str]:
    for each in subscribers:
        if urlsplit(each.url.text).scheme == "http" and is_real(each.url.text):
            said = "url: what is sent there can be read on the way; use an https address where the receiver has one"
            yield f"{subscriber_file(each.name)}: {said}"

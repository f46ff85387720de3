"""From the files of saved searches to the SavedSearches, and to the faults of each; a fault stops the one that has it.
Writes such a file, too.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import tomlkit
from msgspec import Struct

from aggregator.config.files import search_file, search_files
from aggregator.config.keys import KEY, KEY_EXPECTED
from aggregator.config.lines import located
from aggregator.config.saving import save
from aggregator.config.selections import KEYS, code_faults, selection_of
from aggregator.config.shapes.checking import check
from aggregator.config.shapes.search import SEARCH, SearchFile, TellTable
from aggregator.config.toml import parse_toml
from aggregator.model import Faulty, SavedSearch, Tell, Wire
from aggregator.model.errors import ConfigError
from aggregator.rights import fault


class Searches(Struct, frozen=True):
    """What stands in config/searches/."""

    sound: tuple[SavedSearch, ...]  # sorted by name
    faulty: tuple[Faulty, ...]


def load_searches(folder: Path, wire: Wire | None) -> Searches:
    """Of a configuration folder; none where it has no folder `searches`. `wire` None: wire.toml has faults. Publishers'
    keys are not looked up: see `config.known_publishers`.
    """
    sound: list[SavedSearch] = []
    faulty: list[Faulty] = []
    try:
        names = search_files(folder)
    except ConfigError as error:
        return Searches((), (Faulty(key="searches", file="searches", faults=error.faults),))
    for name in names:
        try:
            sound.append(_read(folder, name, wire))
        except ConfigError as error:
            faulty.append(Faulty(key=PurePosixPath(name).stem, file=name, faults=error.faults))
    return Searches(tuple(sound), tuple(faulty))


def save_search(folder: Path, search: SavedSearch) -> Path:
    """Writes the file of a search that has no recipient yet, and returns where it is. Raises ConfigError where there
    is one of this name, or it cannot be written.
    """
    name = search_file(search.name)
    lines = [*_place_faults(PurePosixPath(name))]
    if (folder / name).exists():
        lines.append(fault("the file's name", search.name, "a name that no search has yet; this file is there already"))
    if lines:
        raise ConfigError([f"{name}: {line}" for line in lines])
    save(folder, name, text_of(search))
    return folder / name


def text_of(search: SavedSearch) -> str:
    """What the file of a search says."""
    document = tomlkit.document()
    document["words"] = search.words
    for key, name in KEYS:
        if values := getattr(search.selection, name):
            document[key] = list(values)
    example = '# [[tell]]\n# email = "desk@wire.example"\n# when = "daily"\n# at = "07:00"\n'
    return f"{tomlkit.dumps(document)}\n# Who gets what it finds, and when: docs/alerts.md.\n{example}"


def _read(folder: Path, name: str, wire: Wire | None) -> SavedSearch:
    """Raises ConfigError with all faults of the file."""
    try:
        content = (folder / name).read_bytes()
    except OSError as error:
        raise ConfigError([f"{name}: found a file that cannot be read ({error.strerror})"]) from None
    table = parse_toml(name, content)
    shape, lines = check(SEARCH, table)
    lines = [*_place_faults(PurePosixPath(name)), *lines, *code_faults(table)]
    if shape is not None:
        lines += _tell_faults(shape.tell, wire)
    if shape is None or lines:
        text = content.decode("utf-8-sig")
        raise ConfigError([f"{name}: {located(line, text)}" for line in lines])
    return _made(PurePosixPath(name).stem, shape, wire.timezone if wire else "UTC")


def _place_faults(path: PurePosixPath) -> Iterator[str]:
    if not KEY.fullmatch(path.stem):
        yield fault("the file's name", path.stem, f"{KEY_EXPECTED}, because it is the search's name")
    if len(path.parts) > 2:
        yield fault("the file's place", str(path.parent), "it in searches/, and not in a folder below")


def _tell_faults(tells: tuple[TellTable, ...], wire: Wire | None) -> Iterator[str]:
    first: dict[str, int] = {}
    for number, tell in enumerate(tells, start=1):
        key = f"tell[{number}]"
        if (tell.email is None) == (tell.command is None):
            found = None if tell.email is None else tell.email
            yield fault(f"{key}.email", found, "either this key or `command`")
        if tell.email and wire is not None and wire.mail is None:
            yield fault(f"{key}.email", tell.email, "[mail] in wire.toml, which says by which server e-mails are sent")
        whom = _tell(tell, "UTC").whom
        if first.setdefault(whom, number) != number:
            yield fault(f"{key}.{'email' if tell.email else 'command'}", whom, f"another one than tell[{first[whom]}]")
        if tell.at is not None and tell.when not in ("daily", "weekly"):
            yield fault(f"{key}.at", tell.at, 'this key only beside when = "daily" or "weekly"')
        if tell.zone is not None and tell.when not in ("daily", "weekly"):
            yield fault(f"{key}.zone", tell.zone, 'this key only beside when = "daily" or "weekly"')
        if tell.on is not None and tell.when != "weekly":
            yield fault(f"{key}.on", tell.on, 'this key only beside when = "weekly"')


def _tell(table: TellTable, zone: str) -> Tell:
    usual = Tell()
    return Tell(
        email=table.email,
        command=table.command or (),
        when=table.when,
        at=table.at or usual.at,
        on=table.on or usual.on,
        zone=table.zone or zone,
    )


def _made(name: str, shape: SearchFile, zone: str) -> SavedSearch:
    return SavedSearch(
        name=name,
        words=shape.words,
        title=shape.title or name,
        selection=selection_of(shape),
        tells=tuple(_tell(each, zone) for each in shape.tell),
    )

"""The invented publishers: reads a content file of each, and knows how every report stands at a round of the timeline.

A site's file (`data/demo/press/KEY.toml`) has the keys of `Site`, `[[feed]]` tables of `Feed`, and `[[report]]` tables
of `Report`, each with `[[report.event]]` tables of `Event`. Times are minutes before the press opened, so that the
world is as fresh in a year as today. A body is paragraphs parted by empty lines; a paragraph that begins with `<` is
HTML as it stands, any other is wrapped in `<p>`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from msgspec import Struct
from msgspec.structs import fields, replace

from aggregator.model import Category, Entry, Link, Media, Person, Text
from aggregator.model.errors import PressError

T = TypeVar("T", bound=Struct)

ROBOTS = "User-agent: *\nDisallow:\n"
PICTURES = "pictures"  # the folder beside the content files; and below a site's address
PICTURE_SIZE = (640, 400)  # pixels, of all of them
PICTURE_TYPES = {".png": "image/png", ".jpg": "image/jpeg"}
STYLES = ("news", "wordpress", "old")


class Feed(Struct, frozen=True, kw_only=True):
    """One address at which a site lists its reports."""

    path: str
    format: str = "rss20"  # a row of render.FORMATS
    encoding: str = "utf-8"
    title: str | None = None  # None: the site's
    section: str | None = None  # None: lists every report


class Picture(Struct, frozen=True, kw_only=True):
    """A picture on a report's page, with what the publisher writes below it."""

    file: str  # in the folder `pictures`
    caption: str
    credit: str
    alt: str = ""
    in_feed: bool = False  # whether the feed has it too, where its format can (Media RSS in RSS 2.0)
    body: bytes = b""  # read from the file

    @property
    def type(self) -> str:
        return PICTURE_TYPES[Path(self.file).suffix]


class Event(Struct, frozen=True, kw_only=True):
    """What the publisher does to a report at a round; None leaves that part as it was."""

    round: int
    minutes: int  # before the press opened: what the publisher states as the time of the change
    guid: str | None = None
    path: str | None = None
    title: str | None = None
    summary: str | None = None
    body: str | None = None
    byline: str | None = None
    listed: bool | None = None  # False: no longer in the feeds
    gone: bool | None = None  # True: its page answers 410
    tombstone: bool | None = None  # True: an at:deleted-entry in the feed (RFC 6721), Atom 1.0 only


class Report(Struct, frozen=True, kw_only=True):
    """One report as it stands; `standing` folds the events of a round into it."""

    guid: str
    path: str
    title: str
    summary: str
    body: str
    minutes: int  # published so long before the press opened
    round: int = 0  # first seen at this round
    byline: str | None = None
    categories: tuple[str, ...] = ()
    sections: tuple[str, ...] = ()
    language: str | None = None  # None: the site's
    picture: Picture | None = None
    correction: str | None = None  # that its page has in a place of its own, and no feed
    paid: bool = False  # its page has the first paragraph alone, and asks readers to pay
    events: tuple[Event, ...] = ()
    updated: int | None = None  # minutes before the press opened; None: never changed
    old_paths: tuple[str, ...] = ()  # addresses that now redirect to `path`
    listed: bool = True
    gone: bool = False
    tombstone: bool = False


class Site(Struct, frozen=True, kw_only=True):
    """One publisher's site: what it serves, and when."""

    key: str  # the file's name, as in config/publishers
    host: str
    title: str
    description: str
    language: str
    feeds: tuple[Feed, ...]
    reports: tuple[Report, ...]
    robots: str = ROBOTS
    style: str = "news"  # one of STYLES: how its pages are written

    @property
    def home(self) -> str:
        return f"http://{self.host}/"


def read_sites(folder: Path) -> tuple[Site, ...]:
    """Every `KEY.toml` of the folder as a Site, in the order of their keys.

    Raises PressError naming file, key, what was found and what was expected.
    """
    files = sorted(folder.glob("*.toml"))
    if not files:
        raise PressError(f"{folder}: found no content files, expected one KEY.toml a publisher")
    return tuple(_read_site(file) for file in files)


def standing(site: Site, at: int) -> tuple[Report, ...]:
    """Every report that was ever published by round `at`, as it stands then, newest first."""
    known = [_folded(report, at) for report in site.reports if report.round <= at]
    return tuple(sorted(known, key=lambda report: report.minutes))


def changed(site: Site, at: int) -> int:
    """The last round up to `at` in which anything of the site changed."""
    rounds = [report.round for report in site.reports]
    rounds += [event.round for report in site.reports for event in report.events]
    return max((number for number in rounds if number <= at), default=0)


def entry(site: Site, report: Report, opened: datetime) -> Entry:
    """What the publisher says of a report. `opened`: when the press opened; dates are ISO 8601 UTC text."""
    return Entry(
        id=report.guid,
        title=Text(report.title, "text/plain"),
        summary=Text(report.summary, "text/plain"),
        content=(Text(report.body),),
        links=(Link(f"http://{site.host}{report.path}"),),
        authors=(Person(name=report.byline),) if report.byline else (),
        categories=tuple(map(Category, report.categories)),
        published=before(opened, report.minutes),
        updated=None if report.updated is None else before(opened, report.updated),
        language=report.language or site.language,
        media=(_media(site, report.picture),) if report.picture else (),
    )


def picture_path(site: Site, picture: Picture) -> str:
    """Where the site serves it."""
    folder = "/wp-content/uploads" if site.style == "wordpress" else f"/{PICTURES}"
    return f"{folder}/{picture.file}"


def _media(site: Site, picture: Picture) -> Media:
    return Media(
        url=f"http://{site.host}{picture_path(site, picture)}",
        medium="image",
        type=picture.type,
        width=PICTURE_SIZE[0],
        height=PICTURE_SIZE[1],
        caption=Text(picture.caption, "text/plain"),
        credit=picture.credit,
        alt=picture.alt,
    )


def before(opened: datetime, minutes: int) -> str:
    """ISO 8601 text of the whole second so many minutes before the press opened."""
    return (opened - timedelta(minutes=minutes)).replace(microsecond=0).isoformat()


def _folded(report: Report, at: int) -> Report:
    for event in sorted(report.events, key=lambda event: event.round):
        if event.round <= at:
            report = _after(report, event)
    return report


def _after(report: Report, event: Event) -> Report:
    parts = ("guid", "path", "title", "summary", "body", "byline", "listed", "gone", "tombstone")
    said = {name: getattr(event, name) for name in parts if getattr(event, name) is not None}
    moved = (report.path,) if event.path not in (None, report.path) else ()
    listed = report.listed if event.listed is None else event.listed
    return replace(
        report,
        **said
        | {"updated": event.minutes, "old_paths": report.old_paths + moved, "listed": listed and not event.tombstone},
    )


# Reading


def _read_site(file: Path) -> Site:
    try:
        table = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise PressError(f"{file}: {error}") from error
    folder = file.parent / PICTURES
    reports = tuple(
        _read_report(where, each, folder) for where, each in _tables(table, "report", f"{file}: [[report]]")
    )
    feeds = tuple(_built(Feed, where, each) for where, each in _tables(table, "feed", f"{file}: [[feed]]"))
    if not feeds:
        raise PressError(f"{file}: [[feed]]: found none, expected at least one")
    site = _built(Site, str(file), table | {"key": file.stem, "feeds": feeds, "reports": reports})
    if site.style not in STYLES:
        raise PressError(f"{file}: style: found {site.style!r}, expected one of {', '.join(STYLES)}")
    return site


def _read_report(where: str, table: Mapping[str, Any], pictures: Path) -> Report:
    rest = dict(table)
    if isinstance(rest.get("picture"), dict):
        rest["picture"] = _read_picture(f"{where} [report.picture]", rest["picture"], pictures)
    events = tuple(
        _built(Event, place, _prepared(each)) for place, each in _tables(rest, "event", f"{where} [[report.event]]")
    )
    return _built(Report, where, _prepared(rest) | {"events": events})


def _read_picture(where: str, table: Mapping[str, Any], folder: Path) -> Picture:
    picture = _built(Picture, where, table)
    file = folder / picture.file
    if file.suffix not in PICTURE_TYPES or picture.file != Path(picture.file).name or not file.is_file():
        raise PressError(f"{where}: file: found {picture.file!r}, expected a .png or .jpg file of {folder}")
    return replace(picture, body=file.read_bytes())


def _tables(table: dict[str, Any], key: str, where: str) -> list[tuple[str, dict[str, Any]]]:
    """Takes the array of tables `key` out of `table`: each with its place in the file."""
    found = table.pop(key, [])
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise PressError(f"{where}: found {type(found).__name__}, expected an array of tables")
    return [(f"{where} {number}", each) for number, each in enumerate(found, 1)]


def _prepared(table: Mapping[str, Any]) -> dict[str, Any]:
    """Paragraphs made HTML, arrays made tuples, and the ends of multi-line texts trimmed."""
    ready: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in table.items()}
    if isinstance(ready.get("body"), str):
        ready["body"] = html(ready["body"])
    if isinstance(ready.get("summary"), str):
        ready["summary"] = " ".join(ready["summary"].split())
    return ready


def html(text: str) -> str:
    """Paragraphs parted by empty lines, as HTML."""
    blocks = (" ".join(block.split()) for block in text.strip().split("\n\n"))
    return "\n".join(block if block.startswith("<") else f"<p>{block}</p>" for block in blocks if block)


def _built(noun: type[T], where: str, table: Mapping[str, Any]) -> T:
    """`noun(**table)`, or a PressError that names the unknown, missing or wrongly typed key."""
    known = noun.__annotations__  # as they are written
    for key, value in table.items():
        if key not in known:
            raise PressError(f"{where}: {key}: unknown key, expected one of {', '.join(sorted(known))}")
        wanted = str(known[key]).removesuffix(" | None")
        found = type(value).__name__
        if found != wanted.partition("[")[0]:
            raise PressError(f"{where}: {key}: found {found} {value!r}, expected {wanted}")
    for field in fields(noun):
        if field.required and field.name not in table:
            raise PressError(f"{where}: {field.name}: missing, expected {known[field.name]}")
    return noun(**table)

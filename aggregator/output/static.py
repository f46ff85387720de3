"""`static`: a small site of plain files, for a host that serves files alone: reports, lists, publishers, one style.

The pages are templates of ours, in which every value is escaped; a publisher's word is never part of a template. A page
is written when its report is read, so that much takes little memory; of a report its lists keep one line.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterable, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import DictLoader, Environment, StrictUndefined, Template
from markupsafe import Markup
from msgspec import Struct, field

from aggregator.model.release import Feed, Release
from aggregator.output import beside, copies
from aggregator.output.country_prefix import country_prefix
from aggregator.output.schema_org import described
from aggregator.text.direction import direction

MARK = "made-by-aggregator.txt"  # a folder that has it may be replaced
_PAGES = ("base", "list", "report", "gone", "lists", "about")
_ON_A_PAGE = 100  # reports of a list
_KEY = re.compile(r"[a-z0-9][a-z0-9-]{0,99}")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?=-|$)")


class FolderInUse(Exception):
    """There is something at this place that is no site of ours, so it is not replaced."""


class Names(Struct, frozen=True):
    """How countries and languages are called in English, by their codes."""

    country: Callable[[str], str]
    language: Callable[[str], str]


class _Row(Struct, frozen=True):
    """What a list has of a report."""

    id: str
    headline: str
    publisher: str
    publisher_heading: str
    country: str
    language: str | None
    item_class: str | None
    time: str
    is_indexed: bool
    is_reserved: bool


class _Lists(Struct):
    latest: list[_Row] = field(default_factory=list)
    of: dict[tuple[str, str], list[_Row]] = field(default_factory=dict)

    def add(self, row: _Row) -> None:
        self.latest.append(row)
        language = _LANGUAGE.match(row.language or "")
        places = [("country", row.country.lower()), ("publisher", row.publisher)]
        places += [("language", language[0].lower())] if language else []
        for kind, key in places:
            if _KEY.fullmatch(key):
                self.of.setdefault((kind, key), []).append(row)


# Copies the file of this name, of a picture, to a place; returns whether there is one. Raises OSError.
CopyPicture = Callable[[str, Path], bool]


def _no_picture(name: str, to: Path) -> bool:
    return False


def write(
    feed: Feed,
    atom: bytes | None,
    folder: Path,
    names: Names,
    copy_picture: CopyPicture = _no_picture,
    also: Iterable[str] = (),
) -> int:
    """Writes the site of a feed's releases, of channel `web`, whole or not at all: beside the folder first, and then in
    its place. `atom`: the same as a feed, to which the pages link; None: there is none. `feed.address`: where the site
    will be. `copy_picture` brings the wire's own copies of pictures into its folder `pictures`, those `also` that the
    feed names. Returns how many reports it has. Raises FolderInUse and OSError.
    """
    folder = Path(os.path.abspath(folder.resolve()))
    if folder.exists() and not (folder / MARK).is_file() and (not folder.is_dir() or any(folder.iterdir())):
        raise FolderInUse(f"{folder}: there is something else; name a new folder, or one that this command made")
    beside_it = folder.with_name(f".{folder.name}.{os.getpid()}.new")
    old = folder.with_name(f".{folder.name}.{os.getpid()}.old")
    beside_it.mkdir(parents=True)
    try:
        site = _Site(feed, atom is not None, beside_it, names, copy_picture)
        count = site.write()
        for name in also:
            site.has_picture(name)
        if atom is not None:
            (beside_it / "latest.atom").write_bytes(atom)
        (beside_it / MARK).write_text("`aggregator export static` made this folder and may replace it.\n", "utf-8")
        if folder.exists():
            folder.rename(old)
        try:
            beside_it.rename(folder)
        except OSError:
            if old.exists():
                old.rename(folder)
            raise
    finally:
        shutil.rmtree(beside_it, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)
    return count


class _Site:
    """One site as it is being written."""

    def __init__(self, feed: Feed, has_atom: bool, folder: Path, names: Names, copy_picture: CopyPicture) -> None:
        self._feed, self._folder, self._names = feed, folder, names
        self._copy_picture = copy_picture
        self._pictures: dict[str, bool] = {}  # by the name of the file, whether it is there
        pages = files("aggregator.output") / "pages"
        self._style = (pages / "style.css").read_bytes()
        templates = {f"{name}.html": (pages / f"{name}.html").read_text("utf-8") for name in _PAGES}
        environment = Environment(
            loader=DictLoader(templates), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
            lstrip_blocks=True,
        )  # fmt: skip
        environment.globals.update(feed=feed, has_atom=has_atom, site=feed.address.rstrip("/"), srcset=beside.srcset)
        self._templates: dict[str, Template] = {name: environment.get_template(f"{name}.html") for name in _PAGES}

    def write(self) -> int:
        lists = _Lists()
        for name in ("report", "country", "publisher", "language"):
            (self._folder / name).mkdir()
        (self._folder / "style.css").write_bytes(self._style)
        for release in self._feed.releases:
            self._report(release)
            lists.add(_row(release))
        for gone in self._feed.gone:
            if _KEY.fullmatch(gone.id) and not (self._folder / "report" / f"{gone.id}.html").exists():
                heading = beside.named(gone.publisher_name, gone.publisher_place)
                self._page("gone", f"report/{gone.id}.html", gone=gone, heading=heading)
        self._list("index", "Latest reports", lists.latest)
        for (kind, key), rows in lists.of.items():
            self._list(f"{kind}/{key}", self._title(kind, key, rows), rows)
        for kind, title in (("country", "Countries"), ("publisher", "Publishers"), ("language", "Languages")):
            entries = sorted(
                ((self._title(kind, key, rows), f"{kind}/{key}.html", len(rows), rows[0].country)
                 for (of, key), rows in lists.of.items() if of == kind),
                key=lambda entry: entry[0].casefold(),
            )  # fmt: skip
            self._page("lists", f"{title.lower()}.html", title=title, kind=kind, entries=entries,
                       country_name=self._names.country)  # fmt: skip
        self._page("about", "about.html", count=len(lists.latest))
        return len(lists.latest)

    def _title(self, kind: str, key: str, rows: Sequence[_Row]) -> str:
        if kind == "country":
            return self._names.country(key.upper())
        return self._names.language(key) if kind == "language" else rows[0].publisher_heading

    def _list(self, name: str, title: str, rows: Sequence[_Row]) -> None:
        """Its pages: NAME.html, NAME-2.html ..."""
        parts = [rows[first : first + _ON_A_PAGE] for first in range(0, len(rows), _ON_A_PAGE)] or [[]]
        last = name.rpartition("/")[2]
        for number, part in enumerate(parts, start=1):
            self._page(
                "list",
                f"{name}{f'-{number}' if number > 1 else ''}.html",
                title=title,
                rows=part,
                count=len(rows),
                page=number,
                pages=len(parts),
                newer=None if number == 1 else f"{last}{f'-{number - 1}' if number > 2 else ''}.html",
                older=f"{last}-{number + 1}.html" if number < len(parts) else None,
                is_indexed=all(row.is_indexed for row in part),
                is_reserved=any(row.is_reserved for row in part),
                direction=direction,
            )

    def has_picture(self, name: str) -> bool:
        """Whether the site has a file of a copy; it is copied once. Raises OSError."""
        if name not in self._pictures:
            folder = self._folder / copies.FOLDER
            folder.mkdir(exist_ok=True)
            self._pictures[name] = self._copy_picture(name, folder / name)
        return self._pictures[name]

    def _report(self, release: Release) -> None:
        words = beside.words(release)
        site = self._feed.address.rstrip("/")
        where = f"{site}/report/{release.id}.html"
        release = copies.without(release, {name for name in copies.names(release) if not self.has_picture(name)})
        shown = copies.moved(release, "..")
        self._page(
            "report",
            f"report/{release.id}.html",
            release=release,
            heading=beside.publisher(release),
            headline=beside.headline(release),
            country=country_prefix(release, self._names.country),
            countries=[self._names.country(code) for code in release.about],
            topics=[label for _, label in beside.topics(release)],
            item_class=beside.item_class(release),
            rights=beside.rights(release, self._feed.wire),
            direction=direction(release.language),
            words=Markup(words),
            pictures=[each for each in shown.pictures if each not in beside.pictures_inside(shown, words)],
            canonical={"publisher": release.url, "self": where, "none": None}[release.canonical],
            is_reserved=beside.is_reserved(release),
            linked=beside.linked_rights(release),
            data=described(copies.moved(release, site), where, self._feed.wire, self._feed.site),
        )

    def _page(self, template: str, name: str, **values: Any) -> None:
        path = self._folder / name
        up = "../" * name.count("/")
        path.write_text(self._templates[template].render(up=up, **values), "utf-8")


def _row(release: Release) -> _Row:
    return _Row(
        id=release.id,
        headline=beside.headline(release),
        publisher=release.publisher,
        publisher_heading=beside.publisher(release),
        country=release.country,
        language=release.language,
        item_class=beside.item_class(release),
        time=release.sort_time,
        is_indexed=release.index == "index",
        is_reserved=beside.is_reserved(release),
    )

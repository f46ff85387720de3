"""A report as the editor of another medium takes it: HTML, plain text or ninjs, with all that must stand beside it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape
from types import MappingProxyType

from msgspec.structs import replace

from aggregator.model import Wire
from aggregator.model.release import Feed, Picture, Release
from aggregator.model.taken import TakeFormat
from aggregator.output import beside, ninjs
from aggregator.text.direction import direction
from aggregator.text.printable import as_json, line

# Of each form the ending of its file, and its media type.
FORMS: Mapping[TakeFormat, tuple[str, str]] = MappingProxyType(
    {
        "html": ("html", "text/html; charset=utf-8"),
        "text": ("txt", "text/plain; charset=utf-8"),
        "ninjs": ("json", "application/json"),
    }
)


def rendered(release: Release, form: TakeFormat, wire: Wire) -> str:
    """The report in one of the forms. `release`: what may be taken of it. Its pictures are apart from HTML and plain
    text (`pictures`); in ninjs they are items of their own.
    """
    if form == "html":
        return _html(release)
    if form == "text":
        return "".join(f"{each}\n" for each in _text(release, wire))
    pixel = _pixel(release) if release.html else ""
    return as_json(ninjs.item(_feed(release, wire), replace(release, html=release.html + pixel)), indent=2) + "\n"


def _html(release: Release) -> str:
    language = f' lang="{escape(release.language)}"' if release.language else ""
    alone = beside.as_html(replace(release, pictures=()))
    title = escape(beside.headline(release))
    return f'<article{language} dir="{direction(release.language)}">\n<h1>{title}</h1>\n{alone}\n</article>\n'


def _text(release: Release, wire: Wire) -> Iterator[str]:
    yield line(beside.publisher(release))
    yield from beside.as_text(release, wire=wire.name)
    yield line(release.general)
    yield f"Comment or complain: {line(release.complaints_url)}"
    if release.pixel:
        yield f"Load this picture beside the text, its publisher requires it: {line(release.pixel)}"


def picture_words(picture: Picture) -> str:
    """What must stand beside a picture: its credit, then its caption, then its notice."""
    return "\n".join(line(each) for each in (picture.disclaimer, picture.caption, picture.copyright) if each)


def _pixel(release: Release) -> str:
    return f'<img src="{escape(release.pixel)}" alt="" width="1" height="1">' if release.pixel else ""


def _feed(release: Release, wire: Wire) -> Feed:
    """Whose wire it is."""
    return Feed(
        title=wire.name,
        wire=wire.name,
        site=wire.url,
        address=wire.url,
        updated=release.changed_at or release.first_seen,
        general=release.general,
        complaints_url=wire.complaints_url,
        complaints_email=wire.complaints_email,
        releases=(),
    )

"""The wire's own reports: a Markdown file with TOML front matter, published as an article of the wire's own publisher.

It alone reads that file. The article goes the way of all others, with a revision for every change, and the rights gate.
"""

from __future__ import annotations

import html
import re
import tomllib
from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, get_args

from markdown_it import MarkdownIt
from msgspec import Struct
from msgspec.structs import replace

from aggregator.desk.acts import found
from aggregator.identity import public_id
from aggregator.model import (
    Article,
    Category,
    Document,
    Entry,
    ItemClass,
    NextPoll,
    Person,
    Poll,
    Publisher,
    Source,
    Text,
)
from aggregator.model.errors import ManuscriptError
from aggregator.normalise import normalise
from aggregator.pipeline.recording import record
from aggregator.rights import did_you_mean, fault
from aggregator.store import Store
from aggregator.text.dates import to_iso

SOURCE = "own"  # the key of the source that manuscripts come from
KIND = "manuscript"

_FENCE = "+++"
_FRONT = re.compile(r"\+\+\+[ \t]*\n(?P<front>.*?)^\+\+\+[ \t]*(?:\n|\Z)(?P<body>.*)", re.DOTALL | re.MULTILINE)
_SLUG = re.compile("[a-z0-9][a-z0-9-]*")
_LINE = re.compile(r"(?=.*\S)[^\x00-\x1f\x7f]+")

Check = Callable[[Any], bool]


class Manuscript(Struct, frozen=True, kw_only=True):
    """What the file says. `body` is HTML, with the dateline where readers look for it: before the first words."""

    slug: str  # names the article: the same slug again is another version of it
    title: str
    body: str
    byline: str | None = None
    topics: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()  # ISO 3166-1 alpha-2
    item_class: ItemClass = "own_report"
    language: str | None = None  # BCP 47; None: the first of the publisher's


class Published(Struct, frozen=True, kw_only=True):
    id: str
    change: str | None  # new, revised, corrected ...; None: the words are as they were


def read(path: Path, languages: Collection[str], file: str = "the publisher's file") -> Manuscript:
    """The report in a file; `languages` are those its publisher writes in, by its own `file`. ManuscriptError: all the
    faults of it.
    """
    match = _FRONT.fullmatch(_text(path))
    if match is None:
        raise ManuscriptError([f"{path}: found no front matter, expected TOML between two lines of {_FENCE}"])
    try:
        table = tomllib.loads("\n" + match["front"])  # so that lines are counted as in the file
    except (ValueError, RecursionError) as error:
        said = f"{path}: found front matter that is not TOML ({error}), expected `key = value`"
        raise ManuscriptError([said]) from None
    slug = table.get("slug", path.stem)
    faults = _faults({"slug": slug, **table}, languages, file)
    if not match["body"].strip():
        faults.append(fault("the text", None, f"Markdown after the second {_FENCE}"))
    if faults:
        raise ManuscriptError([f"{path}: {line}" for line in faults])
    return Manuscript(
        slug=slug,
        title=table["title"],
        body=_html(match["body"], table.get("dateline")),
        byline=table.get("byline"),
        topics=tuple(table.get("topics", ())),
        countries=tuple(table.get("countries", ())),
        item_class=table.get("class", "own_report"),
        language=table.get("language"),
    )


def publish(store: Store, publisher: Publisher, manuscript: Manuscript, now: datetime) -> Published:
    """Stores the report, or its next version. Raises DeskError when it was purged, StoreError."""
    source = Source(
        publisher=publisher.key, key=SOURCE, url=publisher.homepage, kind=KIND, item_class=manuscript.item_class,
        enabled=False,
    )  # fmt: skip
    store.add_own_source(source, now)
    entry = _entry(manuscript, published=to_iso(now))
    report = _article(entry, source, publisher).id
    before = store.raw(report)
    if before is not None:
        found(store, report)
        entry = _dated(entry, before, now)
    known = len(store.revisions(report))
    following = NextPoll(at=now, reason=KIND)
    poll = Poll(source=source, started=now, seconds=0.0, outcome="ok", next=following, format=KIND, entries=1)
    record(store, [(poll, [_article(entry, source, publisher)])], now)
    while store.index():
        pass
    revisions = store.revisions(report)
    return Published(id=report, change=revisions[-1]["change_kind"] if len(revisions) > known else None)


def _text(path: Path) -> str:
    """ManuscriptError: it cannot be read, or is not UTF-8."""
    try:
        return path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n")
    except OSError as error:
        raise ManuscriptError([f"{path}: found no readable file ({error.strerror}), expected a report"]) from None
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise ManuscriptError(
            [f"{path}: line {line}: found bytes that are not UTF-8, expected text in UTF-8"]
        ) from None


def _html(markdown: str, dateline: str | None) -> str:
    """CommonMark, with tables; HTML in the file is shown as it is typed. The dateline opens the first paragraph."""
    body = str(MarkdownIt("commonmark", {"html": False}).enable("table").render(markdown)).strip()
    if dateline is None:
        return body
    opening = f"<p>{html.escape(dateline, quote=False)} —"
    return f"{opening} {body.removeprefix('<p>')}" if body.startswith("<p>") else f"{opening}</p>\n{body}"


def _is_line(value: object) -> bool:
    return isinstance(value, str) and _LINE.fullmatch(value) is not None


def _is_list(value: object, item: Check) -> bool:
    return isinstance(value, list) and all(map(item, value))


def _checks(languages: Collection[str], file: str) -> Mapping[str, tuple[Check, str]]:
    """Every key of the front matter: what it must be, and how that is said."""
    line, classes = (_is_line, "one line of text"), get_args(ItemClass)
    return {
        "title": line,
        "byline": line,
        "dateline": line,
        "topics": (lambda value: _is_list(value, _is_line), 'a list of texts, such as ["water", "budget"]'),
        "countries": (
            lambda value: _is_list(value, lambda item: bool(re.fullmatch("[A-Z]{2}", str(item)))),
            'a list of countries of ISO 3166-1, such as ["KE", "TZ"]',
        ),
        "class": (lambda value: value in classes, f"one of {', '.join(classes)}"),
        "language": (lambda value: value in languages, f"one of the `languages` in {file}: {', '.join(languages)}"),
        "slug": (
            lambda value: isinstance(value, str) and _SLUG.fullmatch(value) is not None,
            "small letters a-z, digits and hyphens; it is the file's name unless you set it",
        ),
    }


def _faults(table: Mapping[str, Any], languages: Collection[str], file: str) -> list[str]:
    checks = _checks(languages, file)
    lines = [] if "title" in table else [fault("title", None, "this key to be set")]
    for key, value in table.items():
        if key not in checks:
            hint = did_you_mean(key, checks)
            known = "a known one" if hint else f"one of {', '.join(checks)}"
            lines.append(f"{key}: found an unknown key, expected {known}{hint}")
        elif not checks[key][0](value):
            lines.append(fault(key, value, checks[key][1]))
    return lines


def _entry(manuscript: Manuscript, published: str) -> Entry:
    return Entry(
        id=manuscript.slug,
        title=Text(manuscript.title, "text/plain"),
        content=(Text(manuscript.body),),
        authors=(Person(manuscript.byline),) if manuscript.byline else (),
        categories=tuple(map(Category, (*manuscript.topics, *manuscript.countries))),
        published=published,
        language=manuscript.language,
    )


def _dated(entry: Entry, before: Mapping[str, Any], now: datetime) -> Entry:
    """Keeps the date of the first version; a later one is `updated` when its words differ. A date to come was written
    by a clock that ran ahead.
    """
    at = to_iso(now)
    same = (
        before["title"]["value"] == (entry.title and entry.title.value)
        and [text["value"] for text in before["content"]] == [text.value for text in entry.content]
        and [person["name"] for person in before.get("authors", ())] == [person.name for person in entry.authors]
    )
    updated = before.get("updated") if same else at
    return replace(entry, published=min(before["published"], at), updated=updated and min(updated, at))


def _article(entry: Entry, source: Source, publisher: Publisher) -> Article:
    """Known by its slug alone, a key of its own kind: a publisher's id is doubted when all the words under it change, a
    slug is not; and that two reports of the desk begin alike makes them no twins.
    """
    articles = normalise(Document(format=KIND, entries=(entry,)), source, publisher).articles
    key = f"slug:{entry.id}"
    return replace(articles[0], keys=(key,), near_keys=(), id=public_id(publisher.first_key, key))

"""Templates into HTML: one environment a language of the interface, in which every value is escaped."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from gettext import GNUTranslations, NullTranslations
from importlib.resources import files
from io import BytesIO
from typing import Any

from babel.dates import get_timezone_gmt, get_timezone_name
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from jinja2 import Environment, PackageLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup, escape

from aggregator.model.release import Release
from aggregator.output import beside
from aggregator.tags.mediatopics import topic_label
from aggregator.tags.vocabulary import topics
from aggregator.text.direction import direction, direction_of_words
from aggregator.text.html import shortened
from aggregator.text.languages import primary_subtag
from aggregator.text.printable import line
from aggregator.web.pages import locales, wording
from aggregator.web.pages.reader import INTERFACES, Interface, Reader

MOST_COUNTED = 10_000
_MOST_BEGUN = 220  # characters of a report in a list
_BLANKS = re.compile(r"[ \t\n\r\f\v]+")  # not those that keep a sign beside its word, as in « oui »
_STATIC = files("aggregator.web") / "static"
_OWN_NAMES: Mapping[Interface, str] = {
    "en": "English", "fr": "Français", "pt": "Português", "ar": "العربية", "sw": "Kiswahili",
}  # fmt: skip


@cache
def translations(language: Interface) -> NullTranslations:
    """The catalogue of a language, read once from the package; messages that it lacks stay English."""
    file = files("aggregator.web") / "locales" / f"{language}.po"
    if not file.is_file():
        return NullTranslations()
    compiled = BytesIO()
    write_mo(compiled, read_po(BytesIO(file.read_bytes()), locale=language))
    compiled.seek(0)
    return GNUTranslations(compiled)


@cache
def static_digest(name: str) -> str:
    """A short name of a file's content, for its address."""
    return hashlib.sha256((_STATIC / name).read_bytes()).hexdigest()[:16]


def static_path(name: str) -> str:
    """The path of one of our own files, which is another one when its content is."""
    return f"/static/{name}?v={static_digest(name)}"


def country_in(code: str, language: Interface) -> str:
    """The name of a country or region, by its code: ISO 3166-1 alpha-2, UN M49, XA or XW."""
    if code in ("XA", "XW"):
        code = {"XA": "002", "XW": "001"}[code]
    name = str(locales.locale(language).territories.get(code, code))
    return name[:1].upper() + name[1:]  # of the world it is that of a noun


def language_in(tag: str, language: Interface) -> str:
    """The name of a language, by its BCP 47 tag."""
    names = locales.locale(language).languages
    return str(names.get(tag.replace("-", "_")) or names.get(primary_subtag(tag)) or tag)


def topic_in(code: str, language: Interface) -> str:
    """The label of an IPTC Media Topic; in English where neither the vocabulary nor the catalogue has one in this
    language.
    """
    if code in wording.TOPICS and language not in topics()[code].labels:
        return translations(language).gettext(wording.TOPICS[code])
    return topic_label(code, language)


def topic_language(code: str, language: Interface) -> Interface | None:
    """The language of that label, where it is not the reader's."""
    is_said = code not in topics() or language in topics()[code].labels or code in wording.TOPICS
    return None if is_said or language == "en" else "en"


def count_in(number: int, language: Interface) -> str:
    """How many there are; from MOST_COUNTED on, to which counts are exact, so many or more."""
    said = locales.number_in(number, language)
    return f"{said}+" if number >= MOST_COUNTED else said


def zone_in(reader: Reader, now: datetime) -> str:
    """What the reader's zone is called, in the reader's language, and how far it is from UTC."""
    zoned, locale = now.astimezone(reader.timezone()), locales.locale(reader.language)
    name = get_timezone_name(zoned, width="long", locale=locale)
    return f"{name} (UTC{get_timezone_gmt(zoned, 'iso8601', locale=locale)})" if zoned.utcoffset() else name


def topic_heading(code: str, language: Interface) -> str:
    """The label of a topic as it stands above a list, or for itself."""
    label = topic_in(code, language)
    return label[:1].upper() + label[1:]


@pass_context
def _when(context: Context, moment: str | datetime, shape: str = "medium") -> Markup:
    """A stored time, as people of the reader's language write it, in the reader's zone. `shape`: `day`, `today` with
    the day of the week, `time`, `short` for lists (of today the time, of this year no year), else day and time.
    """
    reader: Reader = context["reader"]
    read = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    zoned = read.astimezone(reader.timezone())
    language = reader.language
    if shape == "today":
        # The moment at which the page is made would make it another page each time.
        day = locales.weekday_in(zoned.date(), language)
        return Markup('<time datetime="{}">{}</time>').format(zoned.date(), day)
    said = _said(shape, zoned, context["now"].astimezone(reader.timezone()), language)
    # A list has fifty of these: this is several times as fast as `Markup.format`.
    return Markup(f'<time datetime="{escape(read.isoformat())}" data-shape="{escape(shape)}">{escape(said)}</time>')


@pass_context
def _clock(context: Context, moment: str) -> Markup:
    """The time of the day in the reader's zone as the server knows it, where what stands beside it is of that day."""
    reader: Reader = context["reader"]
    zoned = datetime.fromisoformat(moment).astimezone(reader.timezone())
    return Markup('<time datetime="{}">{}</time>').format(moment, zoned.strftime("%H:%M"))


def _said(shape: str, moment: datetime, now: datetime, language: Interface) -> str:
    """Of a moment in the reader's zone what its shape has."""
    date = moment.date()
    if shape == "day":
        return locales.day_in(date, language)
    time = moment.strftime("%H:%M")
    if shape == "time" or (shape == "short" and date == now.date()):
        return time
    is_this_year = shape == "short" and moment.year == now.year
    day = locales.day_of_year_in(date, language) if is_this_year else locales.day_in(date, language)
    return locales.with_time(day, time, language)


def _begun(report: Release, most: int = _MOST_BEGUN) -> str:
    """How a report begins, for a list: its publisher's summary, or else its first paragraph, where its rights let out
    more than the headline.
    """
    if report.scope == "headline_only":
        return ""
    words = report.summary or next(filter(None, map(str.strip, report.text.splitlines())), "")
    return shortened(_BLANKS.sub(" ", words).strip(), most)


@cache
def environment(language: Interface) -> Environment:
    """What turns templates into pages of a language."""
    made = Environment(
        loader=PackageLoader("aggregator.web", "templates"), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True, auto_reload=False, extensions=["jinja2.ext.i18n"],
    )  # fmt: skip
    said = translations(language)
    made.install_gettext_callables(said.gettext, said.ngettext, newstyle=True)  # type: ignore[attr-defined]
    made.filters.update(
        country=lambda code: country_in(code, language),
        language=lambda tag: language_in(tag, language),
        topic=lambda code: topic_heading(code, language),
        topic_language=lambda code: topic_language(code, language),
        kind=lambda kind: said.gettext(wording.KINDS[kind]),
        one_kind=lambda kind: said.gettext(wording.KIND_OF_ONE[kind]),
        group=lambda group: said.gettext(wording.GROUPS[group]),
        item_class=lambda item_class: said.gettext(wording.ITEM_CLASSES[item_class]),
        number=lambda number: locales.number_in(number, language),
        count=lambda number: count_in(number, language),
        direction=direction,
        direction_of_words=direction_of_words,
        one_line=line,
        when=_when,
        clock=_clock,
    )
    made.globals.update(
        static=static_path, interfaces=INTERFACES, own_names=_OWN_NAMES, headline=beside.headline,
        publisher_line=beside.publisher, srcset=beside.srcset, begun=_begun,
    )  # fmt: skip
    return made


def write(template: str, reader: Reader, values: Mapping[str, Any]) -> str:
    """A page as HTML. `values` beside `reader`, which every template has."""
    return environment(reader.language).get_template(template).render(reader=reader, **values)

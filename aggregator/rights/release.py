"""The gate: what of a report may leave by a channel at a time, and what must stand beside it; pure.

An output is given Releases and nothing else, so that nothing leaves without its publisher's name, its credit, its
disclaimers, its terms and its original link. Rights are asked here again, although those that are stored were in force
when they were stored: whatever a clock ends is over here too.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import islice
from types import MappingProxyType
from typing import get_args
from urllib.parse import quote

from msgspec.structs import replace

from aggregator.model import DEFAULT_DISCLAIMERS, Channel, Media, Rights, Text, TextScope, Wire
from aggregator.model.picture import PictureCopy
from aggregator.model.publisher import Use, Uses
from aggregator.model.release import Held, Outlet, Picture, PictureFile, Refusal, RefusalReason, Release
from aggregator.model.signals import Signal
from aggregator.model.who import Author
from aggregator.rights import signal_forms
from aggregator.rights.agreements import ends_at
from aggregator.rights.gate import at_most, effective
from aggregator.rights.rules import PIXEL_FIELDS
from aggregator.rights.signals import NAMES, Ground, basis, binding, grounds, policy
from aggregator.rights.templates import fill
from aggregator.text.dates import from_iso
from aggregator.text.folding import fold
from aggregator.text.html import excerpt
from aggregator.text.markup import safe
from aggregator.text.printable import address, line, lines
from aggregator.text.urls import domain_of_url

_MOST_CATEGORIES = 50
_MOST_COPIES = 20  # of a report
_USUAL_WIDTH = 800  # pixels, of the file that is named where only one can be
# What a picture's own notice says where it may be passed on without asking: Creative Commons, the public domain.
_OPEN = re.compile(
    r"(?i)\bCC(?:[ -]?(?:0|BY)\b)|\bcreative ?commons\b|creativecommons\.org/|\bpublic domain\b|\bdomaine public\b"
)
_TERMS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "commercial_use": {
            "yes": "Commercial use is allowed.",
            "no": "No commercial use.",
            "not_sold_separately": "This report may not be sold by itself.",
            "ask": "Ask {publisher} before any commercial use.",
        },
        "edits": {
            "none": "No edits.",
            "style_only": "Edits of style only.",
            "licensed": "Edits are allowed.",
        },
        "translation": {
            "no": "No translations.",
            "with_label": "Translations must be marked as translations.",
            "licensed": "Translations are allowed.",
        },
    }
)
_USES: Mapping[Use, str] = MappingProxyType(
    {"train": "Training of models", "input": "Answers by machines", "search": "Search"}
)
_WITH_NOTE = re.compile(r"[^.!?]*\{publisher_note\}[^.!?]*[.!?]?")


def release(
    held: Held, wire: Wire, outlet: Outlet, note: str | None = None, *, with_html: bool = True
) -> Release | Refusal:
    """What of a report may leave by an outlet, or why nothing may. `note`: what its publisher says of a correction, a
    line of its own words. `with_html`: False for lists, which show no HTML; to make it safe takes a third of the time.
    """
    allowed = what_may_leave(held, outlet)
    if isinstance(allowed, Refusal):
        return allowed
    scope, found = allowed
    pictures = tuple(_at(wire, each) for each in found if wire.url or not each.copy)
    channel, rights = outlet.channel, effective(held.rights, outlet.now.astimezone(UTC).date())
    full, some = scope == "full_text", scope in ("full_text", "excerpt")
    cut = excerpt(held.summary, held.text, rights.excerpt_max_words) if scope == "excerpt" else ""
    summary, text = (held.summary, held.text) if full else (cut, cut)
    said_to_machines = signals_of(held)
    by_use = grounds(rights, said_to_machines)
    dateline = held.who.dateline
    if dateline and dateline.literal not in text:  # words of a text that does not leave, or is not in force any more
        dateline = None
    agencies = _agencies(held, pictures)
    return Release(
        channel=channel,
        id=held.id,
        revision=held.revision,
        publisher=held.publisher,
        publisher_name=line(held.publisher_name),
        publisher_place=line(held.publisher_place),
        publisher_kind=held.publisher_kind,
        publisher_group=held.publisher_group,
        homepage=held.homepage,
        country=held.country,
        item_class=held.item_class,
        scope=scope,
        headline=line(held.title),
        summary=lines(summary),
        text=lines(text),
        html=_html(held, pictures) if full and with_html else "",
        byline=line(held.byline) if held.byline and some else None,
        dateline=line(dateline.literal) if dateline else None,
        language=held.language,
        published=held.published,
        updated=held.updated,
        first_seen=held.first_seen,
        changed_at=held.changed_at,
        corrected=held.corrected,
        sort_time=held.sort_time,
        credit=line(held.credit),
        copyright_notice=line(held.copyright_notice) if held.copyright_notice else None,
        copyright_holder=rights.copyright_holder,
        licence=held.licence,
        licence_url=rights.licence_url,
        usage_terms=usage_terms(held.publisher_name, rights, by_use),
        url=address(held.url),
        canonical=rights.canonical,
        index=rights.index,
        origin=_origin(held) or next(iter(agencies), None),
        guid=line(held.entry.id) if held.entry and held.entry.id else None,
        words_hash=held.words_hash,
        categories=_categories(held) if some else (),
        disclaimers=tuple(_disclaimers(held, wire, scope, note, _shown(held, text, is_more=some), agencies)),
        general=_text(held, "general", {"wire": wire.name}),
        complaints_url=held.complaints_url,
        corrections_contact=held.corrections or held.homepage,
        permissions_contact=held.permissions,
        pictures=pictures,
        pixel=_pixel(held, rights) if full and channel == "web" else None,
        uses=Uses(**{use: ground.state for use, ground in by_use.items()}),
        channels=tuple(each for each in get_args(Channel) if each in rights.redistribute),
        uses_basis=basis(by_use),
        policy_url=address(policy(said_to_machines)),
        valid_until=_next_change(held, outlet.now),
        language_from=held.language_from,
        topics=held.topics,
        about=held.about,
        located=line(", ".join(filter(None, (*dateline.places, dateline.country)))) if dateline else None,
        authors=tuple(_authors(held, text, is_whole=full)) if some else (),
        agencies=agencies,
    )


def _shown(held: Held, text: str, *, is_more: bool) -> str:
    """What leaves of its publisher's words, its page's note of a correction among them where more than a headline
    does.
    """
    page = held.entry.page if held.entry else None
    note = page.correction if page and is_more else None
    return "\n".join(filter(None, (held.title, text, note)))


def what_may_leave(held: Held, outlet: Outlet) -> tuple[TextScope, tuple[Picture, ...]] | Refusal:
    """How much of its text, and which of its pictures; without what must stand beside them."""
    rights = effective(held.rights, outlet.now.astimezone(UTC).date())
    if refused := _refusal(held, rights, outlet):
        reason, text = refused
        return Refusal(id=held.id, reason=reason, text=text, valid_until=_next_change(held, outlet.now))
    scope = _scope(held, rights, outlet)
    return scope, tuple(_pictures(held, rights, scope))


def signals_of(held: Held) -> tuple[Signal, ...]:
    """What its publisher says to machines that is about this report."""
    of_entry: tuple[Signal, ...] = ()
    if held.entry is not None and (held.entry.rights or held.entry.rsl or held.entry.links):
        licences = (link.href for link in held.entry.links if link.rel == "license")
        of_entry = signal_forms.of_entry(held.entry.rights, licences, held.entry.rsl, held.url or held.homepage)
    if held.entry is not None and held.entry.page is not None and held.entry.page.licences:
        of_entry += signal_forms.of_entry(None, held.entry.page.licences, (), held.url or held.homepage)
    return (*binding(held.signals, (held.url, held.source_url), held.homepage), *of_entry)


def widest(rights: Rights, outlet: Outlet, signals: Iterable[Signal] = ()) -> TextScope:
    """What of any report under these rights leaves by an outlet at most; 'none': nothing does. `signals`: those of the
    publisher's site that hold for all its reports.
    """
    in_force = effective(rights, outlet.now.astimezone(UTC).date())
    ground = grounds(in_force, signals)[outlet.use] if outlet.use else None
    if _closed(in_force, outlet) or _is_refused(ground, outlet.use):
        return "none"
    is_narrowed = _is_narrowed(ground, outlet.use)
    return at_most(in_force.text_scope, "headline_only") if is_narrowed else in_force.text_scope


def _grounds(held: Held, rights: Rights) -> dict[Use, Ground]:
    return grounds(rights, signals_of(held))


def usage_terms(publisher: str, rights: Rights, by_use: Mapping[Use, Ground] | None = None) -> str:
    """The terms that travel with a report, a sentence each. `by_use`: what its publisher says to machines, too."""
    found = grounds(rights) if by_use is None else by_use
    return " ".join((_terms(publisher, rights), *(f"{what}: {found[use].state}." for use, what in _USES.items())))


@lru_cache(maxsize=4_096)  # publishers; a list has many reports of one
def _terms(publisher: str, rights: Rights) -> str:
    """Those of the configuration that are not about machines."""
    said = [
        fill(texts[getattr(rights, name)], {"publisher": line(publisher).replace("{", "(").replace("}", ")")})
        for name, texts in _TERMS.items()
    ]
    return " ".join(said)


def _refusal(held: Held, rights: Rights, outlet: Outlet) -> tuple[RefusalReason, str] | None:
    """The first reason for which nothing leaves."""
    use, believed = outlet.use, outlet.believed or outlet.now
    if held.embargoed_until is not None and believed < from_iso(held.embargoed_until):
        return "embargoed", ""
    if held.status != "usable":
        reason: RefusalReason = held.notice or ("withdrawn" if held.status == "canceled" else "withheld")
        return reason, line(held.notice_text or "")
    name = line(held.publisher_name)
    if rights.text_scope == "none":
        return "no_scope", f"The rights of {name} let nothing of its reports out (rights.text_scope)."
    if channel := _closed(rights, outlet):
        return "channel", f"The rights of {name} do not name the channel {channel} (rights.redistribute)."
    ground = _grounds(held, rights)[use] if use else None
    if ground is not None and _is_refused(ground, use):
        said = "refuses" if ground.state == "refused" else "does not allow"
        where = "rights.ai_use"
        if ground.signal is not None:
            where = f"{NAMES[ground.signal.form]}, {line(ground.signal.url)}"
        return "use", f"{name} {said} this use by machines: {use} ({where})."
    return None


def _closed(rights: Rights, outlet: Outlet) -> Channel | None:
    """The first of its channels that the rights do not name."""
    asked = (each for each in (outlet.channel, *outlet.also) if each is not None)
    return next((each for each in asked if each not in rights.redistribute), None)


def _is_refused(ground: Ground | None, use: Use | None) -> bool:
    """Whether nothing leaves for a use. What is not stated is taken for a refusal to train, and for no other use."""
    return ground is not None and (ground.state == "refused" or (ground.state == "unstated" and use == "train"))


def _is_narrowed(ground: Ground | None, use: Use | None) -> bool:
    """Whether no more than a headline with credit and link leaves for a use."""
    return use == "input" and ground is not None and ground.state != "allowed"


def _scope(held: Held, rights: Rights, outlet: Outlet) -> TextScope:
    """The widest scope that rights, storage and use allow, and that there are words for."""
    scope = at_most(rights.text_scope, outlet.most)
    ends = _retention_ends(held, rights)
    ground = _grounds(held, rights)[outlet.use] if outlet.use else None
    if _is_narrowed(ground, outlet.use) or (ends is not None and outlet.now >= ends):
        scope = at_most(scope, "headline_only")
    return scope if held.text or held.summary else at_most(scope, "headline_only")


def _retention_ends(held: Held, rights: Rights) -> datetime | None:
    if rights.storage != "transient" or rights.retention_days is None:
        return None
    return from_iso(held.first_seen) + timedelta(days=rights.retention_days)


def _next_change(held: Held, now: datetime) -> datetime | None:
    """The next moment at which the clock alone changes what leaves."""
    moments = [ends_at(held.rights), _retention_ends(held, held.rights)]
    if held.embargoed_until is not None:
        moments.append(from_iso(held.embargoed_until))
    return min((moment for moment in moments if moment is not None and moment > now), default=None)


def _html(held: Held, pictures: tuple[Picture, ...]) -> str:
    """The whole text as HTML that is safe to show."""
    base = (held.entry.base if held.entry else None) or held.url
    shown = {picture.url for picture in pictures}
    said = (held.entry.content or ((held.entry.summary,) if held.entry.summary else ())) if held.entry else ()
    made = "\n".join(filter(None, (_as_html(text, base, shown) for text in said)))
    return made or _as_html(Text(held.text, "text/plain"), base, shown)


def _as_html(text: Text, base: str | None, shown: set[str]) -> str:
    if text.type != "text/plain":
        return safe(text.value, base, shown)
    paragraphs = (html.escape(lines(each)) for each in text.value.splitlines() if each.strip())
    return "".join(f"<p>{each}</p>" for each in paragraphs)


def _pictures(held: Held, rights: Rights, scope: TextScope) -> Iterator[Picture]:
    """Those that may be shown: from their publisher's own address, or, where that is not allowed, as the copies that
    the wire has.
    """
    for media in _allowed(held, rights, scope):
        if rights.images.hotlink:
            yield _picture(held, media, None)
        elif (copy := held.copies.get(media.url)) is not None and may_copy(rights):
            yield _picture(held, media, copy)


def _allowed(held: Held, rights: Rights, scope: TextScope) -> Iterator[Media]:
    """The pictures that its publisher lets the wire show. Text rights never flow to pictures."""
    allowed = rights.images
    if allowed.scope == "none" or scope == "headline_only":
        return
    if allowed.scope in ("same_as_text", "agreement") and scope != "full_text":
        return
    for media in held.media:
        is_open = _OPEN.search(f"{media.credit or ''} {media.copyright or ''}") is not None
        if is_picture(media) and (is_open or allowed.scope != "per_image_licence") and address(media.url):
            yield media


def may_copy(rights: Rights) -> bool:
    """Whether the wire may keep and show copies of pictures, where it may show pictures. The files are open to
    everybody, so they are on the web whatever names them; and what may not be stored is not copied.
    """
    return not rights.images.hotlink and "web" in rights.redistribute and rights.storage != "metadata_only"


def copies_wanted(held: Held, outlet: Outlet) -> tuple[str, ...] | None:
    """Of which of its pictures the wire should have copies to show by the channel `web`, by address, at most 20; None:
    that is not decided, because the report is held back for a time.
    """
    rights = effective(held.rights, outlet.now.astimezone(UTC).date())
    if refused := _refusal(held, rights, replace(outlet, channel="web", use=None, also=())):
        is_for_a_time = refused[0] == "embargoed" or (held.status == "withheld" and refused[0] != "legal")
        return None if is_for_a_time else ()
    if not may_copy(rights):
        return ()
    found = (media.url for media in _allowed(held, rights, _scope(held, rights, outlet)))
    return tuple(islice(dict.fromkeys(found), _MOST_COPIES))


def is_picture(media: Media) -> bool:
    return media.medium == "image" or (media.type or "").startswith("image/")


def _picture(held: Held, media: Media, copy: PictureCopy | None) -> Picture:
    credit = media.credit or media.copyright or held.publisher_name
    described = Picture(
        url=media.url,
        disclaimer=_text(held, "image", {"credit": line(credit)}),
        type=media.type,
        width=media.width,
        height=media.height,
        caption=lines(media.caption.value) if media.caption else None,
        credit=line(credit),
        copyright=media.copyright,
        alt=media.alt,
        language=media.language,
    )
    if copy is None:
        return described
    sizes = tuple(
        PictureFile(url=f"/pictures/{copy.digest}.{size.width}.jpg", width=size.width, height=size.height)
        for size in copy.sizes
    )
    usual = max((each for each in sizes if each.width <= _USUAL_WIDTH), key=lambda each: each.width, default=sizes[0])
    return replace(
        described, url=usual.url, type="image/jpeg", width=usual.width, height=usual.height, copy=copy.digest,
        sizes=sizes,
    )  # fmt: skip


def _at(wire: Wire, picture: Picture) -> Picture:
    """A copy at its address on the wire's own site."""
    if not picture.copy:
        return picture
    site = wire.url.rstrip("/")
    sizes = tuple(replace(each, url=site + each.url) for each in picture.sizes)
    return replace(picture, url=site + picture.url, sizes=sizes)


def _disclaimers(
    held: Held, wire: Wire, scope: TextScope, note: str | None, shown: str, agencies: tuple[str, ...]
) -> Iterator[str]:
    """Those that apply, in the order in which they are read; `shown`: what leaves of its words; `agencies`: those that
    it names.
    """
    yield line(held.disclaimer)
    if scope == "excerpt" and held.rights.text_scope == "full_text":  # of which what is stored says nothing
        yield _text(held, "excerpt", {"original_url": held.url or held.homepage})
    origin = _origin(held)
    named = (*([origin] if origin else []), *(each for each in agencies if fold(each) != fold(origin)))
    if named:
        yield _text(held, "wire_inside", {"agency": ", ".join(named)})
    if held.changed_at is None:
        return
    values = {"time": f"{held.changed_at[:16].replace('T', ' ')} UTC", "wire": wire.name}
    if not held.corrected:
        yield _text(held, "updated", values)
    elif note and note in shown:
        yield _text(held, "corrected", {**values, "publisher_note": line(note)})
    else:
        template = _WITH_NOTE.sub("", held.texts.get("corrected", DEFAULT_DISCLAIMERS["corrected"])).strip()
        yield _filled(held, template, values)


def _text(held: Held, name: str, values: Mapping[str, str]) -> str:
    return _filled(held, held.texts.get(name, DEFAULT_DISCLAIMERS[name]), values)


def _filled(held: Held, template: str, values: Mapping[str, str]) -> str:
    known = {
        "publisher": held.publisher_name,
        "corrections_contact": held.corrections or held.homepage,
        "complaints_url": held.complaints_url,
        "original_url": held.url or held.homepage,
    }
    return line(fill(template, {**known, **values}))


def _origin(held: Held) -> str | None:
    """The name of whom its publisher has the report from, where it names another than itself."""
    origin = held.entry.origin if held.entry else None
    if origin is None:
        return None
    names = (line(name).strip()[:200] for name in (origin.name, origin.source, origin.publisher) if name)
    own = fold(held.publisher_name)
    here = {domain_of_url(url) for url in (held.homepage, held.url) if url}
    if any(domain_of_url(url) in here for url in (origin.url, origin.feed) if url):
        return None  # its own, under whatever name
    other = (name for name in names if name and not name.startswith(("http:", "https:")))
    return next((name for name in other if fold(name) not in own and own not in fold(name)), None)


def _agencies(held: Held, pictures: tuple[Picture, ...]) -> tuple[str, ...]:
    """The agencies that dateline or byline name, and those of pictures that leave."""
    credits = {picture.credit for picture in pictures}
    return tuple(
        line(each.stated) for each in held.who.agencies if each.where != "credit" or line(each.words) in credits
    )


def _authors(held: Held, text: str, *, is_whole: bool) -> Iterator[Author]:
    """Those whom the byline names, and those whom the text names where that stands in the words that leave."""
    shown = "" if is_whole else fold(text)
    for each in held.who.authors:
        said = (each.name, each.title, each.place, each.organisation)
        if is_whole or each.where == "byline" or all(fold(words) in shown for words in said if words):
            yield _author(each)


def _author(said: Author) -> Author:
    return replace(
        said,
        name=line(said.name),
        title=said.title and line(said.title),
        place=said.place and line(said.place),
        organisation=said.organisation and line(said.organisation),
    )


def _categories(held: Held) -> tuple[str, ...]:
    said = (line(str(each)).strip() for each in (held.entry.categories if held.entry else ()))
    return tuple(dict.fromkeys(filter(None, said)))[:_MOST_CATEGORIES]


def _pixel(held: Held, rights: Rights) -> str | None:
    if rights.tracking_pixel is None:
        return None
    values = dict(zip(PIXEL_FIELDS, (held.id, held.publisher, held.url or ""), strict=True))
    try:
        filled = fill(rights.tracking_pixel, {name: quote(said, safe="") for name, said in values.items()})
    except (KeyError, ValueError):  # an older version stored it, which knew other fields
        return None
    return address(filled)

"""Lists of a topic, a language, a kind or a group of publishers, a class of reports."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar, get_args

from msgspec.structs import replace

from aggregator.config.codes import LANGUAGE_FORM, is_language
from aggregator.model import Group, ItemClass, Kind, Selection
from aggregator.tags.vocabulary import topics, with_broader
from aggregator.text.folding import fold
from aggregator.web.pages import wording
from aggregator.web.pages.lists import BEFORE, Link, List, coded, count, no_such_list, topic_link, written_code
from aggregator.web.pages.page import PageRoute, Visit
from aggregator.web.pages.sections import DOCUMENTS, SECTION_OF, document_classes, group_link, groups
from aggregator.web.pages.writing import language_in, topic_heading, topic_language

_T = TypeVar("_T", Kind, Group, ItemClass)
_LONGEST_TAG = 35  # characters of a language's tag (RFC 5646 section 4.4.1)


def _topic(visit: Visit, code: str) -> List:
    if code not in topics():
        raise no_such_list()
    gettext, language = visit.gettext, visit.reader.language
    name = topic_heading(code, language)
    narrower = [each.code for each in topics().values() if each.broader == code]
    return List(
        selection=Selection(topics=(code,)),
        path=f"/topic/{code}",
        title=name,
        description=gettext("Reports about this topic and its narrower ones, as this wire found: %(topic)s.")
        % {"topic": name},
        title_language=topic_language(code, language),
        note=gettext("What this wire found to be about this topic or a narrower one."),
        feed=f"/feeds/topic/{code}",
        compared=f"/positions?topic={code}",
        above=tuple(topic_link(each, language) for each in reversed(with_broader(code)[1:])),
        within=tuple(
            topic_link(each, language)
            for each in sorted(narrower, key=lambda each: fold(topic_heading(each, language)))
            if count(visit, Selection(topics=(each,)), 1)
        ),
    )


def _language(visit: Visit, code: str) -> List:
    if len(code) > _LONGEST_TAG or not LANGUAGE_FORM.fullmatch(code) or not is_language(code):
        raise no_such_list()
    gettext, name = visit.gettext, language_in(code, visit.reader.language)
    known = {tag.lower() for each in visit.store.known_publishers().values() for tag in each.languages}
    return List(
        selection=Selection(languages=(code,)),
        path=f"/language/{code}",
        title=gettext("Reports in %(language)s") % {"language": name},
        description=gettext("The latest reports in this language, from all publishers of this wire: %(language)s.")
        % {"language": name},
        feed=f"/feeds/language/{code}" if code in known else None,
    )


def _meant(known: Mapping[_T, str], code: str) -> _T:
    """What an address calls by a code, of what there are names of. Raises Problem."""
    found = next((each for each in known if written_code(each) == code), None)
    if found is None:
        raise no_such_list()
    return found


def _kind(visit: Visit, code: str) -> List | str:
    kind = _meant(wording.KINDS, code)
    if kind == "own":
        return "/own"
    of = {each.group for each in visit.store.known_publishers().values() if each.kind == kind}
    made = _of_publishers(visit, f"/kind/{code}", wording.KINDS[kind], Selection(kinds=(kind,)), is_known=bool(of))
    return replace(made, above=tuple(group_link(visit, group) for group in groups(visit) if group in of))


def _group(visit: Visit, code: str) -> List | str:
    group = _meant(wording.GROUPS, code)
    if group == "own":
        return "/own"
    of = {each.kind for each in visit.store.known_publishers().values() if each.group == group}
    path, selection = f"/group/{code}", Selection(groups=(group,))
    made = _of_publishers(visit, path, wording.GROUPS[group], selection, is_known=bool(of))
    links = (
        Link(f"/kind/{written_code(each)}", visit.gettext(wording.KINDS[each])) for each in get_args(Kind) if each in of
    )
    return replace(made, within=tuple(links))


def _of_publishers(visit: Visit, path: str, called: str, selection: Selection, *, is_known: bool) -> List:
    """`called`: the publishers, in English; `is_known`: whether there are any."""
    gettext = visit.gettext
    name = gettext(called)
    return List(
        selection=selection,
        path=path,
        title=name,
        description=gettext("The latest reports of publishers of one kind: %(kind)s.") % {"kind": name},
        note=gettext("What publishers of this kind say, about whatever it is."),
        feed=f"/feeds{path}" if is_known else None,
    )


def _class(visit: Visit, code: str) -> List | str:
    gettext, of = visit.gettext, _meant(wording.CLASSES, code)
    if of in SECTION_OF:
        return SECTION_OF[of]
    name = gettext(wording.CLASSES[of])
    return List(
        selection=Selection(item_classes=(of,)),
        path=f"/class/{code}",
        title=name,
        description=gettext("The latest reports of one class: %(class)s.") % {"class": name},
        feed=f"/feeds/class/{code}",
        switch=document_classes(visit, of) if of in DOCUMENTS else (),
    )


ROUTES = (
    PageRoute("/topic/{code}", coded(_topic), BEFORE),
    PageRoute("/language/{tag}", coded(_language), BEFORE),
    PageRoute("/kind/{kind}", coded(_kind), BEFORE),
    PageRoute("/group/{group}", coded(_group), BEFORE),
    PageRoute("/class/{class}", coded(_class), BEFORE),
)

"""The terms of a publisher in plain words, for readers and editors who are no lawyers: each key of its rights as a
sentence.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from msgspec import Struct

from aggregator.model import Channel, Rights
from aggregator.model.publisher import (
    Basis,
    CommercialUse,
    Edits,
    ImageScope,
    Index,
    TextScope,
    Translation,
    Use,
    UseState,
)
from aggregator.model.signals import Signal
from aggregator.rights import SIGNAL_NAMES, effective, grounds, licence_name, sheet
from aggregator.text.printable import address
from aggregator.web.pages.locales import day_in, list_in, number_in
from aggregator.web.pages.page import Gettext
from aggregator.web.pages.reader import Interface
from aggregator.web.pages.wording import N_

_TEXT: Mapping[TextScope, str] = {
    "full_text": N_("You can read the whole text of its reports here."),
    "excerpt": N_("You can read the opening lines here, at most %(words)s words, with a link to the whole report."),
    "headline_only": N_("You can read the headlines here, each with a link to the report."),
    "none": N_("Nothing of its reports may be shown on these pages."),
}
_PICTURES: Mapping[ImageScope, str] = {
    "none": N_("Its pictures are not shown here."),
    "per_image_licence": N_("A picture is shown only where its own licence allows that."),
    "same_as_text": N_("Its pictures are shown with the text."),
    "agreement": N_("Its pictures are shown under an agreement with the publisher."),
}
_BASIS: Mapping[Basis, str] = {
    "own": N_("These reports are our own."),
    "agreement": N_("We carry its reports under an agreement with the publisher."),
    "open_licence": N_("The publisher lets everybody republish its reports under an open licence."),
    "public_domain": N_("Its reports are in the public domain: nobody holds rights in them."),
    "statutory": N_("The law allows everybody to republish these texts."),
    "press_release": N_("The publisher sends out these texts so that others publish them."),
    "quotation": N_("We quote from its reports, as the law allows. We have no agreement with the publisher."),
    "none": N_("We have no agreement with the publisher. We show where its reports are."),
}
_EDITS: Mapping[Edits, str] = {
    "none": N_("Nobody may change its texts."),
    "style_only": N_("Its texts may be adapted in style, but not in what they say."),
    "licensed": N_("Its texts may be edited."),
}
_TRANSLATION: Mapping[Translation, str] = {
    "no": N_("Its texts may not be published in translation."),
    "with_label": N_("Its texts may be translated, if each translation says that it is one."),
    "licensed": N_("Its texts may be translated."),
}
_SOLD: Mapping[CommercialUse, str] = {
    "yes": N_("Its reports may be used to earn money."),
    "no": N_("Its reports may not be used to earn money."),
    "not_sold_separately": N_("Its reports may be part of what is sold, but no report may be sold by itself."),
    "ask": N_("Ask the publisher before you use its reports to earn money."),
}
_BY_MACHINE = N_("Do not republish all of its reports by machine: each must be chosen by a person.")
_MACHINES: Mapping[Use, Mapping[UseState, str]] = {
    "train": {
        "allowed": N_("Machines may learn from its reports."),
        "refused": N_("Machines may not learn from its reports."),
        "unstated": N_(
            "The publisher does not say whether machines may learn from its reports. We take that for a no."
        ),
    },
    "input": {
        "allowed": N_("Machines may use its reports to answer questions."),
        "refused": N_("Machines may not use its reports to answer questions."),
        "unstated": N_(
            "The publisher does not say whether machines may use its reports to answer questions. We give them no more"
            " than headlines."
        ),
    },
    "search": {
        "allowed": N_("Search engines may list its reports."),
        "refused": N_("Search engines may not list its reports."),
        "unstated": N_("The publisher does not say whether search engines may list its reports."),
    },
}
_BY_ITS_SITE = N_("Its own site says so to machines: %(form)s.")
_INDEX: Mapping[Index, str] = {
    "noindex": N_("We ask search engines not to list our copies of its reports, but the originals."),
    "index": N_("Search engines may list our copies of its reports."),
}
_WAYS: Mapping[Channel, str] = {
    "web": N_("these pages"),
    "feed": N_("feeds"),
    "api": N_("the programming interface"),
    "email": N_("e-mail"),
}
_LEAVES_BY = N_("Its reports leave this wire by: %(ways)s.")
_KEPT_FOR = N_("We keep its words for %(days)s days. After that the headline and the link stay.")
_NOT_KEPT = N_("We keep no words of its reports beyond the headline.")
_CHECKED = N_("A person last read these terms on %(day)s.")
_NOT_CHECKED = N_("We have no note of when these terms were last read.")
_LASTS = N_("The agreement lasts until %(day)s.")
_ENDED = N_("The agreement ended on %(day)s. What you read here is what holds since then.")
# The same to whoever takes one report: what they may do with it. `publisher` and `licence` are filled in.
TAKE_BASIS: Mapping[Basis, str] = {
    "own": N_("This wire made the report itself and lets others publish it."),
    "agreement": N_("%(publisher)s has an agreement with this wire, which does not cover you. You take a quotation."),
    "open_licence": N_("%(publisher)s lets everybody publish it under the licence %(licence)s."),
    "public_domain": N_("Nobody has rights in this text: it is in the public domain."),
    "statutory": N_("The law lets others publish official texts such as this one. Laws differ: look at yours."),
    "press_release": N_("%(publisher)s sends out this statement to be published."),
    "quotation": N_("This wire only quotes %(publisher)s. What you take is a quotation too."),
    "none": N_("This wire has no permission of %(publisher)s for more than that."),
}
TAKE_SCOPE: Mapping[TextScope, str] = {
    "none": N_("Nothing."),
    "headline_only": N_("The headline, with credit and link."),
    "excerpt": N_("The opening lines, with credit and link. Do not publish the whole text."),
    "full_text": N_("The whole text, with credit and link."),
}
TAKE_EDITS: Mapping[Edits, str] = {
    "none": N_("Change nothing, headline included. Do not shorten it."),
    "style_only": N_("You may change the style, such as dates and spelling. Change nothing of what it says."),
    "licensed": N_("You may change it. Say that you did."),
}
TAKE_TRANSLATION: Mapping[Translation, str] = {
    "no": N_("Do not translate it."),
    "with_label": N_("You may translate it. Mark it as a translation."),
    "licensed": N_("You may translate it."),
}
TAKE_COMMERCE: Mapping[CommercialUse, str] = {
    "yes": N_("A medium that earns money may publish it."),
    "no": N_("It may not be used to earn money."),
    "not_sold_separately": N_("A medium that earns money may publish it. The report may not be sold by itself."),
    "ask": N_("Ask %(publisher)s before a medium that earns money publishes it."),
}


class Sentence(Struct, frozen=True):
    """One term. `link`: an address of the web that belongs to it, checked."""

    text: str
    link: str | None = None
    link_text: str = ""


class RightsWords(Struct, frozen=True):
    """All of a publisher's terms. `notice` and `holder` are its own words."""

    here: tuple[Sentence, ...]
    others: tuple[Sentence, ...]
    machines: tuple[Sentence, ...]
    agreed: tuple[Sentence, ...]
    notice: str | None


class _Said:
    """Writes sentences in a language."""

    def __init__(self, gettext: Gettext, language: Interface) -> None:
        self._gettext, self.language = gettext, language

    def __call__(self, message: str, link: str | None = None, link_text: str = "", **values: str) -> Sentence:
        said = self._gettext(message)
        return Sentence(said % values if values else said, address(link), link_text)

    def day(self, day: date) -> str:
        return day_in(day, self.language)

    def number(self, number: int) -> str:
        return number_in(number, self.language)

    def ways(self, channels: Sequence[Channel]) -> str:
        names = [self._gettext(name) for channel, name in _WAYS.items() if channel in channels]
        return list_in(names, self.language)


def rights_words(
    rights: Rights, today: date, signals: Sequence[Signal], notice: str | None, gettext: Gettext, language: Interface
) -> RightsWords:
    """Those in force on a day. `signals`: what the publisher's site says to machines of all its reports; `notice`: of
    its copyright, filled in.
    """
    said = _Said(gettext, language)
    return RightsWords(
        here=tuple(_here(rights, today, signals, said)),
        others=tuple(_others(effective(rights, today), said)),
        machines=tuple(_machines(effective(rights, today), signals, said)),
        agreed=tuple(_agreed(rights, today, said)),
        notice=notice,
    )


def _here(rights: Rights, today: date, signals: Sequence[Signal], said: _Said) -> Iterator[Sentence]:
    now, of = effective(rights, today), sheet(rights, today, signals)
    words = {"words": said.number(now.excerpt_max_words)} if of.web == "excerpt" else {}
    yield said(_TEXT[of.web], **words)
    if of.web == "none":
        return
    yield said(_PICTURES[of.pictures])
    if now.storage == "transient" and now.retention_days is not None:
        yield said(_KEPT_FOR, days=said.number(now.retention_days))
    elif now.storage == "metadata_only":
        yield said(_NOT_KEPT)
    yield said(_LEAVES_BY, ways=said.ways(now.redistribute))


def _others(now: Rights, said: _Said) -> Iterator[Sentence]:
    name = licence_name(now.licence) if now.licence else ""
    yield said(_BASIS[now.basis], now.licence_url, name or now.licence_url or "")
    yield said(_EDITS[now.edits])
    yield said(_TRANSLATION[now.translation])
    yield said(_SOLD[now.commercial_use])
    if now.systematic_republication == "no":
        yield said(_BY_MACHINE)


def _machines(now: Rights, signals: Sequence[Signal], said: _Said) -> Iterator[Sentence]:
    for use, ground in grounds(now, signals).items():
        yield said(_MACHINES[use][ground.state])
        if ground.signal is not None:
            form = SIGNAL_NAMES[ground.signal.form]
            yield said(_BY_ITS_SITE, ground.signal.url, ground.signal.url, form=form)
    yield said(_INDEX[now.index])


def _agreed(rights: Rights, today: date, said: _Said) -> Iterator[Sentence]:
    if rights.expires is not None:
        yield said(_ENDED if today > rights.expires else _LASTS, day=said.day(rights.expires))
    if rights.terms_checked is not None:
        yield said(_CHECKED, day=said.day(rights.terms_checked))
    elif rights.relationship != "own":
        yield said(_NOT_CHECKED)

"""What may leave of a publisher's reports, in plain sentences for people; pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import get_args

from aggregator.model import Channel, Rights, TextScope
from aggregator.model.publisher import AiUse, Basis, CommercialUse, ImageScope, Translation, Uses
from aggregator.rights import effective, sheet
from aggregator.web.pages.page import Gettext
from aggregator.web.pages.wording import N_

GROUNDS: Mapping[Basis, str] = {
    "own": N_("It is the wire's own work."),
    "agreement": N_("There is a signed agreement with the publisher."),
    "open_licence": N_("The text has a public licence."),
    "public_domain": N_("The text is in the public domain."),
    "statutory": N_("These are official texts that the law lets anybody reprint."),
    "press_release": N_("These are statements that were sent out to be published."),
    "quotation": N_("There is no agreement and no licence: reports are quoted."),
    "none": N_("There is no right to any words beyond the headline."),
}
TEXTS: Mapping[TextScope, str] = {
    "none": N_("Nothing leaves the wire."),
    "headline_only": N_("The headline leaves, with the link to the original."),
    "excerpt": N_("At most the first %(words)s words leave, with the link to the original."),
    "full_text": N_("The whole text leaves."),
}
CHANNELS: Mapping[Channel, str] = {
    "web": N_("pages"),
    "feed": N_("feeds"),
    "api": N_("the API"),
    "email": N_("e-mail"),
}
PICTURES: Mapping[ImageScope, str] = {
    "none": N_("No pictures leave."),
    "per_image_licence": N_("A picture leaves only where it has a licence of its own."),
    "same_as_text": N_("Pictures leave with the text."),
    "agreement": N_("Pictures leave as the agreement says."),
}
MACHINES: Mapping[AiUse, str] = {
    "allowed": N_("Machines may learn from it, answer with it and list it."),
    "search_only": N_("Machines may list it for searches, and not learn from it or answer with it."),
    "prohibited": N_("Machines may not learn from it, answer with it or list it."),
    "unstated": N_("Nothing is said to machines."),
}
TRADE: Mapping[CommercialUse, str] = {
    "yes": N_("Others may use it commercially."),
    "no": N_("Others may not use it commercially."),
    "not_sold_separately": N_("Others may use it commercially, and not sell it by itself."),
    "ask": N_("Whoever wants to use it commercially has to ask the publisher."),
}
TRANSLATIONS: Mapping[Translation, str] = {
    "no": N_("It may not be translated."),
    "with_label": N_("It may be translated where the translation says so."),
    "licensed": N_("It may be translated."),
}


def sentences(rights: Rights, today: date, gettext: Gettext) -> Iterator[str]:
    """One after the other, the most important first, as they hold on a day."""
    pictures, rights = sheet(rights, today).pictures, effective(rights, today)
    yield gettext(GROUNDS[rights.basis])
    text = rights.text_scope if rights.redistribute else "none"
    yield gettext(TEXTS[text]) % {"words": rights.excerpt_max_words}
    if text == "none":
        return
    if {*rights.redistribute} != {*get_args(Channel)}:
        named = ", ".join(gettext(CHANNELS[each]) for each in CHANNELS if each in rights.redistribute)
        yield gettext("It leaves by these ways alone: %(channels)s.") % {"channels": named}
    yield gettext(PICTURES[pictures])
    yield gettext(TRADE[rights.commercial_use])
    yield gettext(TRANSLATIONS[rights.translation])
    if not isinstance(rights.ai_use, Uses):
        yield gettext(MACHINES[rights.ai_use])
    if rights.index == "noindex":
        yield gettext("Search engines are asked not to list the wire's pages of it.")

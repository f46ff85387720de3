"""How the desk calls what the database has codes for. In English; `N_` marks them for the catalogues."""

from __future__ import annotations

from collections.abc import Mapping

from aggregator.web.pages.page import Gettext
from aggregator.web.pages.wording import N_

# What keeps a report out of the wire.
NOTICES: Mapping[str, str] = {
    "withheld": N_("Withheld"),
    "legal": N_("Withheld for a legal demand"),
    "withdrawn": N_("Withdrawn"),
    "gone": N_("No longer at its publisher's"),
    "removed": N_("Purged"),
    "embargo": N_("Under embargo"),
}
ACTS: Mapping[str, str] = {
    "withhold": N_("withheld"),
    "restore": N_("restored"),
    "withdraw": N_("withdrawn"),
    "embargo": N_("put under embargo"),
    "release": N_("released, as its embargo was over"),
    "suspend": N_("suspended, as it is no longer at its publisher's"),
    "purge": N_("purged"),
    "accept": N_("a change was accepted"),
    "refuse": N_("a change was refused"),
    "join": N_("joined"),
    "confirm": N_("confirmed: what was taken for it is right"),
}
# Lines of the ledger.
CHANGES: Mapping[str, str] = {
    "new": N_("new"),
    "revised": N_("revised"),
    "corrected": N_("corrected"),
    "resent": N_("sent again"),
    "withheld": N_("withheld"),
    "withdrawn": N_("withdrawn"),
    "restored": N_("restored"),
    "deleted": N_("deleted"),
    "retagged": N_("tagged anew"),
    "terms_changed": N_("terms changed"),
}
# What one fetch would change of many reports.
MASS: Mapping[str, str] = {
    "withdrawn": N_("Its publisher takes them back"),
    "moved": N_("They have other links"),
    "same_words": N_("They all say the same now"),
    "revised": N_("They have other words"),
}
COMPLAINTS: Mapping[str, str] = {
    "factual": N_("A fact is wrong"),
    "copyright": N_("Copyright"),
    "licence": N_("Licence"),
    "court_order": N_("Court order"),
    "statute": N_("Statutory demand"),
    "privacy": N_("Privacy"),
    "safety": N_("Somebody's safety"),
    "publisher_request": N_("Its publisher asks"),
    "own_content": N_("A fault in our own report"),
    "comment": N_("Comment"),
    "about_the_wire": N_("About the wire"),
}
SCOPES: Mapping[str, str] = {
    "none": N_("nothing"),
    "headline_only": N_("headline"),
    "excerpt": N_("excerpt"),
    "full_text": N_("full text"),
}
CHANNELS: Mapping[str, str] = {"web": N_("pages"), "feed": N_("feeds"), "api": N_("API"), "email": N_("e-mail")}
USES: Mapping[str, str] = {
    "train": N_("machines that train on it"),
    "input": N_("machines that answer by it"),
    "search": N_("search engines"),
}
# Why nothing leaves.
REASONS: Mapping[str, str] = {
    "withheld": N_("it is withheld"),
    "withdrawn": N_("it is withdrawn"),
    "legal": N_("it is withheld for a legal demand"),
    "gone": N_("it is no longer at its publisher's"),
    "removed": N_("it was purged"),
    "embargoed": N_("it is under embargo"),
    "no_scope": N_("its rights let nothing out"),
    "channel": N_("its rights do not name this channel"),
    "use": N_("its publisher refuses this use"),
}


def called(gettext: Gettext, of: Mapping[str, str]) -> Mapping[str, str]:
    """The same in the reader's language."""
    return {code: gettext(name) for code, name in of.items()}

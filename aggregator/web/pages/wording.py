"""How the pages call what the configuration has codes for. In English; `N_` marks them for the catalogues."""

from __future__ import annotations

from collections.abc import Mapping

from aggregator.model import Group, ItemClass, Kind


def N_(message: str) -> str:
    """The same: it marks a message that is translated where it is shown."""
    return message


KINDS: Mapping[Kind, str] = {
    "newspaper": N_("Newspapers"),
    "magazine": N_("Magazines"),
    "news_site": N_("News sites"),
    "broadcaster": N_("Broadcasters"),
    "agency": N_("News agencies"),
    "press_release_service": N_("Press release services"),
    "ngo": N_("Non-governmental organisations"),
    "government": N_("Governments"),
    "intergovernmental": N_("Intergovernmental bodies"),
    "academic": N_("Universities and research"),
    "think_tank": N_("Think tanks"),
    "church": N_("Churches and religious bodies"),
    "company": N_("Companies"),
    "blog": N_("Blogs"),
    "individual": N_("Individuals"),
    "own": N_("This wire"),
}
# What one publisher is.
KIND_OF_ONE: Mapping[Kind, str] = {
    "newspaper": N_("Newspaper"),
    "magazine": N_("Magazine"),
    "news_site": N_("News site"),
    "broadcaster": N_("Broadcaster"),
    "agency": N_("News agency"),
    "press_release_service": N_("Press release service"),
    "ngo": N_("Non-governmental organisation"),
    "government": N_("Government"),
    "intergovernmental": N_("Intergovernmental body"),
    "academic": N_("University or research institute"),
    "think_tank": N_("Think tank"),
    "church": N_("Church or religious body"),
    "company": N_("Company"),
    "blog": N_("Blog"),
    "individual": N_("Individual"),
    "own": N_("This wire"),
}
GROUPS: Mapping[Group, str] = {
    "news_organization": N_("News organisations"),
    "institution": N_("Institutions"),
    "individual": N_("Individuals"),
    "own": N_("This wire"),
}
# What stands beside one report.
ITEM_CLASSES: Mapping[ItemClass, str] = {
    "news": N_("News"),
    "analysis": N_("Analysis"),
    "opinion": N_("Opinion"),
    "interview": N_("Interview"),
    "press_release": N_("Press release"),
    "document": N_("Document"),
    "notice": N_("Notice"),
    "own_report": N_("Our own report"),
}

"""How the pages call what the configuration has codes for. In English; `N_` marks them for the catalogues."""

from __future__ import annotations

from collections.abc import Mapping

from aggregator.model import Group, ItemClass, Kind
from aggregator.model.tags import Where
from aggregator.model.taken import TakeFormat
from aggregator.web.messages import N_ as N_

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
# Topics of the first level, as IPTC Media Topics call them, for languages in which that vocabulary has no names.
TOPICS: Mapping[str, str] = {
    "01000000": N_("arts, culture, entertainment and media"),
    "02000000": N_("crime, law and justice"),
    "03000000": N_("disaster, accident and emergency incident"),
    "04000000": N_("economy, business and finance"),
    "05000000": N_("education"),
    "06000000": N_("environment"),
    "07000000": N_("health"),
    "08000000": N_("human interest"),
    "09000000": N_("labour"),
    "10000000": N_("lifestyle and leisure"),
    "11000000": N_("politics"),
    "12000000": N_("religion and belief"),
    "13000000": N_("science and technology"),
    "14000000": N_("society"),
    "15000000": N_("sport"),
    "16000000": N_("conflict, war and peace"),
    "17000000": N_("weather"),
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
# Above a list of such reports.
CLASSES: Mapping[ItemClass, str] = {
    "news": N_("News"),
    "analysis": N_("Analysis"),
    "opinion": N_("Opinion"),
    "interview": N_("Interviews"),
    "press_release": N_("Press releases"),
    "document": N_("Documents"),
    "notice": N_("Notices"),
    "own_report": N_("Our own reports"),
}
# Where in a report the words stand for which a topic or a country was set.
WHERE: Mapping[Where, str] = {
    "headline": N_("in the headline"),
    "text": N_("in the text"),
    "dateline": N_("in the dateline"),
    "category": N_("its publisher's own category"),
}
LANGUAGE_FROM: Mapping[str, str] = {
    "stated": N_("as its publisher states"),
    "script": N_("by its script"),
    "words": N_("by its words"),
    "short": N_("by its words, which are few"),
    "configured": N_("the usual language of its publisher"),
}
# What of a report its versions are compared by, in this order.
COMPARED: Mapping[str, str] = {
    "headline": N_("Headline"),
    "byline": N_("Byline"),
    "summary": N_("Summary"),
    "text": N_("Text"),
    "url": N_("Address of the original"),
}
CHANGE_KINDS: Mapping[str, str] = {
    "new": N_("First version"),
    "revised": N_("Changed by its publisher"),
    "corrected": N_("Corrected by its publisher"),
}
# "Take this report".
TAKE_FORMS: Mapping[TakeFormat, tuple[str, str]] = {
    "html": (N_("HTML"), N_("For a page on the web.")),
    "text": (N_("Plain text"), N_("For print, radio and e-mail.")),
    "ninjs": (N_("ninjs 3.1"), N_("For the program of a newsroom.")),
}

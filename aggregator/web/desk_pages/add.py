"""Adds a publisher in steps: an address, the feeds found there, what its file is to say, the file itself.

What a step knows of the one before stands in hidden fields, and is looked at again as if it came from anybody.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from msgspec.structs import replace

from aggregator.config import catalogue
from aggregator.config.adding import add_publisher, add_source
from aggregator.config.codes import country_names
from aggregator.config.new_publishers import Known
from aggregator.config.profiles import sound_profiles
from aggregator.model import Rights
from aggregator.model.errors import ConfigError, DeskError
from aggregator.parse import PARSERS
from aggregator.pipeline.discovery.prober import Survey
from aggregator.pipeline.opening import load_config, publisher_file, publisher_files
from aggregator.text.urls import document_of, domain_of_url, literal
from aggregator.web.desk_pages.draft import ELSEWHERE, LONGEST, NAMES, Draft, Faults, Tried, hidden, of_form, tried
from aggregator.web.desk_pages.searching import NotSearched, address_of
from aggregator.web.desk_pages.visit import DeskAct, DeskRoute, DeskVisit, Done, desk_page
from aggregator.web.pages.page import Page
from aggregator.web.pages.rights_words import RightsWords, Sentence, rights_words
from aggregator.web.pages.wording import KINDS
from aggregator.web.pages.writing import country_in

_PATH = "/desk/add"
_OWN = "own"  # the relationship of a profile that is for the wire's own publisher alone
_NEARBY = 20  # lines about faults of other files
_LONGEST_NAME = 100  # characters of a name that a site gives itself


def begin(visit: DeskVisit) -> Page:
    """The first step: an address."""
    return _page(visit, "address", {"address": "", "fault": None})


def go_on(visit: DeskVisit) -> Done | Page:
    """The step that the form asks for. Raises DeskError."""
    steps = {
        "find": _find, "choose": _choose, "edit": _edit, "check": _check, "write": _write, "attach": _attach,
    }  # fmt: skip
    step = steps.get(visit.said("step"))
    if step is None:
        raise DeskError(visit.gettext("This form is of no step that there is. Begin again."))
    return step(visit)


def _find(visit: DeskVisit) -> Page:
    """Searches the site, and shows the feeds, the best first."""
    said = visit.said("address")
    try:
        url = address_of(said)
        known = _known(visit)
        holder = known.holder(url)
        if holder and holder != visit.said("key"):  # a person may want another feed of a publisher that is here
            return _page(visit, "address", {"address": said, "fault": None, "holder": holder})
        survey = visit.searches.survey(visit.config, visit.site.paths.database(), url, visit.site.clock)
    except NotSearched as error:
        return _page(visit, "address", {"address": said, "fault": str(error)})
    values = {
        "address": url,
        "survey": survey,
        "holder": holder,
        "draft": {"key": holder} if holder else hidden(_suggested(survey, url), ("name", "homepage")),
        "holders": _holders(visit, survey, holder),
        "in_catalogue": None if holder else _in_catalogue(url),
    }
    return _page(visit, "feeds", values)


def _holders(visit: DeskVisit, survey: Survey, wanted_for: str | None) -> Mapping[str, str]:
    """By address, the publishers that have those feeds already; where a feed is wanted for one, its domain is no
    objection.
    """
    known = _known(visit)
    here = {document_of(source.url): each.key for each in visit.config.publishers for source in each.sources}
    found = {each.url: here.get(document_of(each.url)) or known.holder(each.url) for each in survey.feeds}
    return {url: key for url, key in found.items() if key and (key != wanted_for or document_of(url) in here)}


def _suggested(survey: Survey, url: str) -> Draft:
    """What the site says of itself; the person corrects it."""
    name = " ".join((survey.name or urlsplit(url).hostname or "").split())[:_LONGEST_NAME]
    return Draft(name=name, homepage=survey.homepage)


def _in_catalogue(url: str) -> str | None:
    """The key of a publisher of this domain that can be copied instead."""
    domain = domain_of_url(url)
    return next((one.key for one in catalogue.all_listed() if domain_of_url(one.homepage) == domain), None)


def _attach(visit: DeskVisit) -> Done:
    """As `aggregator probe --write`, of the feed that was chosen. Raises DeskError."""
    feed, kind = _chosen(visit)
    feed = literal(feed)  # as it is written; without a user name and a password, which no page repeats
    if kind not in PARSERS or len(feed) > LONGEST:
        raise DeskError(visit.gettext("Choose one of the feeds."))
    try:
        name = publisher_file(visit.site.paths, visit.said("key"))
        add_source(visit.site.paths.config_folder(), name, feed, kind)
    except ConfigError as error:
        raise DeskError("; ".join(error.faults)) from error
    said = visit.gettext("%(file)s now has %(url)s; the daemon takes it over within seconds.")
    return Done(_PATH, said % {"file": name, "url": feed})


def _chosen(visit: DeskVisit) -> tuple[str, str]:
    """The address and the kind of the feed that was chosen."""
    feed, _, kind = visit.said("choice").rpartition(" ")
    return feed, kind


def _choose(visit: DeskVisit) -> Page:
    """A feed was chosen: the form for the rest, with what can be known."""
    feed, kind = _chosen(visit)
    draft = replace(of_form(visit.form), feed=feed, feed_kind=kind)
    draft = replace(draft, key=_known(visit).free_key(draft.name, draft.homepage or draft.feed))
    return _form(visit, draft, {})


def _edit(visit: DeskVisit) -> Page:
    """Back from the file to the form."""
    return _form(visit, of_form(visit.form), {})


def _check(visit: DeskVisit) -> Page:
    """The file as it would be written; or the form, with all that is wrong beside its fields."""
    draft = of_form(visit.form)
    found = _tried(visit, draft)
    if found.publisher is None:
        return _form(visit, draft, found.faults)
    said = _in_words(visit, found.publisher.rights)
    told = [*said.others, *said.here, *said.machines, *said.agreed]
    return _page(visit, "file", {"draft": hidden(draft), "file": draft.file, "text": draft.text(), "sentences": told})


def _write(visit: DeskVisit) -> Done | Page:
    """As `aggregator add`: where the configuration loads with the file, and over no other. Raises DeskError."""
    draft, paths = of_form(visit.form), visit.site.paths
    found = _tried(visit, draft)
    if found.publisher is None:
        return _form(visit, draft, found.faults)
    try:
        add_publisher(paths.config_folder(), draft.file, draft.text())
    except ConfigError as error:
        raise DeskError("; ".join(error.faults)) from error
    faulty = [each for each in load_config(paths).faulty if each.key == draft.key]
    if faulty:  # it is of nobody new, which the database knows and the files do not
        said = visit.gettext("%(file)s was written, and is not fetched yet: %(fault)s")
        return Done("/desk/sources", said % {"file": draft.file, "fault": faulty[0].faults[0]})
    said = visit.gettext("%(file)s was written. The daemon takes it over within seconds, and fetches it.")
    return Done(_PATH, said % {"file": draft.file})


def _known(visit: DeskVisit) -> Known:
    return Known(visit.config.publishers, publisher_files(visit.site.paths))


def _tried(visit: DeskVisit, draft: Draft) -> Tried:
    files = publisher_files(visit.site.paths)
    try:
        found = tried(draft, visit.site.paths.config_folder(), Known(visit.config.publishers, files), files)
    except ConfigError as error:  # of a file that touches everybody
        return Tried({ELSEWHERE: tuple(error.faults)}, None)
    if draft.profile not in _profiles(visit) and "profile" not in found.faults:
        said = "this profile is for the wire's own publisher alone"
        return Tried({**found.faults, "profile": (said,)}, None)
    return found


def _profiles(visit: DeskVisit) -> Mapping[str, Sequence[Sentence]]:
    """Those that a publisher may have, each in sentences. None where rights.toml cannot be read, which is a fault."""
    try:
        found = sound_profiles(visit.site.paths.config_folder())
    except ConfigError:
        return {}
    said = {name: _in_words(visit, rights) for name, rights in found.items() if rights.relationship != _OWN}
    return {name: [*each.others, *each.here] for name, each in said.items()}


def _in_words(visit: DeskVisit, rights: Rights) -> RightsWords:
    """As the publisher's page says it to readers."""
    return rights_words(rights, visit.now.date(), (), None, visit.gettext, visit.reader.language)


def _form(visit: DeskVisit, draft: Draft, faults: Faults) -> Page:
    language = visit.reader.language
    countries = sorted((country_in(code, language), code) for code in country_names().values())
    values = {
        "draft": draft,
        "faults": faults,
        "other_faults": faults.get(ELSEWHERE, ()),
        "countries": countries,
        "kinds": {code: label for code, label in KINDS.items() if code != "own"},
        "profiles": _profiles(visit),
        "nearby": visit.config.faults[:_NEARBY],
    }
    return _page(visit, "form", values, 422 if faults else 200)


def _page(visit: DeskVisit, step: str, values: Mapping[str, object], status: int = 200) -> Page:
    title = visit.gettext("Add a publisher")
    said = {"step": step, "holder": None, **values}
    template = f"desk/add_{step}.html"
    return desk_page(template=template, title=title, values=said, status=status)


ROUTES = (DeskRoute(_PATH, begin),)
ACTS = (DeskAct(_PATH, go_on, ("step", "address", "choice", *NAMES)),)

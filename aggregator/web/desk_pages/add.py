"""Adds a publisher in steps: an address, the feeds found there, what its file is to say, the file itself.

What a step knows of the one before stands in hidden fields, and is looked at again as if it came from anybody.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from urllib.parse import urlsplit

from aggregator.config import catalogue
from aggregator.config.adding import add_publisher
from aggregator.config.codes import country_names
from aggregator.config.loading import profiles
from aggregator.config.new_publishers import Known
from aggregator.model.errors import ConfigError, DeskError
from aggregator.pipeline.discovery.prober import Survey
from aggregator.pipeline.opening import load_config, publisher_files
from aggregator.text.urls import domain_of_url
from aggregator.web.desk_pages.draft import ELSEWHERE, NAMES, Draft, Faults, faults_of, hidden, of_form
from aggregator.web.desk_pages.profile_words import sentences
from aggregator.web.desk_pages.searching import NotSearched, address_of
from aggregator.web.desk_pages.visit import DeskAct, DeskRoute, DeskVisit, Done
from aggregator.web.pages.page import Page
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
    steps = {"find": _find, "choose": _choose, "edit": _edit, "check": _check, "write": _write}
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
        if holder := known.holder(url):
            return _page(visit, "address", {"address": said, "fault": None, "holder": holder})
        survey = visit.searches.survey(visit.config, visit.site.paths.database(), url, visit.site.clock)
    except NotSearched as error:
        return _page(visit, "address", {"address": said, "fault": str(error)})
    values = {
        "address": url,
        "survey": survey,
        "draft": hidden(_suggested(survey, url), ("name", "homepage")),
        "holders": {each.url: holder for each in survey.feeds if (holder := known.holder(each.url))},
        "in_catalogue": _in_catalogue(url),
    }
    return _page(visit, "feeds", values)


def _suggested(survey: Survey, url: str) -> Draft:
    """What the site says of itself; the person corrects it."""
    name = " ".join((survey.name or urlsplit(url).hostname or "").split())[:_LONGEST_NAME]
    return Draft(name=name, homepage=survey.homepage)


def _in_catalogue(url: str) -> str | None:
    """The key of a publisher of this domain that can be copied instead."""
    domain = domain_of_url(url)
    return next((one.key for one in catalogue.all_listed() if domain_of_url(one.homepage) == domain), None)


def _choose(visit: DeskVisit) -> Page:
    """A feed was chosen: the form for the rest, with what can be known."""
    feed, _, kind = visit.said("choice").rpartition(" ")
    draft = replace(of_form(visit.form), feed=feed, feed_kind=kind)
    draft = replace(draft, key=_known(visit).free_key(draft.name, draft.homepage or draft.feed))
    return _form(visit, draft, {})


def _edit(visit: DeskVisit) -> Page:
    """Back from the file to the form."""
    return _form(visit, of_form(visit.form), {})


def _check(visit: DeskVisit) -> Page:
    """The file as it would be written; or the form, with all that is wrong beside its fields."""
    draft = of_form(visit.form)
    if faults := _faults(visit, draft):
        return _form(visit, draft, faults)
    values = {"draft": hidden(draft), "file": draft.file, "text": draft.text()}
    values["sentences"] = [*_profiles(visit).get(draft.profile, ())]
    return _page(visit, "file", values)


def _write(visit: DeskVisit) -> Done | Page:
    """As `aggregator add`: where the configuration loads with the file, and over no other. Raises DeskError."""
    draft, paths = of_form(visit.form), visit.site.paths
    if faults := _faults(visit, draft):
        return _form(visit, draft, faults)
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


def _faults(visit: DeskVisit, draft: Draft) -> Faults:
    files = publisher_files(visit.site.paths)
    try:
        found = faults_of(draft, visit.site.paths.config_folder(), Known(visit.config.publishers, files), files)
    except ConfigError as error:  # of a file that touches everybody
        return {ELSEWHERE: tuple(error.faults)}
    if draft.profile not in _profiles(visit) and "profile" not in found:
        return {**found, "profile": ("rights_profile: this profile is for the wire's own publisher alone",)}
    return found


def _profiles(visit: DeskVisit) -> Mapping[str, Sequence[str]]:
    """Those that a publisher may have, each in sentences. () where rights.toml cannot be read, which is a fault."""
    try:
        found = profiles(visit.site.paths.config_folder())
    except ConfigError:
        return {}
    today = visit.now.date()
    return {
        name: [*sentences(rights, today, visit.gettext)]
        for name, rights in found.items()
        if rights.relationship != _OWN
    }


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
    return Page(template=template, title=title, description="", values=said, is_indexed=False, status=status)


ROUTES = (DeskRoute(_PATH, begin),)
ACTS = (DeskAct(_PATH, go_on, ("step", "address", "choice", *NAMES)),)

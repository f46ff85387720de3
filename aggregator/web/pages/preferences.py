"""What a reader may choose: the language of the pages, the zone of times, light or dark. It stays in the browser."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from aggregator.text import timezones
from aggregator.web.origins import need_no_other_site
from aggregator.web.pages.forms import posted
from aggregator.web.pages.moving import led
from aggregator.web.pages.page import Page, PageRoute, Visit
from aggregator.web.pages.reader import INTERFACES, LANGUAGE_COOKIE, THEME_COOKIE, THEMES, ZONE_COOKIE
from aggregator.web.problems import Problem
from aggregator.web.site import Site

PATH = "/preferences"
_A_YEAR = 365 * 24 * 3600  # seconds
_BACK = "back"  # the field, and the parameter, for the page from which somebody came
_LONGEST = 1_000  # characters of it
# A path of this host and nothing else: what browsers read as another host begins with two slashes, or has a backslash.
_LOCAL = re.compile(r"/(?![/\\])[!-\[\]-~]*")
_COOKIES = (LANGUAGE_COOKIE, ZONE_COOKIE, THEME_COOKIE)


def preferences(visit: Visit) -> Page:
    gettext = visit.gettext
    return Page(
        template="preferences.html",
        title=gettext("Language, time zone, light or dark"),
        description=gettext("In which language, in which time zone and in which colours you read this wire."),
        values={
            "back": local_path(visit.one(_BACK)),
            "zones": _zones(),
            "themes": {"auto": gettext("As my device says"), "light": gettext("Light"), "dark": gettext("Dark")},
            "usual_zone": str(visit.site.paths.timezone()),
        },
        canonical=visit.address(PATH),
        is_indexed=False,
    )


@cache
def _zones() -> Mapping[str, tuple[str, ...]]:
    """The names of zones that are called after places, by continent or ocean."""
    found: dict[str, list[str]] = {}
    for name in sorted(timezones.names()):
        region, _, place = name.partition("/")
        if place and region not in ("Etc", "SystemV", "US", "Brazil", "Canada", "Chile", "Mexico"):
            found.setdefault(region, []).append(name)
    return {region: tuple(names) for region, names in found.items()}


def local_path(said: str | None) -> str:
    """A path of this host to which a browser may be sent; `/` in place of any other text."""
    if said and len(said) <= _LONGEST and _LOCAL.fullmatch(said) and said.partition("?")[0] != PATH:
        return said
    return "/"


class Preferences(Struct, frozen=True):
    """The route of a site that keeps what was chosen."""

    site: Site

    def routes(self) -> list[Route]:
        return [Route(PATH, self._keep, methods=["POST"])]

    async def _keep(self, request: Request) -> Response:
        """Keeps what the form has, and leads back. Raises Problem."""
        need_no_other_site(request, self.site.config().wire)
        form = await posted(request, (*_COOKIES, _BACK))
        known = {
            LANGUAGE_COOKIE: INTERFACES.__contains__,
            ZONE_COOKIE: timezones.is_known,
            THEME_COOKIE: THEMES.__contains__,
        }
        for name in _COOKIES:
            if form.get(name) and not known[name](form[name]):
                raise Problem(400, "this form cannot be understood", f"{name}: it is none that can be chosen here")
        answer = led(local_path(form.get(_BACK)))
        is_secure = self.site.config().wire.url.startswith("https:")
        for name in _COOKIES:
            if form.get(name):
                answer.set_cookie(name, form[name], _A_YEAR, secure=is_secure, httponly=True, samesite="lax")
            elif name in form:
                answer.delete_cookie(name, secure=is_secure, httponly=True, samesite="lax")
        return answer


ROUTES = (PageRoute(PATH, preferences, (_BACK,)),)

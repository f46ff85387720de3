"""Who reads a page: in which language, in which zone, in light or dark."""

from __future__ import annotations

from datetime import tzinfo
from typing import Literal, get_args

from msgspec import Struct
from starlette.requests import Request

from aggregator.text.timezones import is_known, timezone
from aggregator.web.accepting import weights

Interface = Literal["en", "fr", "pt", "ar", "sw"]
Theme = Literal["auto", "light", "dark"]
INTERFACES: tuple[Interface, ...] = get_args(Interface)
THEMES: tuple[Theme, ...] = get_args(Theme)
# What a reader has chosen (web.pages.preferences). No cookie says who it is.
LANGUAGE_COOKIE, ZONE_COOKIE, THEME_COOKIE = "language", "zone", "theme"


class Reader(Struct, frozen=True):
    """How a page is written for somebody. `zone`: a name of the IANA database; `has_zone`: the reader chose it."""

    language: Interface
    zone: str
    theme: Theme
    has_zone: bool = False

    @property
    def direction(self) -> Literal["ltr", "rtl"]:
        return "rtl" if self.language == "ar" else "ltr"

    def timezone(self) -> tzinfo:
        return timezone(self.zone)


def reader_of(request: Request, usual_zone: str) -> Reader:
    """By what was chosen, else by what the browser says; `usual_zone`: where no zone was chosen."""
    zone = request.cookies.get(ZONE_COOKIE, "")
    has_zone = is_known(zone)
    theme = request.cookies.get(THEME_COOKIE, "")
    return Reader(
        language=_language(request),
        zone=zone if has_zone else usual_zone,
        theme=theme if theme in THEMES else "auto",
        has_zone=has_zone,
    )


def _language(request: Request) -> Interface:
    chosen = request.cookies.get(LANGUAGE_COOKIE, "")
    if chosen in INTERFACES:
        return chosen
    liked = weights(request.headers.getlist("accept-language"))
    for tag in sorted(liked, key=lambda tag: -liked[tag]):  # of those that are liked as well the first
        primary = tag.partition("-")[0]
        if liked[tag] > 0 and primary in INTERFACES:
            return primary
    return "en"

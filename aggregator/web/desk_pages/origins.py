"""Whether a form was sent by one of our own pages, and which paths one may be led to."""

from __future__ import annotations

import re
from collections.abc import Collection
from urllib.parse import urlsplit

from starlette.requests import Request

from aggregator.model import Wire

HOME = "/desk"
_LONGEST = 500  # characters of a path
# No slash twice, no backslash and no dot beside a slash, which browsers read as other paths.
_PATH = re.compile(r"/desk(?:/[A-Za-z0-9_@%:-][A-Za-z0-9._@%:~-]*)*(?:\?[A-Za-z0-9._~%:@&=+/-]*)?")
_NO_GOAL = ("/desk/login", "/desk/logout")


def is_ours(request: Request, wire: Wire) -> bool:
    """Whether a page of this server sent a form, by what browsers say and no page can change (Fetch Metadata; RFC
    6454 section 7). Whoever says neither is no browser of today, and is not believed.
    """
    sites, origins = request.headers.getlist("sec-fetch-site"), request.headers.getlist("origin")
    if any(site != "same-origin" for site in sites):
        return False
    own = {_origin(wire.url)}
    host = request.headers.get("host", "").lower()
    if host != urlsplit(wire.url).netloc.lower():  # another name of this server, which Guards know
        own |= {f"http://{host}", f"https://{host}"}
    # `null` is the origin of a page that may not say where it is; then the other field says that it is ours.
    if any(origin.lower() not in own and not (sites and origin == "null") for origin in origins):
        return False
    return bool(sites or origins)


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}".lower()


def goal(said: str, others: Collection[str] = _NO_GOAL) -> str:
    """A path of the desk to which one may be led, as it was asked for; else that of the desk's first page."""
    is_one = len(said) <= _LONGEST and _PATH.fullmatch(said) and said.partition("?")[0] not in others
    return said if is_one else HOME

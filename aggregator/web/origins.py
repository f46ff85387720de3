"""Whether a form was sent by one of our own pages."""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.requests import Request

from aggregator.model import Wire
from aggregator.web.problems import Problem


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


def need_ours(request: Request, wire: Wire) -> None:
    """Raises Problem where a page of another site has sent a form for which nobody is signed in. Browsers without a
    screen say nothing of it, and are let: nothing can be done in a person's name.
    """
    is_said = "sec-fetch-site" in request.headers or "origin" in request.headers
    if is_said and not is_ours(request, wire):
        raise Problem(403, "this form was sent from another site", "open it on this wire, and send it from there")


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}".lower()

"""Whether a form was sent by one of our own pages, or by one of another site."""

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
    own = _own(request, wire)
    # `null` is the origin of a page that may not say where it is; then the other field says that it is ours.
    if any(origin.lower() not in own and not (sites and origin == "null") for origin in origins):
        return False
    return bool(sites or origins)


def is_of_another_site(request: Request, wire: Wire) -> bool:
    """Whether a page of another site sent a form, as far as browsers say; for what anybody may send who is no browser.
    Our pages tell this host where they are, so the origin `null` is theirs only where the other field says so too.
    """
    sites, origins = request.headers.getlist("sec-fetch-site"), request.headers.getlist("origin")
    if any(site not in ("same-origin", "none") for site in sites):
        return True
    own = {*_own(request, wire), *(("null",) if sites else ())}
    return any(each.lower() not in own for each in origins)


def _own(request: Request, wire: Wire) -> set[str]:
    """The origins of our pages, as they are called in a request."""
    own = {_origin(wire.url)}
    host = request.headers.get("host", "").lower()
    if host != urlsplit(wire.url).netloc.lower():  # another name of this server, which Guards know
        own |= {f"http://{host}", f"https://{host}"}
    return own


def need_no_other_site(request: Request, wire: Wire) -> None:
    """Raises Problem where a page of another site sent a form."""
    if is_of_another_site(request, wire):
        raise Problem(403, "this form was sent from another site", "open it on this wire, and send it from there")


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}".lower()

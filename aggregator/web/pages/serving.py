"""From a request to a page: who reads it, what it is made of, and the fields of HTTP that stand before it."""

from __future__ import annotations

import mimetypes
from collections.abc import Callable, Mapping
from importlib.resources import files
from urllib.parse import quote, urlencode

from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from aggregator.model import DEFAULT_DISCLAIMERS
from aggregator.model.errors import AggregatorError
from aggregator.rights import fill
from aggregator.web import problems
from aggregator.web.accepting import weights
from aggregator.web.answers import Answer, Answers, answered
from aggregator.web.guards import without_reference
from aggregator.web.pages import (
    about,
    codes,
    figures,
    front,
    indexes,
    places,
    positions,
    positions_csv,
    preferences,
    publisher,
    publishers,
    report,
    search,
    sections,
    take,
    versions,
)
from aggregator.web.pages.page import Download, Page, PageRoute, Visit
from aggregator.web.pages.reader import Reader, reader_of
from aggregator.web.pages.writing import static_digest, translations, write, zone_in
from aggregator.web.problems import Problem
from aggregator.web.site import Site

HTML = "text/html; charset=utf-8"
_STATIC = files("aggregator.web") / "static"
_LONGEST = 1_000  # characters of a value of the query
_MOST_VALUES = 20  # of one parameter
_VARY = "Accept-Encoding, Accept-Language, Cookie"
# Addresses that programs ask: what is wrong with a request is said to them as `application/problem+json`.
_OF_PROGRAMS = ("/api/", "/feeds/", "/mcp", "/v1/", "/reader/", "/accounts/", "/healthz", "/metrics", "/pictures/")
# All routes that make a page.
ROUTES: tuple[PageRoute, ...] = (
    *front.ROUTES,
    *indexes.ROUTES,
    *sections.ROUTES,
    *places.ROUTES,
    *codes.ROUTES,
    *preferences.ROUTES,
    *positions.ROUTES,
    *positions_csv.ROUTES,
    *search.ROUTES,
    *report.ROUTES,
    *versions.ROUTES,
    *take.ROUTES,
    *publisher.ROUTES,
    *publishers.ROUTES,
    *about.ROUTES,
    *figures.ROUTES,
)  # fmt: skip


class Pages(Struct, frozen=True):
    """The routes of all pages for readers."""

    site: Site
    answers: Answers

    def routes(self) -> list[Route]:
        pages = [Route(each.path, self._endpoint(each), methods=["GET"]) for each in ROUTES]
        return [Route("/static/{name}", self._static, methods=["GET"]), *pages]

    def _endpoint(self, route: PageRoute) -> Callable[[Request], Response]:
        def endpoint(request: Request) -> Response:
            try:
                return self._answer(route, request)
            except Problem as problem:
                return self.problem(request, problem)
            except AggregatorError as error:
                return self.problem(request, problems.problem_of(error))

        return endpoint

    def _answer(self, route: PageRoute, request: Request) -> Response:
        reader = self.reader(request)
        asked = given(request, route.parameters)
        path = request.scope["path"]  # `request.url` leaves out some signs, and would be that of another page

        def make() -> Answer:
            with self.site.kept_open() as (store, now):
                said = translations(reader.language).gettext
                visit = Visit(self.site, store, now, reader, path, request.path_params, asked, said, self.site.config())
                page = route.make(visit)
            if isinstance(page, Download):
                offered = ("Content-Disposition", f'attachment; filename="{page.name}"')
                reserved = [("tdm-reservation", "1")] * page.is_reserved
                headers = (*fields(), offered, ("X-Robots-Tag", "noindex"), *reserved)
                return Answer(page.body, page.media_type, page.until, 200, headers, "web", page.reports)
            body = self.written(page, reader, _back(path, asked)).encode()
            headers = (*fields(page.pictures_from), ("Content-Language", reader.language), *page.headers)
            return Answer(body, HTML, page.until, page.status, headers, "web", page.reports)

        return answered(request, self.site, self.answers, ("page", path, sorted(asked.items()), reader), make)

    def reader(self, request: Request) -> Reader:
        return reader_of(request, str(self.site.paths.timezone()))

    def written(self, page: Page, reader: Reader, path: str) -> str:
        """A page as HTML. `path`: where it is, with its query, for what leads back to it."""
        wire, now = self.site.config().wire, self.site.clock()
        beside = {
            "page": page,
            "wire": wire,
            "path": path,
            "now": now,
            "zone_name": zone_in(reader, now),
            "general": fill(DEFAULT_DISCLAIMERS["general"], {"wire": wire.name}),
        }
        return write(page.template, reader, {**beside, **page.values})

    def problem(self, request: Request, problem: Problem) -> Response:
        """A page that says what is wrong with a request."""
        reader = self.reader(request)
        said = translations(reader.language).gettext
        title, detail = said(problem.title), said(problem.detail) if problem.detail else ""
        is_english = detail == problem.detail  # where it names what was asked for, no catalogue has it
        page = Page(
            template="problem.html",
            title=title[:1].upper() + title[1:],
            description="",
            values={
                "status": problem.status,
                "detail": detail,
                "detail_language": "en" if is_english else reader.language,
            },
            is_indexed=False,
            status=problem.status,
            headers=tuple(problem.headers.items()),
        )
        return self.unshared(page, reader, quote(without_reference(request.scope["path"])))

    def unshared(self, page: Page, reader: Reader, path: str, also: Mapping[str, str] | None = None) -> Response:
        """A page as an answer to one request alone, which is kept nowhere. `also`: fields of HTTP beside the usual."""
        headers = {
            **dict(fields()),
            "Cache-Control": "no-store",
            "Content-Language": reader.language,
            **({} if page.is_indexed else {"X-Robots-Tag": "noindex"}),
            **(also or {}),
            **dict(page.headers),
        }
        return Response(self.written(page, reader, path), page.status, headers, HTML)

    def _static(self, request: Request) -> Response:
        name = request.path_params["name"]
        if name not in {each.name for each in _STATIC.iterdir()}:
            return self.problem(request, Problem(404, "nothing is published at this address"))
        is_named = request.query_params.get("v") == static_digest(name)
        kept = "public, max-age=31536000, immutable" if is_named else "public, max-age=300"
        media_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
        return Response((_STATIC / name).read_bytes(), headers={"Cache-Control": kept}, media_type=media_type)


def wants_page(request: Request) -> bool:
    """Whether a person asks, who is to be told in a page what is wrong."""
    is_program = request.scope["path"].startswith(_OF_PROGRAMS)
    return not is_program and weights(request.headers.getlist("accept")).get("text/html", 0.0) > 0


def fields(pictures_from: frozenset[str] = frozenset()) -> tuple[tuple[str, str], ...]:
    """The fields of HTTP that every page has: nothing from elsewhere, nothing inline, in no frame."""
    policy = {
        "default-src": "'none'",
        "style-src": "'self'",
        "script-src": "'self'",
        "img-src": " ".join(("'self'", *sorted(pictures_from))),
        "form-action": "'self'",
        "base-uri": "'none'",
        "frame-ancestors": "'none'",
    }
    return (
        ("Content-Security-Policy", "; ".join(f"{name} {value}" for name, value in policy.items())),
        # To our own pages alone: with `no-referrer` browsers would not tell a form of ours where it was sent from.
        ("Referrer-Policy", "same-origin"),
        ("X-Frame-Options", "DENY"),
        ("Cross-Origin-Opener-Policy", "same-origin"),
        ("Permissions-Policy", "camera=(), geolocation=(), microphone=()"),
        ("Vary", _VARY),
    )


def _back(path: str, asked: Mapping[str, tuple[str, ...]]) -> str:
    """Where a page is, on this host: its path, and what of its query was read."""
    return quote(path) + (f"?{urlencode(asked, doseq=True)}" if asked else "")


def given(request: Request, known: tuple[str, ...]) -> Mapping[str, tuple[str, ...]]:
    """The values of parameters that a route reads; others, such as those that trackers add, are not looked at. Raises
    Problem.
    """
    found: dict[str, tuple[str, ...]] = {}
    for name in known:
        values = tuple(filter(None, (each.strip() for each in request.query_params.getlist(name))))
        if len(values) > _MOST_VALUES or any(len(each) > _LONGEST for each in values):
            raise Problem(400, "this address cannot be understood", f"{name}: too long, or given too often")
        try:
            "".join(values).encode()
        except UnicodeEncodeError as error:
            raise Problem(400, "this address cannot be understood", f"{name}: it is not UTF-8") from error
        if values:
            found[name] = values
    return found

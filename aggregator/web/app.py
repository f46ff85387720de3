"""The application: its routes, and what stands before and behind them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from aggregator.desk.signals import strictest
from aggregator.model import Wire
from aggregator.model.errors import AggregatorError
from aggregator.pipeline.paths import Paths
from aggregator.rights.robots import robots_txt
from aggregator.web import metrics, problems
from aggregator.web.answers import Answers
from aggregator.web.api import Api
from aggregator.web.clients import Clients
from aggregator.web.desk_pages.serving import Desk
from aggregator.web.endpoint import Endpoint
from aggregator.web.feeds import Feeds
from aggregator.web.following import Following, Pace
from aggregator.web.greader import GoogleReader
from aggregator.web.guards import Guards
from aggregator.web.miniflux import Miniflux
from aggregator.web.pages.complaining import Complaining
from aggregator.web.pages.preferences import Preferences
from aggregator.web.pages.serving import Pages, wants_page
from aggregator.web.pages.take_form import Take
from aggregator.web.pictures import Pictures
from aggregator.web.site import Site

_SMALLEST = 1_000  # bytes that are worth compressing
_LEVEL = 5  # of gzip: a third of the time of the highest, for some percent more
AT_ONCE = 32  # requests of one address


def make_app(paths: Paths, clock: Callable[[], datetime], pace: Pace = Pace()) -> Starlette:  # noqa: B008  (frozen)
    """The application for a wire; its `state.following` is to be told when the server stops. Raises ConfigError."""
    site, answers, clients, requests = Site(paths, clock), Answers(), Clients(), metrics.Requests()
    following = Following(paths.database(), pace)
    wire = site.config().wire
    hosts = hosts_of(wire)
    pages = Pages(site, answers)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        following.close()
        await run_in_threadpool(site.released.write)

    async def problem(request: Request, error: Exception) -> Response:
        """As a page for people, as JSON for programs."""
        found = problems.found_in(error)
        if wants_page(request):
            return await run_in_threadpool(pages.problem, request, found)
        return problems.response(found.status, found.title, found.detail, found.headers)

    app = Starlette(
        lifespan=lifespan,
        routes=[
            *_for_programs(site, requests),
            *Feeds(site, answers, clients).routes(),
            *Pictures(site).routes(),
            *Api(site, answers, following, clients).routes(),
            *Endpoint(site, clients, hosts).routes(),
            *GoogleReader(site, clients).routes(),
            *Miniflux(site, clients).routes(),
            *Complaining(pages).routes(),
            *pages.routes(),
            *Take(site, pages).routes(),
            *Preferences(site).routes(),
            *Desk(site, pages).routes(),
        ],
        middleware=[
            Middleware(
                Guards,
                hosts=hosts,
                proxies=wire.serve.trusted_proxies,
                most=AT_ONCE,
                answered=requests.count,
                is_https=wire.url.lower().startswith("https:"),
            ),
            Middleware(GZipMiddleware, minimum_size=_SMALLEST, compresslevel=_LEVEL),
        ],
        exception_handlers={
            problems.Problem: problem,
            HTTPException: problem,
            AggregatorError: problem,
        },
    )
    # It would lead to the host that the request names, by HTTP, whatever stands before this server.
    app.router.redirect_slashes = False
    app.state.following = following
    return app


def _for_programs(site: Site, requests: metrics.Requests) -> list[Route]:
    """What programs ask of the server itself: whether it is well, what it does, and what search engines may read."""

    def healthz(_: Request) -> Response:
        with site.opened() as (store, _now):
            store.last_cursor()
        return PlainTextResponse("ok\n", headers={"Cache-Control": "no-store"})

    def metrics_(_: Request) -> Response:
        with site.kept_open() as (store, now):
            said = metrics.page(store, requests, now)
        return Response(said, headers={"Cache-Control": "no-store"}, media_type=metrics.MEDIA_TYPE)

    def robots(_: Request) -> Response:
        with site.kept_open() as (store, now):
            said = robots_txt(strictest(store, site.config().publishers, now.date()))
        return PlainTextResponse(said, headers={"Cache-Control": "max-age=3600"})

    return [Route("/healthz", healthz), Route("/metrics", metrics_), Route("/robots.txt", robots)]


def hosts_of(wire: Wire) -> frozenset[str]:
    """The names that a request may ask: those of the wire's own address, and of this machine."""
    named = {urlsplit(wire.url).hostname or "", *wire.serve.hosts, wire.serve.host}
    return frozenset({each.lower() for each in named if each} | {"localhost", "127.0.0.1", "::1"})

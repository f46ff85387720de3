"""From a request to a page of the desk, or to an act: who asks, whether a page of ours sent the form, and what is
answered. Nothing of it is kept by anybody.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from urllib.parse import quote, urlencode

from msgspec import Struct, field
from msgspec.structs import replace
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from aggregator.model.errors import AggregatorError, DeskError, StoreError
from aggregator.store import Store
from aggregator.text.printable import log_line
from aggregator.web import problems
from aggregator.web.desk_pages import (
    add,
    alerts,
    complaints,
    deliveries,
    discovered,
    held_back,
    home,
    ledger,
    merges,
    pending,
    people,
    reports,
    rights,
    source,
    sources,
)
from aggregator.web.desk_pages.goals import goal
from aggregator.web.desk_pages.people import SignedIn
from aggregator.web.desk_pages.searching import Searches
from aggregator.web.desk_pages.visit import BUSY_SECONDS, DeskAct, DeskRoute, DeskVisit, cannot_write, desk_page
from aggregator.web.limits import Limits
from aggregator.web.origins import is_ours
from aggregator.web.pages.forms import posted
from aggregator.web.pages.moving import led
from aggregator.web.pages.page import Page
from aggregator.web.pages.serving import Pages, given
from aggregator.web.pages.wording import N_
from aggregator.web.pages.writing import translations
from aggregator.web.problems import Problem
from aggregator.web.site import Site

log = logging.getLogger("aggregator.web")

LOGIN = "/desk/login"
TOKEN = "form_token"
_ATTEMPTS, _WITHIN = 20, timedelta(minutes=10)  # to sign in, of one address
_MOST_SAID = 500  # characters of what is said after an act
_SAID, _SIGNATURE = "done", "signature"  # parameters that every page of the desk knows
# All pages of the desk, and all acts.
ROUTES: tuple[DeskRoute, ...] = (
    *home.ROUTES,
    *reports.ROUTES,
    *complaints.ROUTES,
    *merges.ROUTES,
    *pending.ROUTES,
    *held_back.ROUTES,
    *ledger.ROUTES,
    *rights.ROUTES,
    *sources.ROUTES,
    *source.ROUTES,
    *discovered.ROUTES,
    *add.ROUTES,
    *deliveries.ROUTES,
    *alerts.ROUTES,
)  # fmt: skip
ACTS: tuple[DeskAct, ...] = (
    *reports.ACTS,
    *complaints.ACTS,
    *merges.ACTS,
    *pending.ACTS,
    *source.ACTS,
    *discovered.ACTS,
    *add.ACTS,
    *deliveries.ACTS,
    *alerts.ACTS,
)  # fmt: skip

Answer = Callable[[Request, Mapping[str, str]], Response]


class Desk(Struct, frozen=True):
    """The routes of the desk."""

    site: Site
    pages: Pages
    attempts: Limits = field(default_factory=lambda: Limits(_ATTEMPTS, _WITHIN))
    searches: Searches = field(default_factory=Searches)

    def routes(self) -> list[Route]:
        return [
            Route(LOGIN, self._looking(self._login_page), methods=["GET"]),
            Route(LOGIN, self._sending(self._sign_in, ("name", "token", "by", "next")), methods=["POST"]),
            Route("/desk/logout", self._sending(self._sign_out, (TOKEN,)), methods=["POST"]),
            *(Route(each.path, self._looking(self._page(each)), methods=["GET"]) for each in ROUTES),
            *(
                Route(each.path, self._sending(self._act(each), (*each.fields, TOKEN)), methods=["POST"])
                for each in ACTS
            ),
        ]

    def _looking(self, answer: Callable[[Request], Response]) -> Callable[[Request], Response]:
        def endpoint(request: Request) -> Response:
            return self._explained(request, lambda: answer(request))

        return endpoint

    def _sending(self, answer: Answer, known: tuple[str, ...]) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            try:
                form = await posted(request, known)
            except Problem as problem:
                error = problem
                return await run_in_threadpool(self._refused, request, error)
            return await run_in_threadpool(self._explained, request, lambda: answer(request, form))

        return endpoint

    def _explained(self, request: Request, answer: Callable[[], Response]) -> Response:
        try:
            return answer()
        except Problem as problem:
            return self._refused(request, problem)
        except StoreError as error:
            return self._refused(
                request, cannot_write(error) if request.method == "POST" else problems.problem_of(error)
            )
        except AggregatorError as error:
            return self._refused(request, problems.problem_of(error))

    # Signing in and out

    def _login_page(self, request: Request) -> Response:
        wire = self.site.config().wire
        next_path = goal(request.query_params.get("next", ""))
        page = desk_page(
            template="desk/login.html", title=self._said(request)("Sign in to the desk"),
            values={
                "next": next_path,
                "named": people.named_by_proxy(request, wire),
                "needs_https": people.needs_https(request, wire),
            },
        )  # fmt: skip
        return self._written(request, page, None)

    def _sign_in(self, request: Request, form: Mapping[str, str]) -> Response:
        wire, now = self.site.config().wire, self.site.clock()
        _need_ours(is_ours(request, wire))
        self.attempts.count(request, now)
        named = people.named_by_proxy(request, wire)
        is_by_proxy = named is not None and form.get("by") == "proxy"
        with self.site.stored() as stored:
            if is_by_proxy:
                found = people.by_proxy(stored, named or "")
            else:
                found = people.by_token(stored, form.get("name", ""), form.get("token", ""))
        if found is None or (named is not None and found[1].name != named):
            raise _no_right()
        with _to_write(self.site) as store:
            before = request.cookies.get(people.cookie_name(wire))
            if before:
                store.end_desk_session(people.digest(before))
            secret = people.begin(store, found[0], now, is_by_proxy=is_by_proxy)
        if secret is None:
            raise _no_right()
        response = _led(goal(form.get("next", "")))
        people.set_cookie(response, wire, secret)
        return response

    def _sign_out(self, request: Request, form: Mapping[str, str]) -> Response:
        wire = self.site.config().wire
        with self.site.stored() as stored:
            person = people.signed_in(request, wire, stored, self.site.clock())
        if person is None:  # the cookie stays: it may be that another site sent the form, and no browser the cookie
            return _led(LOGIN)
        self._need_form(request, person, form)
        with _to_write(self.site) as store:
            store.end_desk_session(people.digest(person.secret))
        response = _led(LOGIN)
        people.set_cookie(response, wire, None)
        return response

    # Pages and acts

    def _page(self, route: DeskRoute) -> Callable[[Request], Response]:
        def answer(request: Request) -> Response:
            wire = self.site.config().wire
            with self.site.kept_open() as (store, now):
                person = people.signed_in(request, wire, store, now)
                if person is None:
                    asked = request.url.path + (f"?{request.url.query}" if request.url.query else "")
                    return _led(f"{LOGIN}?next={quote(goal(asked), safe='')}")
                try:
                    page = route.make(self._visit(request, store, now, person, route.parameters))
                except Problem as problem:
                    return self._refused(request, problem, person)
                return self._written(request, page, person)

        return answer

    def _act(self, act: DeskAct) -> Answer:
        def answer(request: Request, form: Mapping[str, str]) -> Response:
            wire = self.site.config().wire
            with self.site.kept_open() as (store, now):
                person = people.signed_in(request, wire, store, now)
                if person is None:
                    raise Problem(403, N_("you are not signed in"), N_("sign in to the desk, and send this form again"))
                self._need_form(request, person, form)
                if person.person.right != "act" and not act.is_for_all:
                    raise Problem(
                        403, N_("you have the right to look, and not to act"), N_("the operator gives rights")
                    )
                visit = replace(self._visit(request, store, now, person, ()), form=form, searches=self.searches)
                try:
                    found = act.act(visit)
                except DeskError as error:
                    _log(visit, is_done=False)
                    return self._written(request, self._not_done(request, str(error)), person)
                except Problem as problem:
                    return self._refused(request, problem, person)
                except StoreError as error:
                    return self._refused(request, cannot_write(error), person)
            if isinstance(found, Page):
                return self._written(request, found, person)
            _log(visit, is_done=True)
            said = found.said[:_MOST_SAID]
            return _led(_with(goal(found.path), {_SAID: said, _SIGNATURE: person.signature(said)}))

        return answer

    def _need_form(self, request: Request, person: SignedIn, form: Mapping[str, str]) -> None:
        """Raises Problem where a form was not sent by a page that this person was given in this session."""
        _need_ours(is_ours(request, self.site.config().wire) and person.is_form_token(form.get(TOKEN, "")))

    def _visit(
        self, request: Request, store: Store, now: datetime, person: SignedIn, parameters: tuple[str, ...]
    ) -> DeskVisit:
        return DeskVisit(
            self.site, store, now, self.pages.reader(request), request.url.path, request.path_params,
            given(request, parameters), self._said(request), person.person,
        )  # fmt: skip

    def _not_done(self, request: Request, why: str) -> Page:
        return desk_page(
            template="desk/refused.html", title=self._said(request)("Nothing was changed"),
            values={"detail": why, "status": 409}, status=409,
        )  # fmt: skip

    def _refused(self, request: Request, problem: Problem, person: SignedIn | None = None) -> Response:
        said = self._said(request)
        page = desk_page(
            template="desk/refused.html", title=_sentence(said(problem.title)),
            values={
                "detail": _sentence(said(problem.detail)) if problem.detail else "",
                "status": problem.status,
            },
            status=problem.status, headers=tuple(problem.headers.items()),
        )  # fmt: skip
        return self._written(request, page, person)

    def _written(self, request: Request, page: Page, person: SignedIn | None) -> Response:
        """`person` None: what only whoever is signed in may know stands not on it, nor the navigation."""
        reader = self.pages.reader(request)
        said = {
            "person": person.person if person else None,
            TOKEN: person.form_token() if person else "",
            "done": _said_after_act(request, person),
        }
        whole = replace(page, values={**said, **page.values})
        return self.pages.unshared(whole, reader, request.url.path, _PRIVATE)

    def _said(self, request: Request) -> Callable[[str], str]:
        return translations(self.pages.reader(request).language).gettext


# Browsers say to our own pages alone where a form was sent from: with `no-referrer` they would not say that either.
_PRIVATE = {"Referrer-Policy": "same-origin", "X-Robots-Tag": "noindex, nofollow"}


def _said_after_act(request: Request, person: SignedIn | None) -> str | None:
    said = request.query_params.get(_SAID, "")
    is_ours_ = person is not None and said and person.is_signed(said, request.query_params.get(_SIGNATURE, ""))
    return said if is_ours_ else None


def _no_right() -> Problem:
    """The same whether a name is known, a token is, or neither."""
    title = N_("this name and token have no right at the desk")
    return Problem(403, title, N_("the operator gives it: aggregator tokens add NAME --desk act"))


def _sentence(said: str) -> str:
    """As it begins on a page: programs read the same in lower case."""
    return said[:1].upper() + said[1:]


def _log(visit: DeskVisit, *, is_done: bool) -> None:
    """Who did what, also where the database notes no person, as for a merge that is undone."""
    log.info("%s", log_line({"desk": visit.person.name, "path": visit.path, "done": is_done}))


def _with(path: str, parameters: Mapping[str, str]) -> str:
    return f"{path}{'&' if '?' in path else '?'}{urlencode(parameters)}"


def _led(path: str) -> Response:
    """To another page, which is read by GET (RFC 9110 section 15.4.4)."""
    return led(path, _PRIVATE)


def _need_ours(holds: bool) -> None:
    if not holds:
        raise Problem(
            403, "this form was not sent by a page of the desk", "open the page again, and send it from there"
        )


def _to_write(site: Site) -> Store:
    """Raises StoreError."""
    return Store.open(site.paths.database(), busy_seconds=BUSY_SECONDS)

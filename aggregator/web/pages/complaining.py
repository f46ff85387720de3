"""The form for comments and complaints, and what became of one: pages of their own for whoever asks, kept nowhere."""

from __future__ import annotations

import hashlib
import hmac
import logging
import secrets
from collections.abc import Callable, Mapping
from datetime import timedelta
from urllib.parse import quote

from msgspec import Struct, field
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from aggregator.desk.outgoing import outlet, releases
from aggregator.model import Complaint, ComplaintKind, Wire
from aggregator.model.complaints import Filing, NewLetter
from aggregator.model.errors import AggregatorError, DeskError, StoreError
from aggregator.model.release import Release
from aggregator.pipeline import filing
from aggregator.store import Store
from aggregator.text import reference
from aggregator.web import problems
from aggregator.web.limits import Limits
from aggregator.web.origins import need_no_other_site
from aggregator.web.pages.complaint_form import (
    FIELDS,
    LONGEST,
    LONGEST_EMAIL,
    LONGEST_NAME,
    SHORTEST,
    Typed,
    faults,
    kinds,
    label_of,
    typed,
)
from aggregator.web.pages.contacts import contact_link
from aggregator.web.pages.forms import posted
from aggregator.web.pages.moving import led
from aggregator.web.pages.page import Gettext, Page
from aggregator.web.pages.serving import Pages
from aggregator.web.pages.writing import translations
from aggregator.web.problems import Problem
from aggregator.web.refusals import Moved, in_place_of, unknown

log = logging.getLogger("aggregator.web")

WIRE, OF_REPORT, FOLLOW = "/complain", "/complain/{id}", "/complaint"
_FORM_BYTES = 24


class About(Struct, frozen=True):
    """The report that a complaint is about, and who answers for it, as far as the public may know."""

    id: str
    publisher: str  # its key
    publisher_name: str
    publisher_place: str
    contact: str  # for corrections: an e-mail address or a page
    contact_link: str | None
    is_own: bool
    headline: str | None  # None: the report does not leave now
    language: str | None


class Shown(Struct, frozen=True):
    """The form as it is shown: with what was typed, and what is wrong with it."""

    typed: Typed = field(default_factory=Typed)
    wrong: Mapping[str, str] = field(default_factory=dict)  # by field
    why: str = ""  # it is not taken, whatever was typed; '': it may be
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


class Complaining(Struct):
    """The routes of the form and of what became of complaints. It may be used by several threads."""

    pages: Pages
    _filed: Limits = field(default_factory=lambda: Limits(most=6, within=timedelta(hours=1)))
    _followed: Limits = field(default_factory=lambda: Limits(most=30, within=timedelta(minutes=10)))
    # References are made with it, so that nobody chooses one: not by the name of the form either.
    _key: bytes = field(default_factory=lambda: secrets.token_bytes(32))

    def __repr__(self) -> str:  # without the key
        return "Complaining()"

    def routes(self) -> list[Route]:
        return [
            Route(WIRE, self._in_thread(self._form), methods=["GET"]),
            Route(OF_REPORT, self._in_thread(self._form), methods=["GET"]),
            Route(WIRE, self._file, methods=["POST"]),
            Route(OF_REPORT, self._file, methods=["POST"]),
            Route(FOLLOW, self._in_thread(self._ask), methods=["GET"]),
            Route(FOLLOW, self._follow, methods=["POST"]),
            Route(FOLLOW + "/{reference}", self._in_thread(self._linked), methods=["GET"]),
        ]

    def _in_thread(self, answer: Callable[[Request], Response]) -> Callable[[Request], Response]:
        def endpoint(request: Request) -> Response:
            return self._or_problem(request, lambda: answer(request))

        return endpoint

    def _or_problem(self, request: Request, answer: Callable[[], Response]) -> Response:
        try:
            return answer()
        except Problem as problem:
            return self.pages.problem(request, problem)
        except AggregatorError as error:
            return self.pages.problem(request, problems.problem_of(error))

    # The form

    def _form(self, request: Request) -> Response:
        about = self._about(request)
        if isinstance(about, Moved):
            return led(f"/complain/{about.to}", status=301)
        return self._written(request, self._form_page(request, about, Shown()))

    async def _file(self, request: Request) -> Response:
        try:
            need_no_other_site(request, self._wire())
            form = await posted(request, FIELDS)
        except Problem as problem:
            return await run_in_threadpool(self.pages.problem, request, problem)
        return await run_in_threadpool(self._or_problem, request, lambda: self._filed_or_shown(request, typed(form)))

    def _filed_or_shown(self, request: Request, said: Typed) -> Response:
        """Files what was typed, or shows it again with what is wrong. Raises Problem, StoreError."""
        about, gettext = self._about(request), self._gettext(request)
        if isinstance(about, Moved):
            raise Problem(409, "this report is under another address now", f"/complain/{about.to}")
        offered = kinds(of_report=about is not None, is_own=about is not None and about.is_own)
        wrong = faults(said, offered, gettext)
        if wrong:
            return self._written(request, self._form_page(request, about, Shown(said, wrong, status=422)))
        not_filed = self._try_to_file(request, about, said)
        if isinstance(not_filed, Shown):
            return self._written(request, self._form_page(request, about, not_filed))
        return self._written(request, self._filed_page(gettext, not_filed))

    def _try_to_file(self, request: Request, about: About | None, said: Typed) -> str | Shown:
        """The reference of the complaint; or the form, with why it is not filed. Raises Problem."""
        gettext = self._gettext(request)
        now = self.pages.site.clock()
        try:
            self._filed.count(request, now)
        except Problem as problem:
            why = gettext("This form was sent too often from your network. Send it again later, or write to us.")
            return Shown(said, why=why, status=429, headers=problem.headers)
        # A click too many sends the same words with the same name of the form.
        named = said.form or secrets.token_urlsafe(_FORM_BYTES)
        code = reference.written(_secret(self._key, named, about.id if about else "", said))
        try:
            too_many = filing.file(
                self.pages.site.paths, self._wire().complaints, self._filing(about, said, code, gettext), now
            )
        except DeskError as error:  # it was purged a moment ago
            raise unknown() from error
        except StoreError as error:
            log.error("a complaint could not be filed: %s", error)
            why = gettext("We cannot record this now. Try again in some minutes, or write to us.")
            return Shown(said, why=why, status=503, headers={"Retry-After": "120"})
        if too_many:
            why = gettext("More comes in than the desk can read. Send it again later, or write to us.")
            return Shown(said, why=why, status=503, headers={"Retry-After": "3600"})
        return code

    def _filing(self, about: About | None, said: Typed, code: str, gettext: Gettext) -> Filing:
        kind: ComplaintKind = said.kind  # type: ignore[assignment]  # `faults` looked
        wire, email = self._wire(), said.email or None
        complaint = Complaint(kind=kind, text=said.text, complainant=said.name or None)
        return Filing(
            complaint=complaint,
            report=about.id if about else None,
            reference_hash=reference.digest(code),
            email=email,
            receipt=_receipt(wire, email, code, gettext) if email and wire.mail else None,
        )

    def _about(self, request: Request) -> About | Moved | None:
        """None: the form is about the wire. Raises Problem of a report that is not here, or that nobody knows of."""
        report = request.path_params.get("id")
        if report is None:
            return None
        with self.pages.site.kept_open() as (store, now):
            wire, by = self._wire(), outlet(store, "web", now)
            found = next(iter(releases(store, wire, [report], by)), None)
            if isinstance(found, Release):
                return _about_of(store, found)
            absent = in_place_of(store, wire, report, by, found)
            return absent if isinstance(absent, Moved) else _about_absent(store, report)

    def _form_page(self, request: Request, about: About | None, shown: Shown) -> Page:
        gettext, wire = self._gettext(request), self._wire()
        path = f"{WIRE}/{about.id}" if about else WIRE
        return Page(
            template="complain.html",
            title=gettext("Comment or complain about a report") if about else gettext("Comment or complain"),
            description=gettext("Who answers for the reports here, what we can do, and a form to write to us."),
            values={
                "about": about,
                "action": path,
                "kinds": kinds(of_report=about is not None, is_own=about is not None and about.is_own),
                "typed": shown.typed,
                "form_id": shown.typed.form or secrets.token_urlsafe(_FORM_BYTES),
                "wrong": shown.wrong,
                "why": shown.why,
                "email_to_us": wire.complaints_email,
                "keep_days": wire.complaints.keep.days,
                "sends_letters": wire.mail is not None,
                "limits": {"least": SHORTEST, "most": LONGEST, "name": LONGEST_NAME, "email": LONGEST_EMAIL},
            },
            canonical=wire.url.rstrip("/") + path,
            is_indexed=about is None and shown.status == 200,
            status=shown.status,
            headers=tuple(shown.headers.items()),
        )

    def _filed_page(self, gettext: Gettext, code: str) -> Page:
        wire = self._wire()
        return Page(
            template="complaint_filed.html",
            title=gettext("We have received what you wrote"),
            description="",
            values={"code": code, "sends_letters": wire.mail is not None},
            is_indexed=False,
        )

    # What became of one

    def _ask(self, request: Request) -> Response:
        return self._written(request, self._ask_page(request))

    def _ask_page(self, request: Request, why: str = "", status: int = 200) -> Page:
        gettext, wire = self._gettext(request), self._wire()
        return Page(
            template="complaint_ask.html",
            title=gettext("What became of my complaint?"),
            description=gettext("With the reference that you were given you see whether the desk has answered."),
            values={"why": why, "email_to_us": wire.complaints_email},
            canonical=wire.url.rstrip("/") + FOLLOW,
            is_indexed=False,
            status=status,
        )

    async def _follow(self, request: Request) -> Response:
        try:
            need_no_other_site(request, self._wire())
            form = await posted(request, ("reference",))
        except Problem as problem:
            return await run_in_threadpool(self.pages.problem, request, problem)
        said = form.get("reference", "")
        return await run_in_threadpool(self._or_problem, request, lambda: self._answer(request, said))

    def _linked(self, request: Request) -> Response:
        """The same by a link, as the letter to whoever complained has it."""
        said = request.path_params["reference"]
        # Nothing that is made of the request carries the reference on.
        without = Request({**request.scope, "path": FOLLOW, "raw_path": FOLLOW.encode()})
        answer = self._or_problem(without, lambda: self._answer(without, said))
        answer.headers["Referrer-Policy"] = "no-referrer"
        return answer

    def _answer(self, request: Request, said: str) -> Response:
        """What became of a complaint; one page of everything that is no reference here. Raises Problem, StoreError."""
        self._followed.count(request, self.pages.site.clock())
        gettext = self._gettext(request)
        found = filing.follow(self.pages.site.paths, reference.digest(said))
        if found is None:
            why = gettext("There is no complaint with this reference. Look whether each sign of it is right.")
            return self._written(request, self._ask_page(request, why, 404))
        page = Page(
            template="complaint.html",
            title=gettext("What became of your complaint"),
            description="",
            values={
                "found": found,
                "label": gettext(label_of(found.kind)),
                "email_to_us": self._wire().complaints_email,
            },
            is_indexed=False,
        )
        return self._written(request, page)

    # What both have

    def _written(self, request: Request, page: Page) -> Response:
        reader = self.pages.reader(request)
        # A reference is in no link of a page, which would carry it on.
        path = request.url.path if request.url.path.startswith(WIRE) else FOLLOW
        return self.pages.unshared(page, reader, quote(path))

    def _wire(self) -> Wire:
        return self.pages.site.config().wire

    def _gettext(self, request: Request) -> Gettext:
        return translations(self.pages.reader(request).language).gettext


def _secret(key: bytes, form: str, report: str, said: Typed) -> bytes:
    """What nobody can guess who does not know the key; the same of the same words of the same form."""
    words = "\0".join((form, report, said.kind, said.text, said.name, said.email))
    return hmac.digest(key, words.encode("utf-8", "surrogatepass"), hashlib.sha256)[: reference.BYTES]


def _about_of(store: Store, release: Release) -> About:
    addressee = store.addressee(release.id)
    contact = release.corrections_contact
    return About(
        id=release.id,
        publisher=release.publisher,
        publisher_name=release.publisher_name,
        publisher_place=release.publisher_place,
        contact=contact,
        contact_link=contact_link(contact),
        is_own=addressee.is_own,
        headline=release.headline,
        language=release.language,
    )


def _about_absent(store: Store, report: str) -> About:
    """Of a report that does not leave now, and readers knew of: who answers for it. Raises Problem."""
    notice = store.notice(report)
    if notice is None:
        raise unknown()
    try:
        addressee = store.addressee(report)
    except DeskError as error:
        raise unknown() from error
    contact = addressee.corrections or addressee.homepage
    return About(
        id=report,
        publisher=notice["publisher"],
        publisher_name=notice["publisher_name"],
        publisher_place=notice["publisher_place"] or "",
        contact=contact,
        contact_link=contact_link(contact),
        is_own=addressee.is_own,
        headline=notice["title"],
        language=None,
    )


def _receipt(wire: Wire, email: str, code: str, gettext: Gettext) -> NewLetter:
    """A letter of our own words alone: nobody knows yet whose address it is."""
    site = wire.url.rstrip("/")
    text = "\n\n".join(
        (
            gettext("%(wire)s has received a complaint or comment with this e-mail address.") % {"wire": wire.name},
            gettext("Its reference: %(code)s") % {"code": code},
            gettext("With it you see what became of it: %(link)s") % {"link": f"{site}{FOLLOW}/{code}"},
            gettext("Keep the reference for yourself. Whoever has it can read the answer."),
            gettext("If you did not write to us, somebody else gave your address. Then you need do nothing. You can"
                    " tell us: %(email)s") % {"email": wire.complaints_email},
        )
    )  # fmt: skip
    subject = f"[{wire.name}] " + gettext("We have received your complaint")
    return NewLetter(kind="receipt", recipient=email, subject=subject, text=f"{text}\n", token=secrets.token_hex(8))

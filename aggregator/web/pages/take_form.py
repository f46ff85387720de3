"""What the form of /report/{id}/take sends, and the files that it leads to; who takes a report is kept."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import get_args

from msgspec import Struct, field
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from aggregator.desk.outgoing import outlet
from aggregator.desk.taking import Offer, offer
from aggregator.model.release import Refusal, Release
from aggregator.model.taken import TakeFormat, Taken
from aggregator.output import beside, taking
from aggregator.pipeline.releasing import note_taken
from aggregator.store import Store
from aggregator.text.emails import is_email
from aggregator.text.printable import address, line
from aggregator.web import refusals
from aggregator.web.limits import Limits
from aggregator.web.origins import need_no_other_site
from aggregator.web.pages.forms import posted
from aggregator.web.pages.moving import led
from aggregator.web.pages.page import Visit
from aggregator.web.pages.serving import Pages
from aggregator.web.pages.take import MOST_NAME, MOST_PLACE, TRAP, filled_page
from aggregator.web.pages.writing import translations
from aggregator.web.problems import Problem
from aggregator.web.refusals import Moved
from aggregator.web.site import Site

MOST, WITHIN = 20, timedelta(hours=1)  # reports that one address may take at once, and until they have all come back
_FORMS: Mapping[str, TakeFormat] = {each: each for each in get_args(TakeFormat)}
_FIELDS = ("form", "medium", "contact", "published_in", TRAP)
_FILE = re.compile(r"([0-9a-f]{20})\.(html|txt|json)")
_HOST = re.compile(r"[^\s/@:]+\.[^\s/@:]+(?:/\S*)?")


class Take(Struct):
    """What the form sends, and the files."""

    site: Site
    pages: Pages
    limits: Limits = field(default_factory=lambda: Limits(MOST, WITHIN))

    def routes(self) -> list[Route]:
        return [
            Route("/report/{id}/take", self._posted, methods=["POST"]),
            Route("/report/{id}/take/{name}", self._file, methods=["GET"]),
        ]

    async def _posted(self, request: Request) -> Response:
        need_no_other_site(request, self.site.config().wire)
        return await run_in_threadpool(self._take, request, await posted(request, _FIELDS))

    def _take(self, request: Request, typed: Mapping[str, str]) -> Response:
        id_, path = request.path_params["id"], request.scope["path"]
        self.limits.count(request, self.site.clock())
        reader = self.pages.reader(request)
        with self.site.kept_open() as (store, now):
            said = translations(reader.language).gettext
            visit = Visit(self.site, store, now, reader, path, request.path_params, {}, said, self.site.config())
            found = offer(store, visit.wire, id_, now)
            wrong = _wrong(visit, typed) if isinstance(found, Offer) else {}
            if not isinstance(found, Offer) or wrong:
                page = filled_page(visit, typed, wrong)
                return self.pages.unshared(page, reader, path)
        if typed.get(TRAP):  # a program has filled in what people do not see
            return led(f"/report/{id_}")
        taken = _taken(found.release, typed)
        if not note_taken(self.site.paths, taken, now):
            raise Problem(
                503, "The report cannot be taken now", "It cannot be recorded now who takes it. Try again in a minute.",
                {"Retry-After": "60"},
            )  # fmt: skip
        return led(f"/report/{id_}/take?taken={taken.key}")

    def _file(self, request: Request) -> Response:
        """The words once more, through the gate as it is now. Raises Problem."""
        id_, named = request.path_params["id"], _FILE.fullmatch(request.path_params["name"])
        with self.site.kept_open() as (store, now):
            found = offer(store, self.site.config().wire, id_, now)
            if not isinstance(found, Offer):
                return self._absent(store, id_, found, now)
            taken = store.taken_by_key(id_, named[1]) if named else None
        if taken is None or named is None or taking.FORMS[taken.format][0] != named[2]:
            raise Problem(404, "nothing is published at this address")
        release = found.release
        body = taking.rendered(release, taken.format, self.site.config().wire).encode()
        self.site.released.add("web", {release.publisher: 1}, now)
        headers = {
            "Content-Disposition": f'attachment; filename="{release.publisher}-{release.id}.{named[2]}"',
            "Cache-Control": "no-store",
            "X-Robots-Tag": "noindex",
            **beside.reservation(release),
        }
        return Response(body, headers=headers, media_type=taking.FORMS[taken.format][1])

    def _absent(self, store: Store, report: str, found: Refusal | None, now: datetime) -> Response:
        by = outlet(store, "web", now)
        said = refusals.in_place_of(store, self.site.config().wire, report, by, found)
        if isinstance(said, Moved):
            return led(f"/report/{said.to}/take", status=301)
        raise said.problem()


def _wrong(visit: Visit, typed: Mapping[str, str]) -> dict[str, str]:
    """By field, what a person has to do."""
    found = {}
    if typed.get("form") not in _FORMS:
        found["form"] = visit.gettext("Choose a form.")
    if not line(typed.get("medium", "")).strip():
        found["medium"] = visit.gettext("Write the name of your medium.")
    if _contact(typed.get("contact", "")) is None:
        found["contact"] = visit.gettext("Write an e-mail address, or the address of your page.")
    for name, most in (("medium", MOST_NAME), ("contact", MOST_NAME), ("published_in", MOST_PLACE)):
        if len(typed.get(name, "")) > most:
            found[name] = visit.gettext("This is too long.")
    return found


def _contact(typed: str) -> str | None:
    """An e-mail address or the address of a page; None: it is neither."""
    if is_email(typed):
        return typed
    if _HOST.fullmatch(typed):
        typed = f"https://{typed}"
    return address(typed) if typed.startswith(("https://", "http://")) else None


def _taken(release: Release, typed: Mapping[str, str]) -> Taken:
    return Taken(
        key=secrets.token_hex(10),
        report=release.id,
        revision=release.revision,
        format=_FORMS[typed["form"]],
        medium=line(typed["medium"]).strip(),
        contact=_contact(typed["contact"]) or "",
        published_in=line(typed.get("published_in", "")).strip() or None,
    )

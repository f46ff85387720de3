"""A wire as a real browser shows it: one Chromium and one served wire a file, and nothing from anywhere else.

Whatever a page does that it may not is kept, and fails the test when its tab is closed: a dialog, an error of a script,
something inline that the page's policy had to stop, a request to another host.
"""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Dialog,
    Page,
    Request,
    Response,
    sync_playwright,
)

from aggregator.model import DeskPerson
from aggregator.pipeline.opening import load_config
from aggregator.store import Store
from aggregator.web.desk_pages import people
from tests.web.serving import Served

SECONDS = 20  # that anything may take in a browser; the machine may be busy
NARROW = {"width": 320, "height": 640}
# Debian's, so that nothing is downloaded; no name but this machine's address leads anywhere.
_PROGRAMS = ("chromium-headless-shell", "chromium")  # the first costs two thirds of the other
# One process for all tabs: each is of the same site, and starting another costs as much as three pages.
_ARGUMENTS = ("--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1", "--disable-gpu", "--renderer-process-limit=1")
_EXPECTED = "Failed to load resource"  # of the console, where a page's own answer is 404, 410 or 451, or has no host


@dataclass
class Seen:
    """What pages did beside being shown."""

    faults: list[str] = field(default_factory=list)
    hotlinks: set[str] = field(default_factory=set)  # origins of pictures that rights demand, as the pages' policy says


@dataclass
class Browsing:
    """A browser, and the wire that it looks at."""

    wire: Served
    browser: Browser

    @contextmanager
    def tab(self, **options: Any) -> Iterator[Page]:
        """A page of somebody who was never here. Options are those of a browser context: `java_script_enabled`,
        `locale`, `viewport`, `color_scheme`, `bypass_csp`. Fails where the page did what it may not.
        """
        seen = Seen()
        context = self.browser.new_context(base_url=self.wire.address, **options)
        context.set_default_timeout(SECONDS * 1_000)
        self._watch(context, seen)
        try:
            yield context.new_page()
        finally:
            context.close()
        assert seen.faults == [], "\n".join(seen.faults)

    @contextmanager
    def desk_tab(self, name: str = "amina", **options: Any) -> Iterator[Page]:
        """The same of a person who has signed in at the desk."""
        digest = people.digest(secrets.token_urlsafe(24))
        with Store.open(self.wire.paths.database()) as store:
            store.add_person(digest, DeskPerson(name=name, right="act"), self.wire.now[0])
            session = people.begin(store, digest, self.wire.now[0], is_by_proxy=False)
        assert session is not None
        cookie = people.cookie_name(load_config(self.wire.paths).wire)
        with self.tab(**options) as page:
            page.context.add_cookies([{"name": cookie, "value": session, "url": f"{self.wire.address}/desk"}])
            yield page

    def _watch(self, context: BrowserContext, seen: Seen) -> None:
        def answered(response: Response) -> None:
            policy = response.headers.get("content-security-policy", "")
            (images,) = [part for part in policy.split("; ") if part.startswith("img-src ")] or [""]
            seen.hotlinks |= {each for each in images.split()[1:] if each != "'self'"}

        def asked(request: Request) -> None:
            address = urlsplit(request.url)
            if address.scheme not in ("http", "https") or request.url.startswith(f"{self.wire.address}/"):
                return
            is_hotlink = f"{address.scheme}://{address.netloc}" in seen.hotlinks
            if request.resource_type != "image" or not is_hotlink:
                seen.faults.append(f"asked another host: {request.url}")

        def said(message: ConsoleMessage) -> None:
            if message.type == "error" and not message.text.startswith(_EXPECTED):
                seen.faults.append(f"console: {message.text}")

        def opened(dialog: Dialog) -> None:
            seen.faults.append(f"dialog: {dialog.message}")
            dialog.dismiss()

        context.on("response", answered)
        context.on("request", asked)
        context.on("console", said)
        context.on("dialog", opened)
        context.on("weberror", lambda error: seen.faults.append(f"script: {error.error}"))


@contextmanager
def browsing(wire: Served) -> Iterator[Browsing]:
    """A Chromium for this wire; skips where the machine has none."""
    with launched() as browser:
        yield Browsing(wire, browser)


@contextmanager
def launched() -> Iterator[Browser]:
    """Likewise, for files."""
    program = next(filter(None, map(shutil.which, _PROGRAMS)), None)
    if program is None:
        pytest.skip("there is no Chromium on this machine: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=Path(program), args=list(_ARGUMENTS))
        try:
            yield browser
        finally:
            browser.close()

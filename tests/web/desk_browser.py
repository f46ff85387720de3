"""A person at the desk, as a browser behaves: cookies are kept, forms are sent with what their page put into them."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field

import httpx
from lxml import html

from aggregator.model import DeskPerson, DeskRight
from aggregator.store import Store
from aggregator.web.desk_pages.people import digest
from tests.web.serving import Served


@dataclass
class Form:
    """A form of a page: where it is sent, and what its fields hold."""

    action: str
    fields: dict[str, str]
    button: str


@dataclass
class AtDesk:
    wire: Served
    headers: dict[str, str] = field(repr=False)  # what its browser sends each time

    def get(self, path: str) -> httpx.Response:
        return httpx.get(self.wire.address + path, headers=self.headers, timeout=60, verify=False)

    def post(self, path: str, fields: Mapping[str, str], **headers: str) -> httpx.Response:
        said = {name.replace("_", "-"): value for name, value in headers.items()}
        to = self.wire.address + path
        return httpx.post(to, data=dict(fields), headers={**self.headers, **said}, timeout=60, verify=False)

    def page(self, path: str) -> html.HtmlElement:
        answer = self.get(path)
        assert answer.status_code == 200, answer.text
        return html.fromstring(answer.text)

    def send(self, form: Form, **fields: str) -> httpx.Response:
        return self.post(form.action, {**form.fields, **fields})

    def done(self, form: Form, **fields: str) -> str:
        """Sends a form that is to be followed by a page which says what was done; what it says."""
        answer = self.send(form, **fields)
        assert answer.status_code == 303, answer.text
        after = self.page(answer.headers["location"])
        return text_of(after, "//p[@class='desk-done']")


def forms(page: html.HtmlElement, action: str = "") -> list[Form]:
    """The forms of a page that are sent to this path, with what a browser would send unchanged."""
    found = []
    for each in page.xpath("//form[@method='post']"):
        if action and each.get("action") != action:
            continue
        fields = {name: str(value or "") for name, value in each.form_values()}
        (button, *_) = each.xpath(".//button") or [None]
        found.append(Form(each.get("action"), fields, "" if button is None else button.text_content().strip()))
    return found


def page_of(answer: httpx.Response) -> html.HtmlElement:
    return html.fromstring(answer.text)


def form(page: html.HtmlElement, action: str) -> Form:
    (found,) = forms(page, action)
    return found


def text_of(page: html.HtmlElement, path: str) -> str:
    return " ".join(" ".join(each.text_content() for each in page.xpath(path)).split())


def at_desk(wire: Served, name: str = "amina", right: DeskRight = "act") -> AtDesk:
    """A person who has just signed in."""
    token = secrets.token_urlsafe(24)
    with Store.open(wire.paths.database()) as store:
        store.add_person(digest(token), DeskPerson(name=name, right=right), wire.now[0])
    person = AtDesk(wire, {"Sec-Fetch-Site": "same-origin"})
    answer = person.post("/desk/login", {"name": name, "token": token})
    assert answer.status_code == 303, answer.text
    # The wire's address is https, and this server is not: a browser would not send a `Secure` cookie back.
    person.headers["Cookie"] = answer.headers["set-cookie"].partition(";")[0]
    return person

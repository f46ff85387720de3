"""People at the desk. `AtDesk` behaves as a browser: cookies are kept, forms are sent with what their page put into
them. `Browser` sends what it is told to, to whatever address: what no page of ours would send, too.
"""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

import httpx
from bs4 import BeautifulSoup
from lxml import html

from aggregator.model import Client, DeskPerson, DeskRight
from aggregator.pipeline.opening import load_config
from aggregator.store import Store
from aggregator.web.desk_pages import people
from aggregator.web.desk_pages.people import digest
from tests.web.serving import NO_CERTIFICATES, Served


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
        return httpx.get(self.wire.address + path, headers=self.headers, timeout=60, verify=NO_CERTIFICATES)

    def post(self, path: str, fields: Mapping[str, str], **headers: str) -> httpx.Response:
        said = {name.replace("_", "-"): value for name, value in headers.items()}
        to = self.wire.address + path
        return httpx.post(to, data=dict(fields), headers={**self.headers, **said}, timeout=60, verify=NO_CERTIFICATES)

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


def add_people(wire: Served) -> None:
    with Store.open(wire.paths.database()) as store:
        for name, right in (("ama", "act"), ("zola", "act"), ("look", "read")):
            person = DeskPerson(name=name, right="act" if right == "act" else "read")
            store.add_person(digest(f"token of {name}"), person, wire.now[0])
        client = Client(name="program", channels=("api",), rate=60)
        store.add_token(digest("token of program"), client, wire.now[0])


@dataclass
class Browser:
    """Somebody's browser, with a cookie of the desk."""

    wire: Served
    cookie: str
    token: str = field(default="", repr=False)  # of the forms of one page, which those of all others take too

    def get(self, path: str, **headers: str) -> httpx.Response:
        return self.wire.get(path, cookie=self.cookie, **headers)

    def page(self, path: str) -> BeautifulSoup:
        answer = self.get(path)
        assert answer.status_code == 200, (path, answer.status_code)
        return BeautifulSoup(answer.text, "lxml")

    def form_token(self) -> str:
        return str(self.page("/desk").select_one("input[name=form_token]")["value"])  # type: ignore[index]

    def post(self, path: str, headers: dict[str, str] | None = None, **fields: str) -> httpx.Response:
        """As a form of a page of ours sends it, but for what `headers` and `fields` say otherwise."""
        said = {"cookie": self.cookie, "origin": self.wire.address, "sec-fetch-site": "same-origin", **(headers or {})}
        if "form_token" not in fields:
            self.token = self.token or self.form_token()
        sent = {"form_token": self.token, **fields}
        return self.send(path, {name: value for name, value in said.items() if value}, sent)

    def send(self, path: str, headers: dict[str, str], fields: dict[str, str]) -> httpx.Response:
        return httpx.post(
            f"{self.wire.address}{path}", headers=headers, data=fields, timeout=30, verify=NO_CERTIFICATES
        )

    def done(self, path: str, **fields: str) -> str:
        """What is said after an act."""
        answer = self.post(path, **fields)
        assert answer.status_code == 303, answer.text
        return self.page(answer.headers["location"]).select_one(".desk-done").text  # type: ignore[union-attr]


def browser(wire: Served, name: str = "ama", *, is_by_proxy: bool = False) -> Browser:
    with Store.open(wire.paths.database()) as store:
        secret = people.begin(store, digest(f"token of {name}"), wire.now[0], is_by_proxy=is_by_proxy)
    return Browser(wire, f"{people.cookie_name(load_config(wire.paths).wire)}={secret}")


def sign_in(wire: Served, name: str, token: str, headers: dict[str, str] | None = None, **more: str) -> httpx.Response:
    said = {"origin": wire.address, **(headers or {})}
    sent = {"name": name, "token": token, **more}
    return httpx.post(f"{wire.address}/desk/login", headers=said, data=sent, timeout=30, verify=NO_CERTIFICATES)


def rows(wire: Served, sql: str, *values: object) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(wire.paths.database())) as connection:
        return connection.execute(sql, values).fetchall()


def in_wire(wire: Served, number: int) -> list[str]:
    """Reports of one publisher that nothing was done to; each call gives the same ones."""
    sql = """
        SELECT a.id FROM articles AS a WHERE a.status = 'usable' AND a.embargoed_until IS NULL
          AND NOT EXISTS (SELECT 1 FROM acts AS k WHERE k.article_id = a.article_id)
        ORDER BY count(*) OVER (PARTITION BY a.publisher) DESC, a.publisher, a.id LIMIT ?
    """
    found = [report for (report,) in rows(wire, sql, number)]
    assert len(found) == number
    return found


def last_act(wire: Served, report: str) -> tuple[Any, ...] | None:
    sql = """
        SELECT k.act, k.actor, k.reason, k.reference FROM acts AS k JOIN articles AS a ON a.article_id = k.article_id
        WHERE a.id = ? ORDER BY k.act_id DESC LIMIT 1
    """
    return next(iter(rows(wire, sql, report)), None)


PATHS = {
    "id": "hhoez35ce7sm33gh", "number": "1", "about": "wire", "publisher": "x", "source": "y", "key": "y", "name": "z",
    "kind": "moved",
}  # fmt: skip


def filled(path: str) -> str:
    return path.format(**PATHS)

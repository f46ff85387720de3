"""The desk in a browser: who may enter, that no other site acts in a person's name, and what each act changes."""

from __future__ import annotations

import hashlib
import re
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from bs4 import BeautifulSoup

from aggregator.demo import Press
from aggregator.model import Client, Complaint, DeskPerson, Publisher
from aggregator.pipeline.opening import load_config
from aggregator.store import Store
from aggregator.web.desk_pages import people
from aggregator.web.desk_pages.goals import goal
from aggregator.web.desk_pages.serving import ACTS, ROUTES
from tests.cli.test_cli import Desk as Newsroom
from tests.conftest import NOW, record
from tests.desk.test_mass_changes import changed
from tests.desk.test_suspects import overwritten
from tests.identity.test_one_of_each import BRIDGE, OTHER, said
from tests.make_database import CONFIG
from tests.rows import every_row
from tests.web.serving import Served, served

HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)> {{ 7*7 }} \u202e"


def digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def add_people(wire: Served) -> None:
    with Store.open(wire.paths.database()) as store:
        for name, right in (("ama", "act"), ("zola", "act"), ("look", "read")):
            person = DeskPerson(name=name, right="act" if right == "act" else "read")
            store.add_person(digest(f"token of {name}"), person, wire.now[0])
        client = Client(name="program", channels=("api",), rate=60)
        store.add_token(digest("token of program"), client, wire.now[0])


@pytest.fixture(scope="module")
def wire(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("desk")) as found:
        add_people(found)
        yield found


@dataclass
class Browser:
    """Somebody's browser, with a cookie of the desk."""

    wire: Served
    cookie: str

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
        sent = {"form_token": self.form_token(), **fields} if "form_token" not in fields else fields
        return self.send(path, {name: value for name, value in said.items() if value}, sent)

    def send(self, path: str, headers: dict[str, str], fields: dict[str, str]) -> httpx.Response:
        return httpx.post(f"{self.wire.address}{path}", headers=headers, data=fields, timeout=30, verify=False)

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
    return httpx.post(f"{wire.address}/desk/login", headers=said, data=sent, timeout=30, verify=False)


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


# Signing in


def test_a_person_signs_in_by_a_token_of_which_the_database_has_digests_alone(wire: Served) -> None:
    asked = wire.get("/desk/ledger?kind=withheld")
    assert (asked.status_code, asked.headers["location"]) == (
        303,
        "/desk/login?next=%2Fdesk%2Fledger%3Fkind%3Dwithheld",
    )
    answer = sign_in(wire, "ama", "token of ama", next="/desk/ledger?kind=withheld")
    assert (answer.status_code, answer.headers["location"]) == (303, "/desk/ledger?kind=withheld")
    cookie = answer.headers["set-cookie"]
    assert re.fullmatch(r"desk=[\w-]{43}; HttpOnly; Max-Age=43200; Path=/desk; SameSite=strict", cookie)
    secret = cookie.partition(";")[0].removeprefix("desk=")
    mine = Browser(wire, f"desk={secret}")
    assert mine.page("/desk/ledger?kind=withheld").select_one(".desk-who span").text == "ama"  # type: ignore[union-attr]
    with closing(sqlite3.connect(wire.paths.database())) as connection:
        kept = "\n".join(connection.iterdump())
    assert digest(secret) in kept
    assert secret not in kept
    assert "token of ama" not in kept
    # Whoever signs in again in the same browser has another session, and the one before is over.
    again = sign_in(wire, "ama", "token of ama", {"cookie": f"desk={secret}"})
    assert again.headers["set-cookie"].partition(";")[0] != f"desk={secret}"
    assert mine.get("/desk").status_code == 303
    # A session that somebody else chose is none after signing in either.
    chosen = sign_in(wire, "ama", "token of ama", {"cookie": "desk=chosen"})
    assert "chosen" not in chosen.headers["set-cookie"]
    assert Browser(wire, "desk=chosen").get("/desk").status_code == 303


def test_who_has_no_right_is_not_let_in(wire: Served) -> None:
    for name, token in (
        ("ama", "wrong"), ("zola", "token of ama"), ("program", "token of program"), ("ama", ""), ("", "token of ama"),
        ("AMA", "token of ama"), ("ama", digest("token of ama")), ("é" * 300, "x" * 3_000),
    ):  # fmt: skip
        answer = sign_in(wire, name, token)
        assert answer.status_code == 403, name
        assert "set-cookie" not in answer.headers
    assert wire.get("/api/reports", authorization="Bearer token of ama").status_code == 401
    wire.now[0] += timedelta(minutes=20)


def test_a_flood_of_attempts_is_refused(wire: Served) -> None:
    found = [sign_in(wire, "ama", f"guess {number}") for number in range(30)]
    assert {answer.status_code for answer in found[:15]} == {403}
    assert found[-1].status_code == 429
    assert int(found[-1].headers["retry-after"]) > 0
    assert sign_in(wire, "ama", "token of ama").status_code == 429
    assert browser(wire).get("/desk").status_code == 200  # who is signed in goes on
    wire.now[0] += timedelta(minutes=20)
    assert sign_in(wire, "ama", "token of ama").status_code == 303


@every_row(
    ("said", "expected"),
    [
        ("/desk", "/desk"),
        ("/desk/report/abc?x=1&y=%2F", "/desk/report/abc?x=1&y=%2F"),
        ("/desk/pending/a/b/moved", "/desk/pending/a/b/moved"),
        ("https://evil.example/desk", "/desk"),
        ("//evil.example/desk", "/desk"),
        ("/\\evil.example", "/desk"),
        ("/desk/../../etc", "/desk"),
        ("/desk//evil.example", "/desk"),
        ("/desk/.//evil.example", "/desk"),
        ("/desk@evil.example", "/desk"),
        ("/desk.evil.example", "/desk"),
        ("/deskx", "/desk"),
        ("/feeds/latest.atom", "/desk"),
        ("javascript:alert(1)", "/desk"),
        ("/desk\r\nSet-Cookie: a=b", "/desk"),
        ("/desk/report\n", "/desk"),
        ("/desk/logout", "/desk"),
        ("/desk/login?next=/desk", "/desk"),
        ("/desk/" + "a" * 600, "/desk"),
        ("", "/desk"),
    ],
)
def test_one_is_led_to_paths_of_the_desk_alone(said: str, expected: str) -> None:
    assert goal(said) == expected


def test_a_session_ends(wire: Served) -> None:
    mine, other = browser(wire, "zola"), browser(wire, "zola")
    assert mine.post("/desk/logout", form_token="x" * 80).status_code == 403
    # A form of another site comes without the cookie, and takes none away either.
    from_elsewhere = mine.send(
        "/desk/logout", {"origin": "https://evil.example", "sec-fetch-site": "cross-site"}, {"a": "b"}
    )
    assert "set-cookie" not in from_elsewhere.headers
    answer = mine.post("/desk/logout")
    assert answer.status_code == 303
    assert "Max-Age=0" in answer.headers["set-cookie"]
    assert mine.get("/desk").status_code == 303
    assert other.get("/desk").status_code == 200
    with Store.open(wire.paths.database()) as store:
        store.revoke_token("zola", wire.now[0])
    assert other.get("/desk").status_code == 303
    assert rows(wire, "SELECT count(*) FROM desk_sessions WHERE token_hash = ?", digest("token of zola")) == [(0,)]
    assert sign_in(wire, "zola", "token of zola").status_code == 403
    wire.now[0] += timedelta(minutes=20)
    late = browser(wire)
    wire.now[0] += timedelta(hours=12)
    assert late.get("/desk").status_code == 303
    wire.now[0] -= timedelta(hours=13)  # the clock was ahead when that session began
    assert late.get("/desk").status_code == 303
    wire.now[0] += timedelta(hours=1)


def test_over_https_browsers_take_the_cookie_by_https_alone(tmp_path: Path) -> None:
    config = shutil.copytree(CONFIG, tmp_path / "config")
    file = config / "wire.toml"
    file.write_text(file.read_text().replace('url = "http://', 'url = "https://', 1))
    with served(tmp_path, config) as wire:
        add_people(wire)
        answer = sign_in(wire, "ama", "token of ama")
        cookie = answer.headers["set-cookie"]
        assert cookie.startswith("__Secure-desk=")
        assert {"Secure", "HttpOnly", "SameSite=strict", "Path=/desk"} <= set(cookie.split("; "))
        assert wire.get("/desk", cookie=cookie.partition(";")[0]).status_code == 200
        assert wire.get("/desk", cookie=cookie.partition(";")[0].removeprefix("__Secure-")).status_code == 303
        # A browser of another machine, by http: it would lose that cookie, and is told where to go.
        there = "https://tamarind-wire.example/desk"
        assert f'href="{there}"' in wire.get("/desk/login", accept="text/html").text
        assert there not in wire.get("/desk/login", accept="text/html", sec_fetch_site="none").text


# A proxy that says who it is


def test_a_proxy_says_who_it_is_and_nobody_else_does(tmp_path: Path) -> None:
    for proxies, is_trusted in (("127.0.0.1/32", True), ("10.0.0.0/8", False)):
        folder = tmp_path / proxies.partition("/")[0]
        config = shutil.copytree(CONFIG, folder / "config")
        with (config / "wire.toml").open("a") as file:
            file.write(f'\n[serve]\ntrusted_proxies = ["{proxies}"]\n\n[desk]\nuser_header = "Remote-User"\n')
        with served(folder, config) as wire:
            add_people(wire)
            answer = sign_in(wire, "", "", {"remote-user": "ama"}, by="proxy")
            assert answer.status_code == (303 if is_trusted else 403)
            for headers in (
                {"remote-user": "nobody"}, {"remote-user": "program"}, {"remote-user": "AMA"}, {"remote-user": ""},
                {"x-forwarded-for": "127.0.0.1"}, {"remote_user": "ama"},
            ):  # fmt: skip
                assert sign_in(wire, "", "", headers, by="proxy").status_code == 403, headers
            assert ("Continue as" in wire.get("/desk/login", remote_user="ama").text) is is_trusted
            if not is_trusted:
                continue
            mine = Browser(wire, answer.headers["set-cookie"].partition(";")[0])
            assert mine.get("/desk", remote_user="ama").status_code == 200
            assert mine.get("/desk").status_code == 303  # it says so at every request
            assert mine.get("/desk", remote_user="zola").status_code == 303
            assert sign_in(wire, "zola", "token of zola", {"remote-user": "ama"}).status_code == 403
            by_token = browser(wire, "zola")
            assert by_token.get("/desk").status_code == 200
            assert by_token.get("/desk", remote_user="ama").status_code == 303
            twice = [("cookie", mine.cookie), ("remote-user", "ama"), ("remote-user", "zola")]
            assert httpx.get(f"{wire.address}/desk", headers=twice, verify=False).status_code == 403


# What other sites cannot do


def test_no_other_site_acts_in_a_persons_name(wire: Served) -> None:
    (report,) = in_wire(wire, 1)
    path = f"/desk/report/{report}/withhold"
    fields = {"reason": "none", "confirm": "yes"}
    mine, other = browser(wire), browser(wire)
    for headers, more in (
        ({}, {"form_token": ""}),
        ({}, {"form_token": "0" * 80}),
        ({}, {"form_token": other.form_token()}),
        ({}, {"form_token": mine.form_token()[:-1] + "!"}),
        ({"origin": "https://evil.example"}, {}),
        ({"origin": "null", "sec-fetch-site": ""}, {}),
        ({"origin": wire.address.replace("127.0.0.1", "127.0.0.1.evil.example")}, {}),
        ({"origin": wire.address + ".evil.example"}, {}),
        ({"sec-fetch-site": "cross-site"}, {}),
        ({"sec-fetch-site": "same-site"}, {}),
        ({"sec-fetch-site": "none"}, {}),
        ({"sec-fetch-site": "", "origin": ""}, {}),
        ({"cookie": ""}, {}),
        ({"cookie": "desk=" + "x" * 43}, {}),
    ):  # fmt: skip
        answer = mine.post(path, headers, **fields, **more)
        assert answer.status_code == 403, (headers, more)
        assert answer.headers["cache-control"] == "no-store"
    for media_type, body in (("application/json", b"{}"), ("text/plain", b"a=b"), ("multipart/form-data", b"")):
        headers = {"cookie": mine.cookie, "origin": wire.address, "content-type": media_type}
        answer = httpx.post(f"{wire.address}{path}", headers=headers, content=body, verify=False)
        assert answer.status_code == 415
    assert last_act(wire, report) is None
    for headers in ({"origin": ""}, {"sec-fetch-site": ""}, {"origin": "null"}):
        assert mine.post(path, headers, reason="none").status_code == 200  # it asks once more
    assert sign_in(wire, "ama", "token of ama", {"origin": "https://evil.example"}).status_code == 403


def test_a_form_carries_another_token_on_every_page(wire: Served) -> None:
    """So that nobody learns it from how long a compressed page is."""
    mine = browser(wire)
    one, other = mine.form_token(), mine.form_token()
    assert one != other
    for each in (one, other):
        assert mine.post("/desk/report/x/restore", form_token=each, reason="r").status_code == 409


def test_an_act_is_sent_by_post_alone(wire: Served) -> None:
    mine = browser(wire)
    before = rows(wire, "SELECT count(*), (SELECT count(*) FROM changes), (SELECT count(*) FROM complaints) FROM acts")
    for act in ACTS:
        answer = mine.get(f"{filled(act.path)}?reason=x&confirm=yes&form_token={mine.form_token()}")
        assert answer.status_code in ((200,) if act.path == "/desk/add" else (404, 405)), act.path
    assert mine.get("/desk/logout").status_code == 405
    for route in ROUTES:
        assert mine.get(filled(route.path)).status_code in (200, 404)
    sql = "SELECT count(*), (SELECT count(*) FROM changes), (SELECT count(*) FROM complaints) FROM acts"
    assert rows(wire, sql) == before
    assert mine.get("/desk").status_code == 200


def test_nothing_of_the_desk_is_kept_framed_or_told_to_others(wire: Served) -> None:
    mine = browser(wire)
    paths = [filled(route.path) for route in ROUTES]
    paths += ["/desk/login", "/desk/report/x.css", "/desk/report/a.js?v=1", "/desk/nothing.css", "/desk/ledger?below=x"]
    for path in paths:
        for answer in (mine.get(path, accept="text/html"), wire.get(path, accept="text/html")):
            assert answer.headers["cache-control"] == "no-store", path
            assert "etag" not in answer.headers, path
            assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
            assert answer.headers["cross-origin-resource-policy"] == "same-origin"
            assert "access-control-allow-origin" not in answer.headers
            assert "set-cookie" not in answer.headers
            assert answer.headers["referrer-policy"] in ("same-origin", "no-referrer")
            if answer.status_code != 303:
                assert answer.headers["x-frame-options"] == "DENY"
                assert answer.headers["content-type"].startswith("text/html")
    assert mine.get("/desk/report", if_none_match="*").status_code == 200
    for headers in ({"host": "evil.example"}, {"host": "127.0.0.1@evil.example"}):
        assert mine.get("/desk", **headers).status_code == 421
    assert "set-cookie" not in wire.get("/").headers


def test_nobody_enters_unasked(wire: Served) -> None:
    for route in ROUTES:
        answer = wire.get(filled(route.path))
        assert answer.status_code == 303
        assert answer.headers["location"].startswith("/desk/login?next=%2Fdesk")
        assert answer.text == ""
    for act in ACTS:
        answer = Browser(wire, "").send(filled(act.path), {"origin": wire.address}, {"reason": "x", "confirm": "yes"})
        assert answer.status_code == 403


def test_who_may_look_alone_does_nothing(wire: Served) -> None:
    looking, (report,) = browser(wire, "look"), in_wire(wire, 1)
    page = looking.page(f"/desk/report/{report}")
    assert [form["action"] for form in page.select("form[method=post]")] == ["/desk/logout"]
    for act in ACTS:
        answer = looking.post(filled(act.path), reason="x", confirm="yes")
        assert answer.status_code == 403, act.path
        assert "to look" in answer.text
    assert last_act(wire, report) is None


def test_no_link_puts_words_into_the_mouth_of_the_desk(wire: Served) -> None:
    mine, other = browser(wire), browser(wire)
    (report,) = in_wire(wire, 1)
    location = mine.post(f"/desk/report/{report}/embargo", reason="later", until="2090-01-01", confirm="yes").headers[
        "location"
    ]
    assert mine.page(location).select_one(".desk-done") is not None
    assert other.page(location).select_one(".desk-done") is None
    assert mine.page("/desk?done=You+were+hacked&signature=" + "0" * 32).select_one(".desk-done") is None
    assert mine.page(re.sub("done=[^&]*", "done=Other", location)).select_one(".desk-done") is None
    mine.done(f"/desk/report/{report}/restore", reason="back", confirm="yes")


# What is shown


def test_every_page_is_one_that_everybody_can_use(wire: Served) -> None:
    mine = browser(wire)
    for route in ROUTES:
        answer = mine.get(filled(route.path))
        page = BeautifulSoup(answer.text, "lxml")
        assert len(page.select("h1")) == 1, route.path
        assert not page.select("script, style, [style], [onclick]")
        assert page.select_one("main") is not None
        for field in page.select("input:not([type=hidden]), select, textarea"):
            assert page.select_one(f"label[for='{field['id']}']") is not None, (route.path, field)
        ids = [each["id"] for each in page.select("[id]")]
        assert len(ids) == len(set(ids)), route.path
        for form in page.select("form[method=post]"):
            assert form.select_one("input[name=form_token]") is not None, (route.path, form["action"])
    found = {filled(route.path) for route in ROUTES if mine.get(filled(route.path)).status_code == 404}
    assert found == {"/desk/merge/1", "/desk/pending/x/y/moved", "/desk/source/x/y", "/desk/subscribers/z"}


def test_every_page_is_there_in_every_language(wire: Served) -> None:
    mine = browser(wire)
    for language in ("fr", "pt", "ar", "sw"):
        for path in ("/desk", "/desk/report/hhoez35ce7sm33gh", "/desk/ledger"):
            answer = mine.get(path, accept_language=language)
            assert answer.status_code == 200
            assert f'lang="{language}"' in answer.text


def test_what_strangers_wrote_is_shown_as_it_is(wire: Served) -> None:
    mine = browser(wire)
    with Store.open(wire.paths.database()) as store:
        number = store.complaint_about_wire(
            Complaint(kind="about_the_wire", text=HOSTILE, complainant=HOSTILE), wire.now[0]
        )
    (report,) = in_wire(wire, 1)
    mine.done(f"/desk/report/{report}/withhold", reason=HOSTILE, reference=HOSTILE, confirm="yes")
    shown = mine.post(f"/desk/report/{report}/restore", reason=HOSTILE, reference=HOSTILE)
    assert shown.status_code == 200
    pages = [shown.text] + [
        mine.get(path).text
        for path in (f"/desk/complaint/{number}", "/desk/complaints/wire", f"/desk/report/{report}", "/desk/ledger",
                     "/desk/held-back?by=withheld", "/desk/report?q=%3Cscript%3E", "/desk/ledger?actor=%3Cscript%3E")
    ]  # fmt: skip
    for text in pages:
        assert "alert(1)</script>" not in text
        assert not BeautifulSoup(text, "lxml").select("script, img")
    assert HOSTILE in BeautifulSoup(pages[1], "lxml").select_one(".desk-said").text  # type: ignore[union-attr]
    assert "49" not in BeautifulSoup(pages[1], "lxml").select_one(".desk-said").text  # type: ignore[union-attr]
    mine.done(f"/desk/report/{report}/restore", reason="back", confirm="yes")


def test_a_report_is_found_by_its_id_its_link_and_its_words(wire: Served) -> None:
    mine, (report,) = browser(wire), in_wire(wire, 1)
    ((link, title),) = rows(wire, "SELECT url, title FROM articles WHERE id = ?", report)
    words = " ".join(each for each in title.split() if each.isalpha())  # a single one may be of many reports
    for asked in (report, report[:8], link, words):
        answer = httpx.get(
            f"{wire.address}/desk/report", params={"q": asked}, headers={"cookie": mine.cookie}, verify=False
        )
        assert f'href="/desk/report/{report}"' in answer.text, asked
    assert mine.get("/desk/report?q=%22").status_code == 200
    assert mine.get("/desk/report?q=nothing-has-this").text.count("/desk/report/") == 0


# What each act changes


def test_acts_upon_a_report_ask_first_and_then_do_what_the_commands_do(wire: Served) -> None:
    mine, (report,) = browser(wire), in_wire(wire, 1)
    path = f"/desk/report/{report}"
    why = {"reason": "a  fault\n in it", "reference": "letter 7"}
    done = ("person:ama", "a fault in it", "letter 7")
    for name, more, state in (
        ("withhold", {}, ("withheld", "withheld")),
        ("restore", {}, ("usable", None)),
        ("withhold", {"legal": "yes"}, ("withheld", "legal")),
        ("restore", {}, ("usable", None)),
        ("embargo", {"until": "2090-01-01T06:00"}, ("usable", None)),
        ("restore", {}, ("usable", None)),
        ("withdraw", {}, ("canceled", "withdrawn")),
        ("restore", {}, ("usable", None)),
    ):
        before = rows(wire, "SELECT count(*) FROM acts"), rows(wire, "SELECT count(*) FROM changes")
        asked = mine.post(f"{path}/{name}", **why, **more)
        assert asked.status_code == 200
        form = BeautifulSoup(asked.text, "lxml").select_one("main form")
        assert form is not None
        sent = {str(each["name"]): str(each["value"]) for each in form.select("input")}
        assert before == (rows(wire, "SELECT count(*) FROM acts"), rows(wire, "SELECT count(*) FROM changes"))
        assert "letter 7" in asked.text
        assert mine.done(str(form["action"]), **sent)
        assert last_act(wire, report) == (name, *done)
        assert rows(wire, "SELECT status, notice FROM articles WHERE id = ?", report) == [state]
        if name == "embargo":
            assert rows(wire, "SELECT embargoed_until FROM articles WHERE id = ?", report)[0][0].startswith(
                "2090-01-01"
            )
        for column in ("actor", "reason", "reference"):
            assert str(done[("actor", "reason", "reference").index(column)]) in mine.get(path).text
    for name, more, why_not in (
        ("withhold", {"reason": " "}, "is empty"),
        ("restore", {"reason": "x"}, "nothing to restore"),
        ("embargo", {"reason": "x", "until": "soon"}, "a time to come"),
        ("embargo", {"reason": "x", "until": "2001-01-01"}, "over already"),
    ):
        answer = mine.post(f"{path}/{name}", **more, confirm="yes")
        assert answer.status_code == 409, name
        assert why_not in BeautifulSoup(answer.text, "lxml").text
    assert mine.post("/desk/report/nothing/withhold", reason="x", confirm="yes").status_code == 409
    sql = "SELECT p.name FROM publishers AS p JOIN articles AS a ON a.publisher = p.publisher WHERE a.id = ?"
    ((publisher,),) = rows(wire, sql, report)
    ledger = mine.page(f"/desk/ledger?report={report}&actor=ama&kind=withdrawn")
    assert [cell.text for cell in ledger.select("tbody tr td")][2:] == [
        "withdrawn", f"{report}{publisher}",
        "person:ama", "a fault in it letter 7",
    ]  # fmt: skip


def test_two_reports_are_joined_and_made_two_again(wire: Served) -> None:
    mine, (one, two) = browser(wire), in_wire(wire, 2)
    assert mine.post(f"/desk/report/{one}/join", other="nothing", reason="x").status_code == 409
    said = mine.done(f"/desk/report/{one}/join", other=two, reason="held twice", reference="note 3")
    ((number,),) = rows(wire, "SELECT max(merge_id) FROM merges")
    assert (two in said, f"{number}" in said) == (True, True)
    assert last_act(wire, one) == ("join", "person:ama", "held twice", "note 3")
    assert f'href="/desk/merge/{number}"' in mine.get("/desk/merges").text
    page = mine.page(f"/desk/merge/{number}")
    titles = [rows(wire, "SELECT title FROM articles WHERE id = ?", each)[0][0] for each in (one, two)]
    assert len(page.select(".desk-sides > section")) == 2
    assert " ".join(page.select(".desk-sides section")[1].select_one(".desk-title").text.split()) in titles  # type: ignore[union-attr]
    assert "joined" in mine.get(f"/desk/report/{two}").text
    assert mine.post(f"/desk/report/{two}/withhold", reason="x", confirm="yes").status_code == 409
    assert two in mine.done(f"/desk/merge/{number}/undo")
    assert rows(wire, "SELECT undone_at IS NOT NULL FROM merges WHERE merge_id = ?", number) == [(1,)]
    assert mine.post(f"/desk/merge/{number}/undo").status_code == 409
    assert mine.post(f"/desk/report/{one}/split", version="7").status_code == 409
    assert mine.post(f"/desk/report/{one}/confirm", reason="").status_code == 409
    assert one in mine.done(f"/desk/report/{one}/confirm", reason="two reports", reference="note 4")
    assert last_act(wire, one) == ("confirm", "person:ama", "two reports", "note 4")
    assert "/desk/merge/" not in mine.get("/desk/merges").text
    assert f'href="/desk/merge/{number}"' in mine.get("/desk/merges?undone=yes").text


def test_what_a_complaint_asks_for_is_one_click_and_its_answer_another(wire: Served) -> None:
    mine, (report,) = browser(wire), in_wire(wire, 1)
    with Store.open(wire.paths.database()) as store, closing(sqlite3.connect(store.path)) as connection, connection:
        for kind in ("privacy", "comment"):
            connection.execute(
                "INSERT INTO complaints (article_id, complaint_kind, text, complainant, received_at)"
                " SELECT article_id, ?, 'words of a stranger', 'somebody', ? FROM articles WHERE id = ?",
                (kind, "2026-11-29T10:00:00Z", report),
            )
    (first, second) = (n for (n,) in rows(wire, "SELECT complaint_id FROM complaints ORDER BY 1 DESC LIMIT 2"))
    privacy, comment = f"/desk/complaint/{second}", f"/desk/complaint/{first}"
    assert f'href="/desk/complaints/{report}"' in mine.get("/desk/complaints").text
    assert mine.get(f"/desk/complaints/{report}").text.count("words of a stranger") == 2
    form = mine.page(privacy).select_one("form[action$=carry-out]")
    assert form is not None
    sent = {str(each["name"]): str(each.get("value", "")) for each in form.select("input")}
    assert "stranger" not in sent["reason"]
    assert "still open" in mine.done(str(form["action"]), **{**sent, "reference": "file 9"})
    assert last_act(wire, report) == ("withhold", "person:ama", sent["reason"], "file 9")
    assert rows(wire, "SELECT complaint_id FROM acts ORDER BY act_id DESC LIMIT 1") == [(second,)]
    assert mine.page(privacy).select_one("form[action$=carry-out]") is None
    assert mine.post(f"{privacy}/carry-out", reason="x").status_code == 409
    assert mine.post(f"{comment}/carry-out", reason="x").status_code == 409
    assert mine.post(f"{privacy}/resolve", resolution="").status_code == 409
    assert mine.done(f"{privacy}/resolve", resolution="looked at", answer="Thank you.\nIt is out.")
    sql = "SELECT resolution, answer, resolved_at IS NOT NULL FROM complaints WHERE complaint_id = ?"
    assert rows(wire, sql, second) == [("looked at", "Thank you.\nIt is out.", 1)]
    assert mine.post(f"{privacy}/resolve", resolution="again").status_code == 409
    assert mine.post(f"{privacy}/erase").status_code == 409
    assert mine.done(f"{privacy}/erase", sure="yes")
    sql = "SELECT text, complainant, resolution, answer, erased_at IS NOT NULL FROM complaints WHERE complaint_id = ?"
    assert rows(wire, sql, second) == [(None, None, None, None, 1)]
    assert "words of a stranger" not in mine.get(privacy).text
    assert mine.post("/desk/complaint/9999/resolve", resolution="x").status_code == 404
    mine.done(f"/desk/report/{report}/restore", reason="back", confirm="yes")


def test_what_waits_is_accepted_or_refused(tmp_path: Path) -> None:
    with Press(now=NOW) as press:
        newsroom = Newsroom(tmp_path, press)
        press.set_document("one.example", "/feed", changed(0, 60, "one.example"))
        newsroom("fetch", "one")
        press.set_document("one.example", "/feed", changed(30, 60, "one.example", title="WITHDRAWN: {}"))
        newsroom("fetch", "one")
        press.set_document("two.example", "/feed", changed(0, 60, "two.example"))
        newsroom("fetch", "two")
        press.set_document("two.example", "/feed", changed(8, 60, "two.example", words="<p>Buy pills</p>"))
        newsroom("fetch", "two")
        with served(newsroom.database.parent, newsroom.config) as wire:
            add_people(wire)
            mine = browser(wire)
            waiting = [str(each["href"]) for each in mine.page("/desk/pending").select("main td a")]
            assert waiting == [
                "/desk/pending/one/one-example-feed/withdrawn", "/desk/pending/two/two-example-feed/same_words",
            ]  # fmt: skip
            assert "WITHDRAWN: 29" in mine.get(waiting[0]).text
            assert "Buy pills" in mine.get(waiting[1]).text
            number = rows(wire, "SELECT count(*) FROM pending_changes WHERE mass_kind = 'withdrawn'")[0][0]
            assert f"{number}" in mine.done(f"{waiting[0]}/accept")
            assert rows(wire, "SELECT DISTINCT actor, count(*) FROM acts WHERE act = 'accept'") == [
                ("person:ama", number)
            ]
            assert mine.done(f"{waiting[1]}/refuse")
            assert mine.post(f"{waiting[1]}/refuse").status_code == 409
            assert not mine.page("/desk/pending").select("main td a")
            assert rows(wire, "SELECT DISTINCT actor FROM acts WHERE act = 'refuse'") == [("person:ama",)]


def test_what_may_be_wrong_is_put_right_or_confirmed(tmp_path: Path, store: Store, publisher: Publisher) -> None:
    report = overwritten(store, publisher)
    record(store, publisher, said("Ferry", BRIDGE, "/a", "g"))
    record(store, publisher, said("Ferry again", OTHER, "/a", "h"), now=NOW + timedelta(hours=1))
    with served(tmp_path) as wire:
        add_people(wire)
        mine = browser(wire)
        page = mine.page("/desk/merges/suspicious?since=ever")
        assert [form["action"].rpartition("/")[2] for form in page.select("main form")] == [  # type: ignore[union-attr]
            "split", "confirm", "split", "confirm",
        ]  # fmt: skip
        ids = [each["id"] for each in page.select("[id]")]
        assert len(ids) == len(set(ids))
        newest = page.select("main form")[0]
        sent = {str(each["name"]): str(each["value"]) for each in newest.select("input[value]")}
        assert sent["version"] == "3"
        assert "two again" in mine.done(str(newest["action"]), **sent)
        again = mine.post(f"/desk/report/{report}/split", version="3")
        assert again.status_code == 409
        assert "Nothing was changed" in again.text
        assert mine.done(f"/desk/report/{report}/confirm", reason="written anew each day")
        assert not mine.page("/desk/merges/suspicious?since=ever").select("main form")
        ((number,),) = rows(wire, "SELECT max(merge_id) FROM merges")
        assert mine.get(f"/desk/merge/{number}").status_code == 200
        assert "Bulletin" in mine.get(f"/desk/report/{report}").text


def test_rights_that_need_a_look_are_listed(tmp_path: Path) -> None:
    config = shutil.copytree(CONFIG, tmp_path / "config")
    texts = {file: file.read_text() for file in sorted((config / "publishers").rglob("*.toml"))}
    agreed = next(file for file, text in texts.items() if "[rights]" not in text and 'kind = "own"' not in text)
    agreed.write_text(texts[agreed] + '\n[rights]\nterms_checked = "2024-01-01"\n')
    ends = next(file for file, text in texts.items() if "expires =" in text or 'profile = "agreement"' in text)
    lines = [line for line in texts[ends].splitlines() if not line.startswith("expires")]
    lines.insert(lines.index("[rights]") + 1, 'expires = "2026-11-01"')
    ends.write_text("\n".join(lines) + "\n")
    allowing = next(file for file, text in texts.items() if file not in (agreed, ends) and "[rights]" in text)
    kept = [line for line in texts[allowing].splitlines() if not line.startswith("ai_use")]
    kept.insert(kept.index("[rights]") + 1, 'ai_use = "allowed"')
    allowing.write_text("\n".join(kept) + "\n")
    home = next(line for line in kept if line.startswith("homepage")).split('"')[1].rstrip("/")
    with served(tmp_path, config) as wire:
        add_people(wire)
        with closing(sqlite3.connect(wire.paths.database())) as connection, connection:
            connection.execute(
                """
                INSERT INTO rights_signals (publisher, signal_form, signal_place, url, about, path_pattern, rank,
                  literal, origin, train, input, search, first_seen, last_seen)
                VALUES (?, 'content-signal', 'robots', ?, ?, '', 1, ?, 'publisher', 'refused', 'unstated', 'unstated',
                  '2026-11-01T00:00:00Z', '2026-11-29T00:00:00Z')
                """,
                (allowing.stem, f"{home}/robots.txt", home, f"ai-train=no {HOSTILE}"),
            )
        page = browser(wire).page("/desk/rights")
        (conflict,) = page.select("#conflicts li")
        assert "machines that train on it" in conflict.text
        assert "ai-train=no <script>" in conflict.text
        assert f"{home}/robots.txt" in conflict.text
        assert not page.select("script")
        assert agreed.name in page.select_one("#unread").text  # type: ignore[union-attr]
        assert ends.name in page.select_one("#ending").text  # type: ignore[union-attr]
        needs = [str(each["href"]) for each in browser(wire).page("/desk").select(".desk-needs a")]
        assert {"/desk/rights#unread", "/desk/rights#ending"} <= set(needs)


def test_a_database_that_is_locked_is_said_so_and_nothing_is_changed(wire: Served) -> None:
    mine, (report,) = browser(wire), in_wire(wire, 1)
    with closing(sqlite3.connect(wire.paths.database(), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        answer = mine.post(f"/desk/report/{report}/withhold", reason="x", confirm="yes")
        other.execute("ROLLBACK")
    assert answer.status_code == 503
    assert "Nothing was changed" in answer.text
    assert str(wire.paths.database()) not in answer.text
    assert last_act(wire, report) is None


def test_lists_go_on_a_page_at_a_time(wire: Served) -> None:
    mine = browser(wire)
    path, seen = "/desk/ledger", []
    while path:
        page = mine.page(path)
        seen += [int(cell.text.replace(",", "")) for cell in page.select("tbody tr td:first-child")]
        path = next((str(each["href"]) for each in page.select(".pages a") if "Older" in each.text), "")
    ((newest,),) = rows(wire, "SELECT max(seq) FROM changes")
    assert seen == list(range(newest, 0, -1))
    for path in (
        "/desk/ledger?below=0",
        "/desk/ledger?below=x",
        "/desk/merges?below=-1",
        "/desk/complaints?page=" + "9" * 30,
    ):
        assert mine.get(path).status_code == 404, path
    assert mine.get(f"/desk/ledger?below={2**63 - 1}").status_code == 200

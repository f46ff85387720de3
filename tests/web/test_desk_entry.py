"""Who may enter the desk, and that no other site acts in a person's name."""

from __future__ import annotations

import hashlib
import re
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from aggregator.store import Store
from aggregator.web.desk_pages.goals import goal
from aggregator.web.desk_pages.serving import ACTS, ROUTES
from tests.make_database import CONFIG
from tests.rows import every_row
from tests.web.desk_browser import Browser, add_people, browser, filled, in_wire, last_act, rows, sign_in
from tests.web.serving import Served, served


def digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


@pytest.fixture(scope="module")
def wire(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("desk")) as found:
        add_people(found)
        yield found


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
        address = wire.paths.config_folder()
        assert address == config


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

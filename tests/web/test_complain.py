"""The form for comments and complaints: who answers is said first, what comes is recorded and nothing else, and whoever
complained follows it by a reference that nobody guesses.
"""

from __future__ import annotations

import logging
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from shutil import copytree

import httpx
import pytest
from bs4 import BeautifulSoup

from aggregator.desk import acts, complaints
from aggregator.model import Cause, Selection
from aggregator.pipeline import filing
from aggregator.store import Store
from aggregator.text import reference
from tests.desk.test_desk import command
from tests.make_database import CONFIG
from tests.rows import every_row
from tests.web.serving import NO_CERTIFICATES, Served, served

DESK = Cause(actor="person:ama", reason="a complaint about privacy is being looked into")
TEXT = "Njia ya Mkuyuni 4 ni nyumbani kwangu. رقم هاتفي في التقرير."
# What ends a line, a header, an element, an attribute or a quotation; what turns the direction of what follows.
HOSTILE = (
    "</textarea><script>alert(1)</script><img src=x onerror=alert(2)>\"'`{{ 7*7 }}{% raw %}"
    "\x1b]0;owned\x07\x1b[2J\u202etxt.exe\u2066\x00\x85\u2028=HYPERLINK(1)\nSubject: x\nBcc: all@others.example"
)


@pytest.fixture(scope="module")
def wire(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("complain")) as found:
        Store.open(found.paths.database()).close()  # brings the tables up to date
        yield found


@pytest.fixture
def store(wire: Served) -> Iterator[Store]:
    wire.now[0] += timedelta(hours=2)  # what one test sends too often is let again in the next
    with Store.open(wire.paths.database()) as opened:
        yield opened


@pytest.fixture
def report(store: Store) -> str:
    return next(each.id for each in store.latest(Selection(limit=50)) if each.publisher != "tamarind-wire")


def soup(answer: httpx.Response) -> BeautifulSoup:
    return BeautifulSoup(answer.text, "lxml")


def opened(wire: Served, path: str, **headers: str) -> dict[str, str]:
    """The hidden fields of a form."""
    page = soup(wire.get(path, **headers))
    return {str(each["name"]): str(each["value"]) for each in page.select(".complain input[type=hidden]")}


def post(wire: Served, path: str, form: dict[str, str], **headers: str) -> httpx.Response:
    said = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.post(f"{wire.address}{path}", data=form, headers=said, timeout=30, verify=NO_CERTIFICATES)


def send(wire: Served, path: str, **fields: str) -> httpx.Response:
    """As a browser sends the form without JavaScript."""
    form = {"kind": "privacy", "text": TEXT, "name": "", "email": "", "website": "", **opened(wire, path), **fields}
    return post(wire, path, form, origin=wire.address, sec_fetch_site="same-origin")


def code_in(answer: httpx.Response) -> str:
    assert answer.status_code == 200, answer.text
    found = soup(answer).select_one(".reference")
    assert found is not None
    return found.get_text()


def number_of(store: Store) -> int:
    return len(store.complaints(resolved_too=True))


def test_who_answers_is_said_before_anything_is_asked(wire: Served, store: Store, report: str) -> None:
    addressee = store.addressee(report)
    page = wire.get(f"/complain/{report}")
    assert page.headers["cache-control"] == "no-store"
    words = page.text
    asked = words.index('<form method="post" action="/complain')
    for said in (addressee.publisher_name, addressee.corrections or addressee.homepage, "We cannot change a word"):
        assert 0 < words.index(said) < asked, said
    assert "application/xhtml" not in page.headers["content-type"]
    kinds = [each["value"] for each in soup(page).select("input[name=kind]")]
    assert kinds == [
        "factual", "privacy", "safety", "copyright", "licence", "court_order", "statute", "publisher_request",
        "comment",
    ]  # fmt: skip
    own = next(each.id for each in store.latest(Selection(limit=100)) if store.addressee(each.id).is_own)
    page = wire.get(f"/complain/{own}")
    assert "own_content" in [each["value"] for each in soup(page).select("input[name=kind]")]
    assert "factual" not in [each["value"] for each in soup(page).select("input[name=kind]")]
    assert [each["value"] for each in soup(wire.get("/complain")).select("input[name=kind]")] == [
        "about_the_wire", "comment",
    ]  # fmt: skip


def test_every_field_has_a_label_and_its_hint(wire: Served, report: str) -> None:
    page = soup(wire.get(f"/complain/{report}"))
    assert len(page.select("h1")) == 1
    entered = page.select(".complain input:not([type=hidden]), .complain textarea")
    assert len(entered) > 3
    for each in entered:
        assert page.select_one(f'label[for="{each["id"]}"]'), each
        for hint in str(each["aria-describedby"]).split():
            assert page.find(id=hint), hint


def test_a_complaint_is_recorded_and_nothing_is_done_by_it(wire: Served, store: Store, report: str) -> None:
    page, line, before = wire.get(f"/api/reports/{report}").json(), store.last_cursor(), number_of(store)
    answer = send(wire, f"/complain/{report}", kind="court_order", name="Asha Mushi")
    code = code_in(answer)
    assert re.fullmatch("[0-9A-HJKMNP-TV-Z]{4}(-[0-9A-HJKMNP-TV-Z]{4}){3}", code)
    assert answer.headers["cache-control"] == "no-store"
    assert TEXT not in answer.text
    row = store.complaints()[-1]
    assert (row["id"], row["complaint_kind"], row["text"], row["complainant"], row["acts"], row["came_by"]) == (
        report, "court_order", TEXT, "Asha Mushi", None, "form",
    )  # fmt: skip
    assert number_of(store) == before + 1
    assert (wire.get(f"/api/reports/{report}").json(), store.last_cursor()) == (page, line)
    # A copy of the database does not give the reference away.
    with closing(sqlite3.connect(store.path)) as connection:
        dumped = "\n".join(connection.iterdump())
    assert code not in dumped
    assert code.replace("-", "") not in dumped
    assert reference.digest(code) in dumped


def test_a_click_too_many_files_once(wire: Served, store: Store, report: str) -> None:
    before = number_of(store)
    form = {"kind": "factual", "text": "Waziri ni mwingine.", **opened(wire, f"/complain/{report}")}
    codes = [code_in(post(wire, f"/complain/{report}", form)) for _ in range(2)]
    assert codes[0] == codes[1]
    assert number_of(store) == before + 1
    # Other words, or a form that was opened anew, are another complaint.
    other = code_in(post(wire, f"/complain/{report}", {**form, "text": "Na tarehe si sahihi."}))
    anew = code_in(post(wire, f"/complain/{report}", {**form, **opened(wire, f"/complain/{report}")}))
    nameless = [code_in(post(wire, f"/complain/{report}", {**form, "form": "x"})) for _ in range(2)]
    assert len({codes[0], other, anew, *nameless}) == 5


@every_row(
    ("fields", "field"),
    [
        ({"kind": ""}, "kind"),
        ({"kind": "about_the_wire"}, "kind"),
        ({"kind": "own_content"}, "kind"),
        ({"kind": "<b>"}, "kind"),
        ({"text": ""}, "text"),
        ({"text": "\u202e\x1b \u2066"}, "text"),
        ({"text": "Hapana"}, "text"),
        ({"text": "x" * 5_001}, "text"),
        ({"name": "n" * 101}, "name"),
        ({"email": "nobody"}, "email"),
        ({"email": "a@b.example, c@d.example"}, "email"),
        ({"email": "a@b.example\nBcc: c@d.example"}, "email"),
        ({"email": '"x"@b.example'}, "email"),
        ({"email": "a\u202e@b.example"}, "email"),
        ({"email": "x@" + "y" * 250 + ".example"}, "email"),
        ({"website": "https://spam.example/"}, "website"),
    ],
)
def test_what_is_wrong_stands_beside_its_field_and_nothing_typed_is_lost(
    wire: Served, store: Store, report: str, fields: dict[str, str], field: str
) -> None:
    before = number_of(store)
    answer = send(wire, f"/complain/{report}", **{"name": "Zawadi", "email": "zawadi@m.example", **fields})
    assert answer.status_code == 422
    page = soup(answer)
    summary = page.select_one("#summary[tabindex='-1'][autofocus]")
    assert summary is not None
    (link,) = summary.select("a")
    assert page.select_one(str(link["href"])) is not None
    (error,) = page.select(".error")
    assert error["id"] == f"{field}-error"
    typed = {"text": TEXT, "name": "Zawadi", "email": "zawadi@m.example"}
    for name in typed.keys() - {field}:
        shown = page.select_one(f"#{name}")
        assert shown is not None
        assert (shown.get("value") or shown.get_text().removeprefix("\n")) == fields.get(name, typed[name])
    if field in ("text", "name", "email"):
        invalid = page.select_one(f"#{field}[aria-invalid=true]")
        assert invalid is not None
        assert f"{field}-error" in str(invalid["aria-describedby"]).split()
    if field == "website":  # now it is seen, and empty again
        trap = page.select_one("#website")
        assert trap is not None
        assert trap["value"] == ""
        assert page.select_one(".unseen #website") is None
    assert number_of(store) == before


def test_hostile_words_do_nothing_to_the_page_and_are_seen_by_the_desk(wire: Served, store: Store, report: str) -> None:
    again = send(wire, f"/complain/{report}", text=HOSTILE, name=HOSTILE[:90], email='"><script>x</script>@')
    assert again.status_code == 422
    for found in (again, send(wire, f"/complain/{report}", text=HOSTILE, name=HOSTILE[:60])):
        page = soup(found)
        assert not page.select("script:not([src]), img, [onerror], main a[href*=alert]")
        assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", found.text)
    row = store.complaints()[-1]
    assert "<script>alert(1)</script>" in row["text"]
    assert not re.search("[\x00\x1b\x07\u202e\u2066\x85\u2028]", row["text"] + row["complainant"])
    for words in (("complaint", "list"), ("complaint", "list", "--json"), ("show", report, "--desk")):
        said = command(store, *words)
        assert "alert(1)" in said
        assert not re.search("[\x1b\x07\u202e\u2066]", said)


def test_no_reader_sees_a_word_of_it(wire: Served, store: Store, report: str) -> None:
    words = "Nafasi ya siri tisini na tisa"
    code = code_in(send(wire, f"/complain/{report}", text=words, name="Siri Mwandishi", email="siri@m.example"))
    complaints.carry_out(store, store.complaints()[-1]["number"], DESK, wire.now[0])
    for path in (
        f"/api/reports/{report}", "/api/changes", "/feeds/latest.atom", "/feeds/latest.rss", "/", "/complain",
        f"/complain/{report}", f"/complaint/{code}",
    ):  # fmt: skip
        said = wire.get(path, accept="*/*").text
        assert not [each for each in (words, "Siri Mwandishi", "siri@m.example") if each in said], path
    acts.restore(store, report, DESK, wire.now[0])


def test_a_form_of_another_site_is_refused(wire: Served, store: Store, report: str) -> None:
    before = number_of(store)
    form = {"kind": "privacy", "text": TEXT, **opened(wire, f"/complain/{report}")}
    for headers in (
        {"sec_fetch_site": "cross-site"}, {"sec_fetch_site": "same-site", "origin": wire.address},
        {"origin": "https://elsewhere.example"}, {"origin": "null"},
        {"sec_fetch_site": "cross-site", "origin": wire.address},
    ):  # fmt: skip
        for path in (f"/complain/{report}", "/complain", "/complaint"):
            assert post(wire, path, {**form, "reference": "x"}, **headers).status_code == 403, headers
    assert number_of(store) == before
    # A browser that says nothing of it, such as one of a terminal, is let.
    assert post(wire, f"/complain/{report}", form).status_code == 200


def test_what_is_no_form_is_refused(wire: Served, report: str) -> None:
    url = f"{wire.address}/complain/{report}"
    for body, media_type, status in (
        (b"{}", "application/json", 415),
        (b"--x\r\n", "multipart/form-data; boundary=x", 415),
        (b"text=%FF&kind=privacy", "application/x-www-form-urlencoded", 400),
        (b"&".join(b"a=%d" % number for number in range(200)), "application/x-www-form-urlencoded", 400),
        (b"text=" + b"x" * 70_000, "application/x-www-form-urlencoded", 413),
    ):
        answer = httpx.post(url, content=body, headers={"content-type": media_type}, timeout=30, verify=NO_CERTIFICATES)
        assert answer.status_code == status
    # The longest text in the longest letters goes through.
    answer = send(wire, f"/complain/{report}", text="𞤀" * 5_000, name="𞤀" * 100, email="a@b.example")
    assert answer.status_code == 200


def test_an_address_may_send_it_so_often_and_what_was_typed_stays(wire: Served, store: Store, report: str) -> None:
    answers = [send(wire, f"/complain/{report}", text=f"{TEXT} {number}") for number in range(7)]
    assert [each.status_code for each in answers] == [200] * 6 + [429]
    last = answers[-1]
    assert int(last.headers["retry-after"]) > 0
    page = soup(last)
    text = page.select_one("#text")
    assert text is not None
    assert text.get_text().strip() == f"{TEXT} 6"
    assert page.select_one("#summary a[href^='mailto:']")
    wire.now[0] += timedelta(hours=1)
    assert send(wire, f"/complain/{report}").status_code == 200


def test_a_flood_about_a_report_or_the_wire_ends(
    wire: Served, store: Store, report: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(filing, "MOST_OF_REPORT", 2)
    assert [send(wire, f"/complain/{report}", text=f"{TEXT} {each}").status_code for each in range(3)] == [
        200,
        200,
        503,
    ]
    assert send(wire, "/complain", kind="comment").status_code == 200
    monkeypatch.setattr(filing, "MOST_AN_HOUR", 3)
    answer = send(wire, "/complain", kind="about_the_wire")
    assert answer.status_code == 503
    assert soup(answer).select_one("#summary a[href^='mailto:']")
    wire.now[0] += timedelta(hours=2)
    monkeypatch.setattr(filing, "MOST_OPEN", 1)
    assert send(wire, "/complain", kind="about_the_wire").status_code == 503


def test_a_database_that_cannot_be_written_keeps_what_was_typed(
    wire: Served, store: Store, report: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(filing, "PATIENCE", 0.05)
    with closing(sqlite3.connect(store.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        answer = send(wire, f"/complain/{report}", name="Neema")
        assert answer.status_code == 503
        assert int(answer.headers["retry-after"]) > 0
        page = soup(answer)
        assert page.select_one("#text").get_text().strip() == TEXT  # type: ignore[union-attr]
        assert page.select_one("#name")["value"] == "Neema"  # type: ignore[index]
        assert page.select_one("input[name=kind][checked]")["value"] == "privacy"  # type: ignore[index]
        assert page.select_one("#summary a[href^='mailto:']")
        other.execute("ROLLBACK")
    # The same form is sent again.
    form = {str(each["name"]): str(each["value"]) for each in page.select(".complain input[type=hidden]")}
    assert post(wire, f"/complain/{report}", {"kind": "privacy", "text": TEXT, **form}).status_code == 200


def test_of_a_report_that_nobody_knows_of_the_form_says_nothing(wire: Served, store: Store, report: str) -> None:
    for path in ("/complain/zzzzzzzzzzzzzzzz", "/complain/%00", "/complain/..%2Fdesk"):
        assert wire.get(path, accept="text/html").status_code == 404
    answers = [wire.get(f"/complain/{each}", accept="text/html") for each in ("nothing", "0" * 16)]
    held = [id for (id,) in store.query("SELECT id FROM articles WHERE released_seq IS NULL")[1]]
    answers += [wire.get(f"/complain/{each}", accept="text/html") for each in held[:3]]
    assert {each.status_code for each in answers} == {404}
    assert len({re.sub("/complain/[a-z0-9]*", "", each.text) for each in answers}) == 1
    # One that is withheld and was known has the form, without its headline.
    title = store.addressee(report).title
    acts.withhold(store, report, DESK, wire.now[0])
    page = wire.get(f"/complain/{report}")
    assert page.status_code == 200
    assert title not in page.text
    assert store.addressee(report).publisher_name in page.text
    assert send(wire, f"/complain/{report}", kind="comment").status_code == 200
    acts.restore(store, report, DESK, wire.now[0])


def test_what_became_of_it_is_read_by_the_reference_alone(
    wire: Served, store: Store, report: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "aggregator.web")
    code = code_in(send(wire, f"/complain/{report}", kind="factual", name="Baraka", email="baraka@m.example"))
    number = store.complaints()[-1]["number"]
    ways = (code, code.lower(), code.replace("-", " "), code.replace("0", "O").replace("1", "l"))
    for way in ways:
        answer = post(wire, "/complaint", {"reference": way}, origin=wire.address)
        assert answer.status_code == 200
        assert "It is open" in answer.text
        assert answer.headers["cache-control"] == "no-store"
    answer = "Tumemwandikia mchapishaji.\n<b>Asante</b>"
    complaints.resolve(store, number, "INTERNAL: call the lawyer", wire.now[0], answer)
    linked = wire.get(f"/complaint/{code}", accept="text/html")
    assert (linked.status_code, linked.headers["referrer-policy"]) == (200, "no-referrer")
    assert "noindex" in linked.headers["x-robots-tag"]
    assert "It is closed" in linked.text
    assert "Tumemwandikia mchapishaji." in linked.text
    assert "&lt;b&gt;Asante&lt;/b&gt;" in linked.text
    for secret in ("INTERNAL", "Baraka", "baraka@m.example", TEXT, "person:ama"):
        assert secret not in linked.text
    # The reference stands in no link of the page, and in no line of the log.
    assert code not in linked.text
    page = f"{wire.address}/complaint/{code}"
    assert code not in httpx.delete(page, headers={"accept": "text/html"}, verify=NO_CERTIFICATES).text
    assert code not in caplog.text
    assert "/complaint/-" in caplog.text


def test_every_wrong_reference_has_one_answer(wire: Served, store: Store) -> None:
    answers = [
        post(wire, "/complaint", {"reference": each})
        for each in ("", "x", "0000-0000-0000-0000", "ZZZZ-ZZZZ-ZZZZ-ZZZZ", "%" * 60, "<script>", "🦀", "9" * 5_000)
    ]
    answers += [
        wire.get(f"/complaint/{each}", accept="text/html") for each in ("x", "0000-0000-0000-0000", "%F0%9F%A6%80")
    ]
    assert {each.status_code for each in answers} == {404}
    assert len({each.text for each in answers}) == 1
    # Guessing is slow, too.
    assert 429 in [post(wire, "/complaint", {"reference": str(each)}).status_code for each in range(30)]
    wire.now[0] += timedelta(hours=1)


def test_the_answer_is_the_same_whether_an_address_is_known(wire: Served, store: Store, report: str) -> None:
    pages = [
        re.sub(
            "[0-9A-Z]{4}(-[0-9A-Z]{4}){3}", "", send(wire, f"/complain/{report}", text=f"{TEXT} {n}", email=email).text
        )
        for n, email in enumerate(("known@m.example", "known@m.example", "unknown@m.example", ""))
    ]
    assert len(set(pages)) == 1


@pytest.mark.parametrize("language", ["fr", "ar", "sw"])
def test_the_form_works_in_the_language_of_the_reader(wire: Served, store: Store, report: str, language: str) -> None:
    page = soup(wire.get(f"/complain/{report}", accept_language=language))
    assert page.html is not None
    assert page.html["lang"] == language
    code = code_in(send(wire, f"/complain/{report}", text=f"{TEXT} {language}"))
    # In digits of another script, too.
    arabic = code.translate({ord(str(each)): chr(0x660 + each) for each in range(10)})
    assert post(wire, "/complaint", {"reference": arabic}).status_code == 200


def test_the_operator_may_choose_that_a_report_is_withheld_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "config"
    copytree(CONFIG, config)
    said = config / "wire.toml"
    words = re.sub(r"(?ms)^\[complaints\].*?(?=^\[|\Z)", "", said.read_text())
    said.write_text(words + '\n[complaints]\nwithhold_at_once = ["safety"]\n')
    monkeypatch.setattr(filing, "MOST_AT_ONCE", 2)
    with served(tmp_path, config) as wire, Store.open(wire.paths.database()) as store:
        ids = [each.id for each in store.latest(Selection(limit=50)) if each.publisher != "tamarind-wire"]
        code_in(send(wire, f"/complain/{ids[0]}", kind="safety"))
        code_in(send(wire, f"/complain/{ids[1]}", kind="privacy"))
        assert wire.get(f"/api/reports/{ids[0]}").status_code == 404
        assert wire.get(f"/api/reports/{ids[1]}").status_code == 200
        (act,) = [each for each in store.acts(ids[0]) if each["act"] == "withhold"]
        assert (act["actor"], act["reason"]) == ("wire", complaints.PUBLIC_REASONS["safety"])
        assert act["complaint_id"] == store.complaints()[-2]["number"]
        assert [each["acts"] for each in store.complaints()[-2:]] == ["withhold", None]
        # What a person has restored is not withheld again by another complaint, nor is more than so many an hour.
        acts.restore(store, ids[0], DESK, wire.now[0])
        code_in(send(wire, f"/complain/{ids[0]}", kind="safety", text=f"{TEXT} tena"))
        for each in ids[2:4]:
            code_in(send(wire, f"/complain/{each}", kind="safety"))
        assert [wire.get(f"/api/reports/{each}").status_code for each in (ids[0], *ids[2:4])] == [200, 404, 200]

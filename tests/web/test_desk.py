"""The desk in a browser: what its pages show, and what each act changes."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from bs4 import BeautifulSoup

from aggregator.demo import Press
from aggregator.model import Complaint, Publisher
from aggregator.model.taken import Taken
from aggregator.store import Store
from aggregator.web.desk_pages.serving import ROUTES
from tests.cli.test_cli import Desk as Newsroom
from tests.conftest import NOW, record
from tests.desk.test_mass_changes import changed
from tests.desk.test_suspects import overwritten
from tests.identity.test_one_of_each import BRIDGE, OTHER, said
from tests.make_database import CONFIG
from tests.web.desk_browser import add_people, browser, filled, in_wire, last_act, rows
from tests.web.serving import Served, served

HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)> {{ 7*7 }} \u202e"


@pytest.fixture(scope="module")
def wire(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("desk")) as found:
        add_people(found)
        yield found


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


def test_a_report_at_the_desk_names_who_took_it(wire: Served) -> None:
    mine, (report,) = browser(wire), in_wire(wire, 1)
    medium = f"Sahel {HOSTILE} Post"
    taken = Taken(
        key="0123456789abcdefghjk", report=report, revision=1, format="html", medium=medium,
        contact="news@sahel.example", published_in="p. 3",
    )  # fmt: skip
    with Store.open(wire.paths.database()) as store:
        store.take(taken, wire.now[0])
    said = mine.page(f"/desk/report/{report}").get_text()
    assert medium in said
    assert "news@sahel.example" in said


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
        by = {"withheld": "withheld", "legal": "legal", "withdrawn": "withdrawn"}.get(str(state[1]))
        by = "embargo" if name == "embargo" else by
        for kind in ("withheld", "legal", "withdrawn", "embargo"):
            held_back = mine.page(f"/desk/held-back?by={kind}")
            assert bool(held_back.select(f"main a[href='/desk/report/{report}']")) == (kind == by), (name, kind)
        told = mine.get(path).text
        assert all(each in told for each in done)
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

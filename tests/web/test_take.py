"""Taking a report for another medium: what the rights allow, in three forms, and who took it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from shutil import copytree
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from bs4 import BeautifulSoup

from aggregator.desk import acts
from aggregator.desk.housekeeping import maintain
from aggregator.model import Cause
from aggregator.model.release import Release
from aggregator.output import beside
from aggregator.pipeline.opening import load_config, open_wire, read_store
from tests.conftest import some
from tests.hostile import run
from tests.make_database import CONFIG
from tests.web.serving import Served, served
from tests.web.test_report_page import let_out, newest, one, page, said

GOOD = {"form": "html", "medium": "Redio Ŋombe", "contact": "mhariri@ngombe.example", "published_in": ""}
FORMS = {"html": "html", "text": "txt", "ninjs": "json"}
BECAUSE = Cause(actor="person:ama", reason="a mistake")
PIXEL = "https://pixel.hand-pump-network.example/{id}.gif"


def prepared(folder: Path) -> Path:
    """A configuration in which one publisher requires a pixel, one lets its reports be read here alone, and one has
    pictures that others may take.
    """
    config = Path(copytree(CONFIG, folder / "config"))
    for key, said_of_it in (
        ("hand-pump-network", f'tracking_pixel = "{PIXEL}"'),
        ("odum-grid", 'redistribute = ["web"]'),
    ):
        file = next(config.glob(f"publishers/*/{key}.toml"))
        words = file.read_text()
        head, table, rest = words.partition("[rights]\n")
        file.write_text(f"{head}{table}{said_of_it}\n{rest}" if table else f"{words}\n[rights]\n{said_of_it}\n")
    return config


@pytest.fixture(scope="module")
def wire(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = newest(tmp_path_factory.mktemp("take"))
    with served(folder, prepared(folder)) as found:
        with open_wire(found.paths, load_config(found.paths), found.now[0]):
            pass  # its terms are those of the files
        yield found


@pytest.fixture(scope="module")
def out(wire: Served) -> Mapping[str, Release]:
    return let_out(wire)


def of(out: Mapping[str, Release], publisher: str) -> Release:
    return next(each for each in out.values() if each.publisher == publisher)


def post(wire: Served, report: str, *, at_once: bool = False, **fields: str) -> httpx.Response:
    """What a form answers; a while after the last one, unless it is sent at once."""
    if not at_once:
        wire.now[0] += timedelta(minutes=3)
    body = urlencode({**GOOD, **fields})
    return httpx.post(
        f"{wire.address}/report/{report}/take", content=body, timeout=30, verify=False,
        headers={"content-type": "application/x-www-form-urlencoded"},
    )  # fmt: skip


def taken(wire: Served, report: str, form: str) -> tuple[BeautifulSoup, httpx.Response]:
    """The page with the words, and the file."""
    answer = post(wire, report, form=form)
    assert answer.status_code == 303
    soup = page(wire, answer.headers["location"])
    return soup, wire.get(str(one(soup, "a[download]")["href"]))


def rows(wire: Served, sql: str = "SELECT * FROM taken ORDER BY taken_id") -> list[Any]:
    with closing(sqlite3.connect(wire.paths.database())) as connection:
        return connection.execute(sql).fetchall()


def rights_sheet(wire: Served, *options: str) -> list[dict[str, Any]]:
    """What `aggregator rights` lists."""
    config, database = str(wire.paths.config_folder()), str(wire.paths.database())
    ran = run("--config", config, "--db", database, "rights", *options, "--json")
    found: list[dict[str, Any]] = json.loads(ran.out)
    return found


@pytest.mark.parametrize("form", FORMS)
def test_each_form_has_all_that_must_stand_beside_a_report(wire: Served, out: Mapping[str, Release], form: str) -> None:
    each = of(out, "hand-pump-network")
    soup, file = taken(wire, each.id, form)
    assert one(soup, "textarea").get_text().strip() == file.text.replace("\r\n", "\n").strip()
    assert file.headers["content-disposition"] == (f'attachment; filename="hand-pump-network-{each.id}.{FORMS[form]}"')
    assert file.headers["cache-control"] == "no-store"
    if form == "ninjs":
        item = json.loads(file.text)
        assert item["standard"]["version"] == "3.1"
        words = json.dumps(item, ensure_ascii=False)
        assert {source["role"] for source in item["infoSources"]} >= {"publisher", "aggregator"}
    else:
        words = file.text
    plain = " ".join(BeautifulSoup(words, "lxml").get_text(" ").split()) if form == "html" else " ".join(words.split())
    for must in (beside.publisher(each), each.credit, each.headline, each.corrections_contact, "CC BY-NC 4.0"):
        assert must in plain, must
    for line in each.text.splitlines():
        assert line in plain
    assert str(each.url) in words
    assert f"pixel.hand-pump-network.example/{each.id}.gif" in words
    assert "tracking pixel" in said(soup)


def test_an_agreement_with_the_wire_covers_nobody_else(wire: Served, out: Mapping[str, Release]) -> None:
    each = next(one for one in out.values() if one.publisher == "kumasi-nettle" and len(one.text.split()) > 120)
    assert each.scope == "full_text"
    for form in FORMS:
        soup, file = taken(wire, each.id, form)
        assert "an agreement with this wire" in said(soup)
        assert each.text.splitlines()[-1] not in file.text
        assert "Opening lines only" in file.text
        assert beside.headline(each) in file.text
        assert "/pictures/" not in file.text
        assert not soup.select(".pictures")


def test_what_is_for_the_pages_of_the_wire_alone_is_not_taken(wire: Served, out: Mapping[str, Release]) -> None:
    each = of(out, "odum-grid")
    before = len(rows(wire))
    soup = page(wire, f"/report/{each.id}/take")
    assert not soup.select("form[method=post].take-form, textarea")
    assert each.corrections_contact in said(soup)
    assert "does not let it be passed on" in said(soup)
    answer = post(wire, each.id)
    assert answer.status_code == 200
    assert "textarea" not in answer.text
    assert len(rows(wire)) == before


@pytest.mark.soak
def test_every_report_says_what_may_be_done_with_it(wire: Served, out: Mapping[str, Release]) -> None:
    scopes = set()
    for each in some(out.values(), 24):
        soup = page(wire, f"/report/{each.id}/take")
        assert one(soup, "meta[name=robots]")["content"] == "noindex"
        assert one(soup, "h1") is not None
        if allowed := soup.select(".allowed"):
            scopes.add(said(allowed[0]).partition(" Why ")[0])
    assert len(scopes) == 3
    for language, words in (("ar", "rtl"), ("fr", "ltr")):
        assert one(page(wire, f"/report/{each.id}/take", accept_language=language), "html")["dir"] == words


def test_pictures_are_apart_with_their_own_words(wire: Served, out: Mapping[str, Release]) -> None:
    each = next(one for one in out.values() if one.publisher == "mbalawe-commission" and one.pictures)
    soup, file = taken(wire, each.id, "html")
    assert "<img" not in file.text
    quoted = soup.select(".take .pictures li")
    assert [str(one(item, "a")["href"]) for item in quoted] == [picture.url for picture in each.pictures]
    for item, picture in zip(quoted, each.pictures, strict=True):
        assert picture.disclaimer in said(item)
        assert picture.caption is None or " ".join(picture.caption.split()) in said(item)
    assert "Do not copy them" in said(soup)  # its publisher wants them loaded from its own address
    _, item = taken(wire, each.id, "ninjs")
    associations = json.loads(item.text)["associations"]
    assert [each["usageTerms"] for each in associations] == [picture.disclaimer for picture in each.pictures]


def test_a_form_that_lacks_something_says_what_and_keeps_the_rest(wire: Served, out: Mapping[str, Release]) -> None:
    each = of(out, "hand-pump-network")
    before = len(rows(wire))
    for wrong, field in (
        ({"medium": ""}, "medium"),
        ({"medium": " \n\t "}, "medium"),
        ({"medium": "x" * 201}, "medium"),
        ({"contact": ""}, "contact"),
        ({"contact": "somebody"}, "contact"),
        ({"contact": "javascript:alert(1)"}, "contact"),
        ({"contact": "a b@c.example"}, "contact"),
        ({"published_in": "x" * 501}, "published_in"),
    ):
        answer = post(wire, each.id, **{"published_in": '"><script>alert(1)</script>', **wrong})
        assert answer.status_code == 422
        soup = BeautifulSoup(answer.text, "lxml")
        assert one(soup, f"#{field}")["aria-invalid"] == "true"
        assert not soup.select("script:not([src])")
        if field != "published_in":
            assert one(soup, "#published_in")["value"] == '"><script>alert(1)</script>'
    assert post(wire, each.id, form="pdf").status_code == 422
    assert post(wire, each.id, homepage="https://spam.example").headers["location"] == f"/report/{each.id}"
    assert post(wire, "0000000000000000").status_code == 404
    elsewhere = {"sec-fetch-site": "cross-site", "origin": "https://elsewhere.example"}
    path = f"{wire.address}/report/{each.id}/take"
    assert httpx.post(path, data=GOOD, headers=elsewhere, verify=False).status_code == 403
    assert httpx.post(f"{wire.address}/report/{each.id}/take", json={}, verify=False).status_code == 415
    assert len(rows(wire)) == before


def test_who_took_what_is_kept_and_forgotten_in_time(wire: Served, out: Mapping[str, Release]) -> None:
    each = of(out, "hand-pump-network")
    answer = post(wire, each.id, form="text", contact="ngombe.example/mhariri", published_in="saa\u202e moja\x07")
    with read_store(wire.paths, wire.now[0]) as store:
        row = store.taken("hand-pump-network", wire.now[0] - timedelta(minutes=1))[0]
        assert row == store.taken_of(each.id)[0] == store.taken(None, wire.now[0] - timedelta(minutes=1))[0]
    assert (row.report, row.revision, row.format, row.medium) == (each.id, each.revision, "text", "Redio Ŋombe")
    assert row.contact == "https://ngombe.example/mhariri"
    assert row.published_in is not None
    assert row.published_in.isprintable()
    assert row.told_at is None
    sheet = {each["publisher"]: each["taken"] for each in rights_sheet(wire)}
    with read_store(wire.paths, wire.now[0]) as store:
        assert sheet == {key: len(store.taken(key, wire.now[0] - timedelta(days=30))) for key in sheet}
    assert sheet["hand-pump-network"] > 0 == sheet["nawras"]
    listed = rights_sheet(wire, "--taken")[0]
    assert [listed[name] for name in ("id", "format", "medium", "contact", "published_in", "status")] == [
        each.id, "text", row.medium, row.contact, row.published_in, "usable",
    ]  # fmt: skip
    key = answer.headers["location"].partition("taken=")[2]
    assert len(bytes.fromhex(key)) == 10
    other = of(out, "mbalawe-commission")
    for path in (
        f"/report/{other.id}/take?taken={key}",
        f"/report/{each.id}/take?taken={key[:-1]}",
        f"/report/{each.id}/take/{key}.html",
        f"/report/{other.id}/take/{key}.txt",
        f"/report/{each.id}/take/{key}.txt/x",
    ):
        assert wire.get(path).status_code == 404, path
    with open_wire(wire.paths, load_config(wire.paths), wire.now[0]) as store:
        maintain(store, wire.now[0] + timedelta(minutes=1), keep_taken=timedelta(days=1))
        assert store.taken_of(each.id)
        store.forget_taken(wire.now[0] + timedelta(minutes=1))
        assert not store.taken(None, wire.now[0] - timedelta(days=1))


def test_what_was_taken_is_not_given_out_once_it_has_left(wire: Served, out: Mapping[str, Release]) -> None:
    mine = [each for each in out.values() if each.publisher == "public-purse-institute"]
    each = next(one for one in mine if one.scope == "full_text")
    _, file = taken(wire, each.id, "html")
    assert file.status_code == 200
    path = str(file.url.path)
    with open_wire(wire.paths, load_config(wire.paths), wire.now[0]) as store:
        acts.withdraw(store, each.id, BECAUSE, wire.now[0])
    for gone in (path, f"/report/{each.id}/take", f"/report/{each.id}/take?taken={path[-25:-5]}"):
        answer = wire.get(gone, accept="text/html")
        assert answer.status_code == 410, gone
        assert each.headline not in answer.text
    assert post(wire, each.id).status_code == 410
    with read_store(wire.paths, wire.now[0]) as store:
        assert store.taken_of(each.id)[0].status == "canceled"  # the desk knows whom to tell
        assert store.taken_of(each.id)[0].title == ""


def test_no_page_of_another_site_takes_a_report_in_a_readers_name(wire: Served, out: Mapping[str, Release]) -> None:
    id_, before = of(out, "hand-pump-network").id, rows(wire)
    for sent in ({"origin": "https://evil.example"}, {"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "same-site"}):
        answer = httpx.post(f"{wire.address}/report/{id_}/take", data=GOOD, headers=sent, timeout=30, verify=False)
        assert answer.status_code == 403
    assert rows(wire) == before


def test_one_address_takes_no_more_than_so_many_an_hour(tmp_path: Path) -> None:
    with served(newest(tmp_path)) as own:
        id_ = next(iter(let_out(own)))
        statuses = [post(own, id_, at_once=True, medium="").status_code for _ in range(21)]
        assert statuses == [422] * 20 + [429]
        assert post(own, id_, medium="").status_code == 422

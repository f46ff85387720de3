"""Copies of pictures as readers get them: over real HTTP, in feeds and pages, and not a moment longer than the gate
lets a report show them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from io import BytesIO
from pathlib import Path
from shutil import copytree

import httpx
import pytest
from PIL import Image

from aggregator.demo import Press, Resource
from aggregator.desk import acts, pictures, purging
from aggregator.model import Cause
from aggregator.store import Store
from aggregator.text.dates import utc_now
from tests.cli.test_cli import Desk
from tests.conftest import NOW
from tests.images import jpeg
from tests.pipeline.test_pictures import feed
from tests.web.browsing import SECONDS, launched
from tests.web.serving import Served, served

BECAUSE = Cause(actor="person:desk", reason="a letter")
PUBLISHER = """
name = "Daily & <Sons>"
place = "Bamako"
country = "ML"
kind = "newspaper"
languages = ["fr"]
homepage = "http://daily-example.example/"
rights_profile = "agreement"
[rights]
copyright_notice = "© Daily"
images = {{ scope = "{scope}" }}
[[source]]
url = "{base}/daily-example.example/feed"
"""


@dataclass
class Shown:
    """A wire with a report that has a copy of a picture, and what serves it."""

    desk: Desk
    web: Served
    report: str
    path: str  # of the picture's usual size

    def get(self, path: str | None = None, **headers: str) -> httpx.Response:
        return self.web.get(path or self.path, **headers)

    def act(self, act: Callable[..., object], *arguments: object) -> None:
        with Store.open(self.desk.database) as store:
            act(store, self.report, *arguments, utc_now())

    def sweep(self) -> None:
        with Store.open(self.desk.database) as store:
            pictures.update(store, [self.report], utc_now())
            pictures.sweep(store, utc_now())

    def configure(self, scope: str) -> None:
        text = PUBLISHER.format(base=self.desk.press.url, scope=scope)
        (self.desk.config / "publishers" / "ml" / "daily-example.toml").write_text(text)


@pytest.fixture(scope="module")
def fetched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """What each wire of these tests begins from: the report and its picture were fetched."""
    with Press(now=NOW) as press:
        desk = Desk(tmp_path_factory.mktemp("fetched"), press)
        for each in (desk.config / "publishers" / "ml").iterdir():
            each.unlink()
        host = "daily-example.example"
        press.set_document(host, "/bridge.jpg", Resource(jpeg(1000, 600), "image/jpeg"))
        urls = [f"{press.url}/{host}/bridge.jpg"]
        press.set_document(host, "/feed", feed("daily-example", {1: urls}, title="Le pont"))
        text = PUBLISHER.format(base=press.url, scope="agreement")
        (desk.config / "publishers" / "ml" / "daily-example.toml").write_text(text)
        desk("fetch")
        copytree(desk.database.parent, desk.config.parent / "before")
        yield desk


@contextmanager
def showing(desk: Desk) -> Iterator[Shown]:
    with served(desk.database.parent, desk.config) as web:
        ((report, digest),) = desk.rows(
            "SELECT a.id, p.digest FROM articles AS a JOIN picture_uses AS u USING (article_id)"
            " JOIN pictures AS p ON p.url = u.url"
        )
        yield Shown(desk, web, str(report), f"/pictures/{digest}.800.jpg")


@pytest.fixture
def shown(tmp_path: Path, fetched: Desk) -> Iterator[Shown]:
    desk = copy(fetched)
    desk.config = Path(copytree(fetched.config, tmp_path / "config"))
    desk.database = Path(copytree(fetched.config.parent / "before", tmp_path / "data")) / fetched.database.name
    with showing(desk) as found:
        yield found


@pytest.fixture(scope="module")
def kept(fetched: Desk) -> Iterator[Shown]:
    """For tests that leave it as it was."""
    with showing(fetched) as found:
        yield found


def test_a_picture_is_served_as_nothing_else(kept: Shown) -> None:
    answer = kept.get()
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert answer.headers["cache-control"] == "public, max-age=60"
    assert answer.headers["tdm-reservation"] == "1"
    with Image.open(BytesIO(answer.content)) as image:
        assert (image.format, image.size) == ("JPEG", (800, 480))
    again = kept.get(if_none_match=answer.headers["etag"])
    assert (again.status_code, again.content) == (304, b"")
    assert kept.get(kept.path.replace(".800.", ".320.")).status_code == 200


def test_only_names_of_copies_lead_anywhere(kept: Shown) -> None:
    digest = kept.path[10:74]
    for path in (
        f"/pictures/{digest}.1600.jpg", f"/pictures/{digest}.801.jpg", f"/pictures/{digest}.jpg",
        f"/pictures/{digest.upper()}.800.jpg", f"/pictures/{'0' * 64}.800.jpg", "/pictures/", "/pictures/.checked",
        f"/pictures/{digest[:2]}/{digest[2:]}.800.jpg", "/pictures/..%2fwire.db", f"/pictures/{digest}.0800.jpg",
        f"/pictures/{digest}.800.jpg%00", "/pictures/%2e%2e/wire.db",
    ):  # fmt: skip
        assert kept.get(path).status_code == 404, path


@pytest.mark.parametrize(
    ("act", "arguments", "at_once", "later"),
    [
        (acts.withdraw, (BECAUSE,), 410, 410),
        (acts.withhold, (BECAUSE,), 404, 404),
        (partial(acts.withhold, legal=True), (BECAUSE,), 451, 410),
        (acts.embargo, (utc_now() + timedelta(days=1), BECAUSE), 404, 404),
    ],
    ids=["withdrawn", "withheld", "legal", "embargoed"],
)
def test_what_takes_the_report_out_takes_the_picture_out_at_once(
    shown: Shown, act: Callable[..., object], arguments: tuple[object, ...], at_once: int, later: int
) -> None:
    assert shown.get().status_code == 200
    shown.act(act, *arguments)
    assert shown.get().status_code == at_once
    shown.sweep()
    assert shown.get().status_code == later


def test_a_purged_picture_is_gone_with_its_file(shown: Shown) -> None:
    with Store.open(shown.desk.database) as store:
        purging.purge(store, [shown.report], BECAUSE, utc_now())
    assert shown.get().status_code == 410
    assert not list((shown.desk.database.parent / "pictures").glob("*/*.jpg"))


def test_rights_that_are_narrowed_in_the_file_hold_at_once(kept: Shown) -> None:
    """Before any program has stored them."""
    assert kept.get().status_code == 200
    kept.configure("none")
    assert kept.get().status_code == 404
    kept.configure("agreement")
    assert kept.get().status_code == 200


def test_a_file_that_is_missing_is_no_error(shown: Shown) -> None:
    for path in (shown.desk.database.parent / "pictures").glob("*/*.jpg"):
        path.unlink()
    assert shown.get().status_code == 404


def test_whatever_leaves_names_the_copy_and_never_the_address_of_the_publisher(kept: Shown) -> None:
    site = re.search(r'^url = "(.*)"', (kept.desk.config / "wire.toml").read_text(), re.MULTILINE)
    assert site is not None
    at = site[1].rstrip("/") + kept.path
    for path in ("/feeds/latest.atom", "/feeds/latest.rss", "/feeds/latest.json", "/api/reports",
                 f"/api/reports/{kept.report}", "/api/reports?format=ninjs"):  # fmt: skip
        said = kept.get(path).text
        assert at in said, path
        assert "bridge.jpg" not in said, path
        assert "Awa Diarra" in said, path
    (picture,) = json.loads(kept.get(f"/api/reports/{kept.report}").text)["pictures"]
    assert (picture["url"], picture["width"], picture["height"]) == (at, 800, 480)
    assert [each["width"] for each in picture["sizes"]] == [320, 800, 1000]
    atom = kept.get("/feeds/latest.atom").text
    assert f"{at.replace('.800.', '.320.')} 320w" in atom
    assert "Rights in the picture are separate from the text." in atom
    for form in ("newsml", "ninjs", "jsonl", "atom"):
        said = kept.desk("export", form)
        assert at in said, form
        assert "bridge.jpg" not in said, form


def test_a_site_of_files_has_the_files(shown: Shown, tmp_path: Path) -> None:
    out = tmp_path / "site"
    shown.desk("export", "static", "--out", str(out), "--address", "https://files.example/wire")
    names = sorted(path.name for path in (out / "pictures").iterdir())
    digest = shown.path[10:74]
    assert names == sorted(f"{digest}.{width}.jpg" for width in (320, 800, 1000))
    assert (out / "pictures" / f"{digest}.800.jpg").read_bytes() == shown.get().content
    page = (out / "report" / f"{shown.report}.html").read_text()
    assert f'src="../pictures/{digest}.800.jpg"' in page
    assert f"../pictures/{digest}.320.jpg 320w" in page
    assert f"https://files.example/wire/pictures/{digest}.800.jpg" in page  # for machines, in full
    assert "Le pont 1" in page
    assert "Picture: Awa Diarra." in page
    assert f"https://files.example/wire/pictures/{digest}.800.jpg" in (out / "latest.atom").read_text()
    assert "bridge.jpg" not in page
    for path in (shown.desk.database.parent / "pictures").glob("*/*.800.jpg"):
        path.unlink()
    shown.desk("export", "static", "--out", str(out))
    assert "<img" not in (out / "report" / f"{shown.report}.html").read_text()


def test_a_page_of_files_that_is_opened_as_a_file_has_its_style_and_its_picture(kept: Shown, tmp_path: Path) -> None:
    """Its policy lets in what stands beside it, whatever it was opened by."""
    out, refused = tmp_path / "site", list[str]()
    kept.desk("export", "static", "--out", str(out))
    with launched() as browser:
        page = browser.new_page()
        page.set_default_timeout(SECONDS * 1_000)
        page.on("console", lambda message: refused.append(message.text))
        page.goto((out / "report" / f"{kept.report}.html").as_uri())
        page.wait_for_function("document.images[0].complete")
        assert page.evaluate("document.images[0].naturalWidth") > 0
        assert page.evaluate("document.styleSheets.length") == 1
    assert refused == []


def test_commands_say_where_pictures_are_and_which_could_not_be_had(shown: Shown, tmp_path: Path) -> None:
    assert "1 picture copied, " in shown.desk("health")
    said = shown.desk("backup", "create", str(tmp_path / "wire.backup"))
    assert "With 1 picture, " in said
    folder = shown.desk.database.parent / "pictures"
    for path in folder.glob("*/*.jpg"):
        path.unlink()
    shown.desk("backup", "load", str(tmp_path / "wire.backup"))
    shown.desk("fetch")
    assert len(list(folder.glob("*/*.jpg"))) == 3
    assert shown.get().status_code == 200
    host = "daily-example.example"
    urls = [f"{shown.desk.press.url}/{host}/page.jpg"]
    shown.desk.press.set_document(host, "/page.jpg", Resource(b"<html>\x1b[31m", "image/jpeg"))
    shown.desk.press.set_document(host, "/feed", feed("daily-example", {2: urls}))
    shown.desk("fetch", "--all")
    assert "daily-example: 1 picture could not be had, one because: this is no picture" in shown.desk("health")

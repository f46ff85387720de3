"""The site of plain files: what stands on each page, that nothing in it is active, and that it is written whole."""

from __future__ import annotations

import json
import re
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup, Tag
from msgspec.structs import replace

from aggregator.model import Channel
from aggregator.model.release import Outlet, Release
from aggregator.output import beside
from aggregator.output.static import MARK, FolderInUse, Names, write
from aggregator.rights import release
from aggregator.text.direction import direction
from tests.conftest import SOAK
from tests.output.test_active import FIELDS, with_vector
from tests.output.vectors import MARKUP, TEXT
from tests.releases import FULL, NOW, OPEN, WIRE, feed, held, released

CHANNEL: Channel = "web"
NAMES = Names(lambda code: f"country {code}", lambda tag: f"language {tag}")
SITE = "https://baobab.example/site/"
RELEASES = released(CHANNEL)


def out(**other: Any) -> Release:
    found = release(held(**other), WIRE, Outlet(channel=CHANNEL, now=NOW))
    assert isinstance(found, Release)
    return found


def written(folder: Path, releases: Any = RELEASES, atom: bytes | None = b"<feed/>") -> int:
    return write(replace(feed(()), releases=iter(releases), address=SITE), atom, folder, NAMES)


def pages(folder: Path) -> Iterator[tuple[Path, BeautifulSoup]]:
    for path in sorted(folder.rglob("*.html")):
        yield path, BeautifulSoup(path.read_text("utf-8"), "html.parser")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("static") / "site"
    assert written(folder) == len(RELEASES)
    return folder


def page(site: Path, name: str) -> BeautifulSoup:
    return BeautifulSoup((site / name).read_text("utf-8"), "html.parser")


def one(soup: BeautifulSoup, selector: str) -> Tag | None:
    return soup.select_one(selector)


def content(soup: BeautifulSoup, name: str) -> Any:
    found = soup.select_one(f'meta[name="{name}"]')
    return found and found["content"]


@pytest.mark.parametrize("said", RELEASES, ids=lambda said: said.id[:3])
def test_a_report_has_all_that_must_stand_beside_it(site: Path, said: Release) -> None:
    soup = page(site, f"report/{said.id}.html")
    text = " ".join(soup.get_text(" ").split())
    shown = text[text.index("About") :]  # behind the menu
    order = (beside.headline(said), beside.publisher(said), (said.published or said.first_seen)[:10], said.byline or "")
    assert [shown.index(each) for each in order if each] == sorted(shown.index(each) for each in order if each)
    needed = (
        said.credit,
        *said.disclaimers,
        said.usage_terms,
        said.byline,
        said.copyright_notice,
        *said.text.split("\n"),
    )
    for words in needed:
        assert " ".join((words or "").split()) in text
    for link in (said.url, said.licence_url, said.complaints_url):
        assert link is None or soup.find(attrs={"href": link})
    h1 = one(soup, "h1")
    assert h1 is not None
    assert (h1.get("lang"), h1["dir"]) == (said.language, direction(said.language))
    assert content(soup, "robots") == ("noindex" if said.index == "noindex" else None)
    canonical = one(soup, 'link[rel="canonical"]')
    assert (canonical and canonical["href"]) == (said.url if said.canonical == "publisher" else None)
    is_open = said.uses.train == said.uses.input == "allowed"
    assert content(soup, "tdm-reservation") == ("0" if is_open else "1")
    assert [img["src"] for img in soup.find_all("img")] == [each.url for each in said.pictures]
    data = json.loads(soup.find("script", type="application/ld+json").string)
    assert (data["@type"], data.get("headline", "")) == ("NewsArticle", said.headline)
    assert (data["publisher"]["name"], data["sdPublisher"]["name"]) == (said.publisher_name, WIRE.name)
    assert (data.get("isBasedOn"), data["creditText"]) == (said.url, said.credit)
    assert (data.get("license"), data.get("copyrightNotice")) == (said.licence_url, said.copyright_notice)
    assert ("correction" in data) is said.corrected


@pytest.mark.parametrize(
    ("rights", "canonical", "robots", "pixel"),
    [
        (replace(FULL, canonical="self", index="index"), f"{SITE}report/aaaaaaaaaaaaaaaa.html", None, 0),
        (replace(FULL, canonical="none"), None, "noindex", 0),
        (replace(OPEN, tracking_pixel="https://count.example/{id}"), "https://daily.example/bridge", None, 1),
    ],
)
def test_the_head_follows_the_rights(tmp_path: Path, rights: Any, canonical: Any, robots: Any, pixel: int) -> None:
    written(tmp_path / "site", (out(rights=rights),))
    soup = page(tmp_path / "site", "report/aaaaaaaaaaaaaaaa.html")
    link = one(soup, 'link[rel="canonical"]')
    assert (link and link["href"], content(soup, "robots")) == (canonical, robots)
    assert len(soup.select("img.pixel")) == pixel
    assert content(page(tmp_path / "site", "index.html"), "robots") == robots


def test_what_left_the_wire_has_a_notice_without_its_words(site: Path) -> None:
    soup = page(site, "report/ffffffffffffffff.html")
    assert "The Daily has withdrawn this report." in soup.get_text()
    assert content(soup, "robots") == "noindex"


def test_every_page_has_the_statement_and_every_link_leads_somewhere(site: Path) -> None:
    found = dict(pages(site))
    assert {path.name for path in found} >= {"index.html", "countries.html", "publishers.html", "about.html", "ar.html"}
    for path, soup in found.items():
        assert soup.html
        assert soup.html["lang"] == "en"
        assert "Baobab Wire carries reports from many publishers." in soup.get_text()
        assert soup.find("a", href=WIRE.complaints_url)
        for link in soup.find_all(href=True):
            href = str(link["href"]).partition("#")[0]
            if href and not re.match(r"https?:|mailto:", href):
                assert (path.parent / href).resolve().is_file(), (path, href)


def test_lists_are_of_country_publisher_and_language_with_counts(site: Path) -> None:
    text = page(site, "countries.html").get_text(" ")
    for country in {each.country for each in RELEASES}:
        number = sum(each.country == country for each in RELEASES)
        assert re.search(rf"country {country}\s+{number} report", text)
        listed = page(site, f"country/{country.lower()}.html").select("ol.reports li")
        assert len(listed) == number
    for key in {each.publisher for each in RELEASES}:
        assert (site / "publisher" / f"{key}.html").is_file()


@pytest.mark.soak
def test_lists_have_pages_and_much_takes_little_memory(tmp_path: Path) -> None:
    base, count = out(text="A long line of words. " * 1_000), 1_000 if SOAK else 300
    many = (replace(base, id=f"{number:016d}", guid=str(number)) for number in range(count))
    tracemalloc.start()
    assert written(tmp_path / "site", many) == count
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 16_000 * count  # of 22 kB of words each and as much of pages
    seen: list[str] = []
    name: str | None = "index.html"
    while name:
        soup = page(tmp_path / "site", name)
        seen += [str(link["href"]) for link in soup.select(".headline a")]
        older = one(soup, 'a[rel="next"]')
        name = str(older["href"]) if older else None
    assert len(seen) == len(set(seen)) == count


def test_nothing_that_a_publisher_wrote_is_active(tmp_path: Path) -> None:
    every = 1 if SOAK else 40
    vectors = [(field, vector) for vector in (*MARKUP, *TEXT)[::every] for field in FIELDS]
    releases = []
    for number, (field, vector) in enumerate(vectors):
        report = replace(with_vector(field, vector), id=f"{number:016d}", language=None)
        found = release(report, WIRE, Outlet(channel=CHANNEL, now=NOW))
        assert isinstance(found, Release)
        releases.append(found)
    written(tmp_path / "site", releases)
    for path, soup in pages(tmp_path / "site"):
        for element in soup.find_all(True):
            assert element.name not in ("iframe", "object", "embed", "form", "input", "style", "svg", "base"), path
            assert element.name != "script" or element.attrs == {"type": "application/ld+json"}
            for name, value in element.attrs.items():
                assert not name.startswith("on"), (path, name)
                if name in ("href", "src"):
                    assert re.match(
                        r"https?://[^/@]+(/|$|\?|#)|mailto:|(\.\./)*[a-z0-9/-]*\.(html|css|atom)$|#", str(value)
                    )
        for script in soup.find_all("script"):
            assert json.loads(script.string or "")
        assert len(soup.find_all("h1")) >= 1
        assert len(soup.find_all("main")) == 1


def test_a_site_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    folder = tmp_path / "site"
    written(folder, RELEASES[:1])

    def breaking() -> Iterator[Release]:
        yield RELEASES[1]
        raise OSError("the disk is full")

    with pytest.raises(OSError, match="full"):
        written(folder, breaking())
    assert (folder / "report" / f"{RELEASES[0].id}.html").is_file()
    written(folder, RELEASES[1:2], atom=None)
    assert not (folder / "report" / f"{RELEASES[0].id}.html").exists()
    assert not (folder / "latest.atom").exists()
    assert [each.name for each in tmp_path.iterdir()] == ["site"]
    assert "latest.atom" not in (folder / "index.html").read_text()


def test_a_folder_of_somebody_else_is_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")
    with pytest.raises(FolderInUse):
        written(tmp_path / "mine")
    (tmp_path / "file").write_text("x")
    with pytest.raises(FolderInUse):
        written(tmp_path / "file")
    assert (tmp_path / "mine" / "thesis.txt").is_file()
    (tmp_path / "empty").mkdir()
    written(tmp_path / "empty")
    assert (tmp_path / "empty" / MARK).is_file()

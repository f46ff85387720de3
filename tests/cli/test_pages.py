"""A source with `pages`: `fetch` reads them, and `show`, `coverage` and `check` say what came of it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from aggregator.demo import Press, Resource
from tests.cli.test_cli import Desk
from tests.conftest import NOW
from tests.pipeline.test_pages import LAST, LEAD, MORE, page

AGREED = """
[rights]
relationship = "partner"
basis = "agreement"
text_scope = "full_text"
copyright_holder = "One"
terms_checked = 2026-11-01
"""
ITEM = "<item><guid>{0}</guid><title>Report {0}</title><link>{1}/{0}</link></item>"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with Press(now=NOW) as press:
        yield Desk(tmp_path, press)


def with_pages(desk: Desk, mode: str, more: str = "") -> None:
    """The source of `one` says so, and lists three reports: with a page, with one that wants payment, with none."""
    base = f"{desk.press.url}/one.example"
    items = "".join(ITEM.format(name, base) for name in ("a", "b", "c"))
    document = f"<rss version='2.0'><channel>{items}</channel></rss>".encode()
    desk.press.set_document("one.example", "/feed", document)
    desk.press.set_document("one.example", "/a", page(title="Report a"))
    paid = '<script type="application/ld+json">{"@type":"NewsArticle","isAccessibleForFree":false}</script>'
    desk.press.set_document("one.example", "/b", page(title="Report b", head=paid))
    desk.press.set_document("one.example", "/c", Resource(b"%PDF-1.4", "application/pdf"))
    file = desk.config / "publishers" / "ml" / "one.toml"
    file.write_text(file.read_text().replace("[[source]]", f'{more}[[source]]\npages = "{mode}"'))


def shown(desk: Desk, title: str, *options: str) -> str:
    reports = {str(name): str(report) for name, report in desk.rows("SELECT title, id FROM articles")}
    return desk("show", reports[title], *options)


def test_fetch_reads_pages_and_show_and_coverage_say_what_came_of_it(desk: Desk) -> None:
    with_pages(desk, "text", AGREED)
    desk("fetch", "one")
    assert all(paragraph in shown(desk, "Report a") for paragraph in (LEAD, MORE, LAST))
    assert "From its page, " in shown(desk, "Report a", "--desk")
    assert "text (" in shown(desk, "Report a", "--rights")
    assert "no text was taken: the page asks readers to pay" in shown(desk, "Report b", "--desk")
    assert "Page: could not be read at " in shown(desk, "Report c", "--desk")
    read = json.loads(shown(desk, "Report a", "--desk", "--json"))[0]["page"]
    assert (read["mode"], read["outcome"], read["reason"]) == ("text", "read", None)
    assert read["evidence"].keys() >= {"content"}
    (row,) = json.loads(desk("coverage", "one", "--json"))
    assert (row["pages_read"], sum(row["pages_not_read"].values())) == (1, 2)
    assert "pages read: 1, not: 1 not readable, 1 the page asks readers to pay or to sign in" in desk("coverage", "one")


def test_health_counts_pages_that_could_not_be_read(desk: Desk) -> None:
    with_pages(desk, "text", AGREED)
    for name in ("a", "c"):
        desk.press.misbehave("one.example", f"/{name}", "status", status=403)
    desk("fetch", "one")
    (row,) = (row for row in json.loads(desk("health", "--json")) if row["source_name"].startswith("one/"))
    assert row["pages_failed_7_days"] == 2
    assert row["problem"] == "2 of 3 pages of its reports could not be read in 7 days: status 403"
    assert row["advice"].startswith('where that stays so, pages = "none"')
    assert "could not be read in 7 days" in desk("health")


def test_fetch_reads_no_page_of_a_source_that_does_not_ask_for_it(desk: Desk) -> None:
    with_pages(desk, "none")
    desk("fetch")
    assert desk.rows("SELECT count(*) FROM pages") == [(0,)]
    assert [seen.path for seen in desk.press.requests if seen.path in ("/a", "/b", "/c")] == []
    assert "pages read" not in desk("coverage", "one")


def test_check_warns_where_the_rights_make_pages_useless(desk: Desk) -> None:
    with_pages(desk, "text", '[rights]\nstorage = "metadata_only"\n')
    assert 'source[1].pages: found "text", expected "metadata" or "none"' in desk("check")


def test_an_unknown_word_is_a_fault(desk: Desk) -> None:
    with_pages(desk, "words")
    assert 'source[1].pages: found "words", expected' in desk("check", code=1)


def test_fetch_tags_what_was_held_back_and_is_stored_by_its_housekeeping(desk: Desk) -> None:
    desk("fetch")
    with sqlite3.connect(desk.database) as connection:  # a day passes, and its newest words wait
        connection.execute("UPDATE revisions SET seen_at = '2020-01-01T00:00:00Z', stored_at = NULL")
        connection.execute(
            """
            INSERT INTO pending_revisions (article_id, source_id, article_key, change_kind, changed, received_at, title,
              url, byline, class, words_hash, media_hash, entry_hash, raw, dictionary_id)
            SELECT a.article_id, s.source_id, s.article_key, 'revised', '["byline"]', '2020-01-01T00:00:00Z', a.title,
              a.url, 'Awa Exemple, AFP', a.class, s.words_hash, s.media_hash, s.entry_hash, r.raw, r.dictionary_id
            FROM articles AS a JOIN sightings AS s USING (article_id) JOIN revisions AS r USING (article_id)
            """
        )
    connection.close()
    desk("fetch")
    assert desk.rows("SELECT DISTINCT revision FROM articles") == [(2,)]
    assert desk.rows("SELECT count(*) FROM tag_queue") == [(0,)]
    assert desk.rows("SELECT DISTINCT stated, found_in FROM agencies") == [("AFP", "byline")]

"""urls: what is the same document, page, host and domain; stored keys find their articles; one list of parameters."""

from __future__ import annotations

import ast
import gzip
import inspect
import json
import re
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.identity import keys_of, keys_of_link, link_of
from aggregator.model import FetchResult, IdentityRules, Source
from aggregator.parse import parse
from aggregator.scheduling.rechecks import first_visit
from aggregator.store import Store
from aggregator.text.raw_words import decode
from aggregator.text.urls import (
    as_http,
    by_rules,
    document_of,
    domain_of_url,
    fragment_of,
    host_of,
    is_front_page,
    is_https_of,
    is_tracking,
    literal,
    page_of,
    resolved,
    steady_of,
    without_fragment,
)
from tests import ROOT
from tests.conftest import NOW, some
from tests.databases import by_number, upgraded
from tests.make_database import DATABASES
from tests.rows import every_row

FIXTURES = ROOT / "tests" / "fixtures"
PACKAGE = ROOT / "aggregator"
D = "http://daily.example"

SAME_DOCUMENT = {
    "scheme": (f"{D}/feed", "https://daily.example/feed"),
    "www": (f"{D}/feed", "http://www.daily.example/feed"),
    "default port of http": (f"{D}/feed", f"{D}:80/feed"),
    "default port of https": (f"{D}/feed", "https://daily.example:443/feed"),
    "empty port": (f"{D}/feed", f"{D}:/feed"),
    "case of scheme and host": (f"{D}/feed", "HTTP://Daily.EXAMPLE/feed"),
    "dot at the end of the host": (f"{D}/feed", f"{D}./feed"),
    "final slash": (f"{D}/feed", f"{D}/feed/"),
    "no path": (D, f"{D}/"),
    "fragment": (f"{D}/feed", f"{D}/feed#top"),
    "blanks around": (f"{D}/feed", f" {D}/feed\n"),
    "user name": (f"{D}/feed", "http://me@daily.example/feed"),
    "script of the host": ("http://journal-été.example/feed", "http://xn--journal-t-i4ab.example/feed"),
    "case of another script": ("http://JOURNAL-ÉTÉ.example/feed", "http://journal-été.example/feed"),
    "composed and decomposed": ("http://e\u0301te\u0301.example/feed", "http://été.example/feed"),
    "percent-encoded host": ("http://%C3%A9t%C3%A9.example/feed", "http://été.example/feed"),
    "percent-encoded path": (f"{D}/%66eed", f"{D}/feed"),
    "case of percent-encoding": (f"{D}/caf%c3%a9", f"{D}/caf%C3%A9"),
    "other scripts in the path": (f"{D}/caf%C3%A9", f"{D}/café"),
    "other scripts in the query": (f"{D}/?q=caf%C3%A9", f"{D}/?q=café"),
    "blank in the query": (f"{D}/?q=a+b", f"{D}/?q=a%20b"),
    "tracking": (f"{D}/feed", f"{D}/feed?utm_source=rss&utm_medium=feed"),
    "tracking among others": (f"{D}/feed?cat=3", f"{D}/feed?fbclid=x&cat=3&gclid=y&at_medium=rss"),
    "tracking in capital letters": (f"{D}/feed", f"{D}/feed?UTM_Source=rss&FBCLID=x"),
    "empty query": (f"{D}/feed", f"{D}/feed?"),
}
OTHER_DOCUMENT = {
    "port": (f"{D}/feed", f"{D}:8080/feed"),
    "host below": (f"{D}/feed", "http://sport.daily.example/feed"),
    "domain": (f"{D}/feed", "http://daily.test/feed"),
    "domain that begins with www": ("http://www.example/feed", "http://example/feed"),
    "case of the path": (f"{D}/Feed", f"{D}/feed"),
    "path": (f"{D}/feed", f"{D}/feed/sport"),
    "query": (f"{D}/?p=1", f"{D}/?p=2"),
    "parameter that only resembles tracking": (f"{D}/?at=1", f"{D}/?at=2"),
    "what courlan takes for tracking": (f"{D}/?cid=1&source=a", f"{D}/?cid=2&source=b"),
    "no address": ("http://[bad", "http://[worse"),
    "letters that look alike": ("http://dаily.example/feed", f"{D}/feed"),  # a Cyrillic letter in the first
    "a server for small screens": (f"{D}/feed", "http://m.daily.example/feed"),
    "a path of AMP": (f"{D}/report", f"{D}/report/amp"),
}
SAME_PAGE = {
    "small screens": (f"{D}/report", "http://m.daily.example/report"),
    "mobile": (f"{D}/report", "http://mobile.daily.example/report"),
    "AMP as a host": (f"{D}/report", "https://amp.daily.example/report"),
    "AMP as a path": (f"{D}/report", f"{D}/report/amp/"),
    "AMP before the path": (f"{D}/report", f"{D}/amp/report"),
    "AMP as a file": (f"{D}/report", f"{D}/report.amp"),
    "AMP as a parameter": (f"{D}/report?id=1", f"{D}/report?id=1&amp=1"),
}


@every_row("pair", SAME_DOCUMENT.values(), ids=SAME_DOCUMENT)
def test_one_document(pair: tuple[str, str]) -> None:
    one, other = pair
    assert document_of(one) == document_of(other)
    assert page_of(one) == page_of(other), "what is one document is one page"
    assert set(keys_of_link(one)) & set(keys_of_link(without_fragment(other))), "and one report, but for fragments"
    assert steady_of(one) == steady_of(other), "and one link in the words of a report"


@every_row("pair", OTHER_DOCUMENT.values(), ids=OTHER_DOCUMENT)
def test_two_documents(pair: tuple[str, str]) -> None:
    assert document_of(pair[0]) != document_of(pair[1])


@every_row("pair", SAME_PAGE.values(), ids=SAME_PAGE)
def test_one_page_in_two_documents(pair: tuple[str, str]) -> None:
    assert page_of(pair[0]) == page_of(pair[1])
    assert document_of(pair[0]) != document_of(pair[1])


@every_row("form", [document_of, page_of], ids=lambda form: form.__name__)
@every_row("url", [url for pair in (*SAME_DOCUMENT.values(), *SAME_PAGE.values()) for url in pair])
def test_a_form_is_its_own_form(form: Callable[[str], str], url: str) -> None:
    assert form(form(url)) == form(url)


@every_row(
    ("url", "host", "domain"),
    [
        ("http://www.daily.co.za/a", "daily.co.za", "daily.co.za"),
        ("https://Feeds.Daily.co.za.:8443/a", "feeds.daily.co.za", "daily.co.za"),
        ("http://me:pw@news.blog.daily.example/", "news.blog.daily.example", "daily.example"),
        ("http://nuru.blogspot.com/", "nuru.blogspot.com", "nuru.blogspot.com"),
        ("http://www.été.co.za/", "xn--t-9fab.co.za", "xn--t-9fab.co.za"),
        ("http://XN--T-9FAB.co.za/", "xn--t-9fab.co.za", "xn--t-9fab.co.za"),
        ("http://192.0.2.7:8080/", "192.0.2.7", "192.0.2.7"),
        ("http://[2001:db8::1]/", "2001:db8::1", "2001:db8::1"),
        ("http://☕.example/", "☕.example", "☕.example"),  # no host of IDNA 2008
        ("http://[bad/", "", ""),
        ("mailto:desk@daily.example", "", ""),
        ("/relative", "", ""),
        (f"http://{'a' * 254}/", "", "a" * 254),
    ],
)
def test_hosts_and_domains(url: str, host: str, domain: str) -> None:
    assert host_of(url) == host
    assert domain_of_url(url) == domain


@every_row(
    ("old", "new", "expected"),
    [
        (f"{D}/feed", "https://daily.example/feed", True),
        (f"{D}:80", "https://daily.example:443/", True),
        (f"{D}:8080/feed", "https://daily.example:8080/feed", True),
        (f"{D}/feed", "https://www.daily.example/feed", False),
        (f"{D}/feed", "https://daily.example/feed/", False),
        (f"{D}/feed", "https://daily.example/feed?x", False),
        (f"{D}/feed", "https://daily.example:444/feed", False),
        ("https://daily.example/feed", f"{D}/feed", False),
    ],
)
def test_a_move_to_https_changes_nothing_else(old: str, new: str, expected: bool) -> None:
    assert is_https_of(old, new) is expected


@every_row("path", ["", "/", "/?utm_source=rss", "/fr/", "/pt-BR", "/index.php", "/en/index.html", "/default.aspx"])
def test_one_answer_to_what_a_front_page_is(path: str) -> None:
    assert is_front_page(page_of(D + path))
    assert first_visit(D + path, NOW, NOW) is None, "it is no report's own page"


# What a publisher's file says of its addresses


@every_row(
    ("rules", "one", "other"),
    [
        (IdentityRules(ignore_parameters=("session", "from_*")), f"{D}/a?id=1&session=x&from_app=1", f"{D}/a?id=1"),
        (IdentityRules(keep_parameters=("id",)), f"{D}/a?rnd=7&id=1", f"{D}/a?id=1&place=top"),
        (IdentityRules(keep_parameters=()), f"{D}/a?x=1", f"{D}/a"),
        (IdentityRules(strip_path_prefixes=("/print", "/sport")), f"{D}/print/2026/a", f"{D}/sport/2026/a"),
        (IdentityRules(same_hosts=("daily.example", "daily.co.example")), f"{D}/a", "https://m.daily.co.example/a"),
        (
            IdentityRules(same_hosts=("www.daily.example", "d.example")),
            "http://d.example:80/a",
            "http://daily.example/a",
        ),
    ],
)
def test_addresses_that_are_one_page_by_their_publishers_rules(rules: IdentityRules, one: str, other: str) -> None:
    assert page_of(by_rules(one, rules)) == page_of(by_rules(other, rules))
    assert page_of(one) != page_of(other)


@every_row(
    ("rules", "one", "other"),
    [
        (IdentityRules(ignore_parameters=("session",)), f"{D}/a?sessions=1", f"{D}/a?sessions=2"),
        (IdentityRules(keep_parameters=("id",)), f"{D}/a?id=1", f"{D}/a?id=2"),
        (IdentityRules(strip_path_prefixes=("/print",)), f"{D}/printers/a", f"{D}/ers/a"),
        (IdentityRules(same_hosts=("daily.example", "d.example")), f"{D}/a", "http://notd.example/a"),
        (IdentityRules(same_hosts=("daily.example", "d.example")), "http://[bad", f"{D}/a"),
    ],
)
def test_rules_reach_no_further_than_they_say(rules: IdentityRules, one: str, other: str) -> None:
    assert page_of(by_rules(one, rules)) != page_of(by_rules(other, rules))


# What may be asked, stored and shown


@given(st.from_regex(r"/[a-z0-9 ${}|\"<>^`é-]{0,20}", fullmatch=True))
def test_a_literal_address_is_the_same_address(path: str) -> None:
    url = f"http://a.example{path.rstrip()}"
    assert unquote(literal(url)) == url


@every_row(
    ("url", "expected"),
    [
        ("http://u:p@a.example/x@y", "http://a.example/x@y"),
        ("http://u:p@b@a.example/", "http://a.example/"),
        ("//u@a.example/", "//a.example/"),
        ("http:\\\\u:p@a.example/", "http:%5C%5Ca.example/"),
        ("HTTPS:u:p@a.example", "HTTPS:a.example"),
        ("/@desk/feed", "/@desk/feed"),
        ("https://social.example/@desk.rss", "https://social.example/@desk.rss"),
        ("http://a.example/?to=desk@a.example", "http://a.example/?to=desk@a.example"),
        ("mailto:desk@a.example", "mailto:desk@a.example"),
    ],
)
def test_a_user_name_is_left_out_and_no_other_sign_is(url: str, expected: str) -> None:
    assert literal(url) == expected


@every_row(
    ("url", "expected"),
    [
        ("http://a.example/é", "http://a.example/é"),
        (" http://a.example/a b\n", "http://a.example/a%20b"),
        ("http://a.example/${TOKEN}", "http://a.example/$%7BTOKEN%7D"),
        ("http://a.example/\u202e\xa0/b", "http://a.example/%E2%80%AE%C2%A0/b"),
        ("http://a.example/\ud800", "http://a.example/%3F"),
    ],
)
def test_what_has_no_place_in_an_address_is_percent_encoded(url: str, expected: str) -> None:
    assert literal(url) == expected


@every_row(
    ("href", "expected"),
    [
        ("/a/b", "https://daily.example/a/b"),
        ("b?c=1#d", "https://daily.example/news/b?c=1#d"),
        ("../b", "https://daily.example/b"),
        ("//other.example/a", "https://other.example/a"),
        ("http://other.example/../a", "http://other.example/../a"),  # as it was said
        ("mailto:desk@daily.example", "mailto:desk@daily.example"),
        ("//[bad/a", "//[bad/a"),
    ],
)
def test_an_address_is_made_full_and_what_is_none_is_kept(href: str, expected: str) -> None:
    assert resolved("https://daily.example/news/index.html", href) == expected


@every_row(
    ("said", "expected"),
    [
        ("daily.example/feed", "http://daily.example/feed"),
        ("daily.example:8080/feed", "http://daily.example:8080/feed"),
        ("  www.daily.example\n", "http://www.daily.example"),
        ("//daily.example/feed", "http://daily.example/feed"),
        ("feed:daily.example/feed", "http://daily.example/feed"),
        ("feed://daily.example/feed", "http://daily.example/feed"),
        ("FEED:https://daily.example/feed", "https://daily.example/feed"),
        ("https://daily.example/feed", "https://daily.example/feed"),
        ("mailto:desk@daily.example", "mailto:desk@daily.example"),
        ("desk@daily.example", "desk@daily.example"),
        ("feed.xml", "http://feed.xml"),  # nothing tells it from a host
        ("feed", "feed"),
        ("./feed.xml", "./feed.xml"),
    ],
)
def test_an_address_as_people_write_it_is_http(said: str, expected: str) -> None:
    assert as_http(said) == expected


@every_row(
    ("fragment", "expected"),
    [
        ("", ""),
        ("#", ""),
        ("#report-7", "#report-7"),
        ("#utm_source=rss&at_medium=x", ""),
        ("#utm_source=rss&report=7", "#utm_source=rss&report=7"),
        ("#:~:text=the%20bridge", ""),
    ],
)
def test_a_fragment_that_says_nothing_of_the_page_is_none(fragment: str, expected: str) -> None:
    assert fragment_of(f"{D}/live{fragment}") == expected


# Addresses, and what 0.1.3 stored for them behind `url:`.
STORED = [
    ("https://www.daily.example/2026/pont/", "//daily.example/2026/pont"),
    ("http://m.daily.example/2026/pont/amp", "//daily.example/2026/pont"),
    ("http://daily.example:80/2026/pont?utm_source=rss&id=7", "//daily.example/2026/pont?id=7"),
    ("http://daily.example/2026/pont?UTM_SOURCE=rss", "//daily.example/2026/pont?UTM_SOURCE=rss"),
    ("http://daily.example./2026/pont", "//daily.example./2026/pont"),
    ("http://journal-été.example/a", "//journal-été.example/a"),
    ("http://xn--journal-t-i4ab.example/a", "//xn--journal-t-i4ab.example/a"),
    ("http://JOURNAL-ÉTÉ.example/%C3%A9", "//journal-été.example/é"),
    ("http://daily.example/a%2Fb?q=caf%C3%A9", "//daily.example/a/b?q=caf%C3%A9"),
    ("http://daily.example:8080/?p=1", "//daily.example:8080?p=1"),
    ("http://daily.example/report#xtor=RSS-1", "//daily.example/report"),
    ("http://daily.example/report#XTOR=RSS-1", "//daily.example/report#XTOR=RSS-1"),
    ("http://daily.example/?page", "//daily.example?page="),
    ("http://[bad", "http://[bad"),
    ("HTTP://%C3%A9t%C3%A9.example/a", "//%C3%A9t%C3%A9.example/a"),
    ("urn:uuid:7", "uuid:7"),
    ("/relative/a/", "/relative/a"),
]


@every_row(("url", "stored"), STORED)
def test_a_link_has_the_key_that_is_stored(url: str, stored: str) -> None:
    assert keys_of_link(url)[0] == f"url:{stored}"


def test_all_entries_of_the_fixtures_have_the_keys_that_they_had() -> None:
    """The file was made by 0.1.3: the keys of all entries of each document. A first key makes the public id."""
    stored = json.loads(gzip.decompress((FIXTURES / "keys" / "0.1.3.json.gz").read_bytes()))
    kinds = {"jsonfeed", "wordpress", "sitemap"}
    differ, seen = [], 0
    for name, keys in stored.items():
        kind = name.partition("/")[0]
        source = Source(publisher="daily", key="main", url=f"{D}/feed", kind=kind if kind in kinds else "feed")
        answer = FetchResult(url=source.url, http_status=200, headers={}, body=(FIXTURES / name).read_bytes())
        today = keys_of(parse(answer, source).entries)
        if name == "feed/feedparser-fails-on-one-entry.xml":  # 0.1.3 could not read the second of three
            del today[1]
        assert len(today) == len(keys), name
        seen += len(today)
        differ += [name for old, new in zip(keys, today, strict=True) if new[0] != old[0] or not set(old) <= set(new)]
    assert (differ, seen) == ([], 1214)


VERSIONS = by_number(path.name.removesuffix(".db.gz") for path in DATABASES.glob("*.db.gz"))


@pytest.mark.soak
@every_row("version", some(VERSIONS, 3))
def test_every_article_of_every_version_is_found_by_its_link(version: str, tmp_path: Path) -> None:
    path = tmp_path / "wire.db"
    path.write_bytes(upgraded(version))
    with closing(Store.open(path)) as store:
        keys = {(article, key) for article, key in store.query("SELECT article_id, article_key FROM article_keys")[1]}
        said = store.query("SELECT article_id, raw_words(raw, dictionary_id) FROM revisions WHERE number = 1")[1]
        links = {article: link for article, raw in said if (link := link_of(decode(raw)))}
    assert len(links) == 76
    assert [link for article, link in links.items() if (article, keys_of_link(link)[0]) not in keys] == []


# One list, one place.


def test_tracking_parameters_are_named_in_one_place() -> None:
    """A word in which one of them is the beginning or the whole, in any string of the program, is a second list."""
    named = re.compile(
        r"\b(?:utm_|mc_|pk_|cmpid|dclid|fbclid|feedname|feedtype|gclid|igshid|msclkid|xtor)", re.IGNORECASE
    )
    places = {
        str(file.relative_to(PACKAGE))
        for file in PACKAGE.rglob("*.py")
        if named.search(text := file.read_text())
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and named.search(node.value)
    }
    assert places == {module_file(is_tracking)}


def module_file(of: Callable[..., object]) -> str:
    return str(Path(inspect.getfile(of)).relative_to(PACKAGE))

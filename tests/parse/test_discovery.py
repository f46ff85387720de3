"""The feeds that a page names, in the ways in which sites name them."""

from __future__ import annotations

import pytest

from aggregator.parse.discovery import feeds_among, links_of, site_name
from aggregator.text.link_field import links_of_field
from tests.rows import every_row

AT = "http://sud.example/rubrique/page.html"
RSS = 'type="application/rss+xml"'


def feeds(head: str, body: str = "") -> list[str]:
    page = f"<!DOCTYPE html><html><head>{head}</head><body>{body}</body></html>"
    return feeds_among(links_of(page.encode(), AT))


@every_row(
    ("head", "address"),
    [
        (f'<link rel="alternate" {RSS} href="fil.xml">', "http://sud.example/rubrique/fil.xml"),
        (f'<base href="/sous/"><link rel="alternate" {RSS} href="fil.xml">', "http://sud.example/sous/fil.xml"),
        (f'<base href="http://autre.example/x/"><link rel="alternate" {RSS} href="fil.xml">', "http://autre.example/x/fil.xml"),
        (f'<base target="_top"><base href="/a/"><base href="/b/"><link rel=alternate {RSS} href=f>', "http://sud.example/a/f"),
        ('<link rel="alternate" href="/rss.xml">', "http://sud.example/rss.xml"),
        ('<link rel="alternate" href="/spip.php?page=backend">', "http://sud.example/spip.php?page=backend"),
        ('<link rel="feed" href="/news">', "http://sud.example/news"),
        ('<link rel="alternate feed" href="/news">', "http://sud.example/news"),
        ('<link rel="alternate" type="text/xml" href="/news">', "http://sud.example/news"),
        ('<link rel="alternate" type="application/rss+xml; charset=utf-8" href="/n">', "http://sud.example/n"),
        ('<LINK REL="ALTERNATE" TYPE="APPLICATION/ATOM+XML" HREF="/n">', "http://sud.example/n"),
        (f'<link rel="alternate" {RSS} href="feed://sud.example/n">', "http://sud.example/n"),
        (f'<link rel="alternate" {RSS} href="feed:https://sud.example/n">', "https://sud.example/n"),
        (f'<link rel="alternate" {RSS} href=" /n\n.xml ">', "http://sud.example/n.xml"),
        (f'<link rel="alternate" {RSS} href="/n?a=1&amp;b=2">', "http://sud.example/n?a=1&b=2"),
    ],
)  # fmt: skip
def test_a_feed_that_the_head_of_a_page_names(head: str, address: str) -> None:
    assert feeds(head) == [address]


@every_row(
    ("body", "address"),
    [
        ('<a href="/sous/fil.xml">RSS</a>', "http://sud.example/sous/fil.xml"),
        ('<a href="/actualites/abonnement"><img src="i.png">Flux RSS</a>', "http://sud.example/actualites/abonnement"),
        ('<a href="/abonnement" title="RSS"><img src="i.png"></a>', "http://sud.example/abonnement"),
        ('<a href="/feed/">Suivre</a>', "http://sud.example/feed/"),
        ('<a href="spip.php?page=backend&id_rubrique=4">x</a>', "http://sud.example/rubrique/spip.php?page=backend&id_rubrique=4"),
        (f'<a {RSS} href="/n">x</a>', "http://sud.example/n"),
        ('<map><area href="/atom.xml"></map>', "http://sud.example/atom.xml"),
    ],
)  # fmt: skip
def test_a_feed_that_only_the_text_of_a_page_names(body: str, address: str) -> None:
    assert feeds("", body) == [address]


@every_row(
    ("head", "body"),
    [
        ('<link rel="alternate" hreflang="en" href="/en/">', ""),
        ('<link rel="alternate" type="text/html" href="/feed">', ""),
        ('<link rel="alternate" media="handheld" href="http://m.sud.example/">', ""),
        ('<link rel="alternate" type="application/json+oembed" href="/wp-json/oembed/1.0/embed?url=x">', ""),
        ('<link rel="alternate" type="application/json" href="/wp-json/wp/v2/pages/2">', ""),
        (f'<link rel="alternate" {RSS} href="/comments/feed/">', ""),
        (f'<link rel="alternate" {RSS} href="javascript:alert(1)">', ""),
        ('<link rel="stylesheet" href="/feed.css">', ""),
        ("", '<a href="/feedback">Write to us</a>'),
        ("", '<a href="/newsfeeders/about">Us</a>'),
        ("", '<a href="#rss">RSS</a>'),
        ("", '<a href="mailto:rss@sud.example">RSS</a>'),
    ],
)
def test_what_is_no_feed_is_not_tried(head: str, body: str) -> None:
    assert feeds(head, body) == []


def test_what_a_page_names_as_a_feed_comes_first_and_guesses_are_few() -> None:
    head = f'<link rel="alternate" href="/rss.xml"><link rel="feed" href="/f"><link rel="alternate" {RSS} href="/sure">'
    found = feeds(head, "".join(f'<a href="/{number}/feed/">x</a>' for number in range(20)))
    assert found[:3] == [f"http://sud.example/{path}" for path in ("sure", "f", "rss.xml")]
    assert found[3:] == [f"http://sud.example/{number}/feed/" for number in range(4)]


@pytest.mark.parametrize(
    ("field", "address"),
    [
        ('<https://sud.example/n>; rel="alternate"; type="application/rss+xml"', "https://sud.example/n"),
        (
            '</wp-json/>; rel="https://api.w.org/", </n>; type=application/rss+xml; rel=alternate',
            "http://sud.example/n",
        ),
        ('<n>; rel="x alternate"; title="a; b, c"; type="application/atom+xml"', "http://sud.example/rubrique/n"),
    ],
)
def test_a_feed_that_a_field_of_http_names(field: str, address: str) -> None:
    assert feeds_among(links_of_field(field, AT)) == [address]


def test_a_hostile_field_is_read_to_its_end() -> None:
    for field in ("<" * 8000, "<a>" + ";" * 8000, '<a>;rel="' + "x" * 8000, "<a>;rel=" * 1000):
        assert feeds_among(links_of_field(field, AT)) == []


@every_row(
    ("head", "url", "expected"),
    [
        ('<meta property="og:site_name" content="L&#39;Écho  du\njour">', AT, "L'Écho du jour"),
        ('<meta name=OG:SITE_NAME content="صحيفة النيل">', AT, "صحيفة النيل"),
        ('<title>News of today</title><meta name="application-name" content="Radio Tamani">', AT, "Radio Tamani"),
        ("<title>Accueil - Journal du Mali</title>", "https://www.journaldumali.test/", "Journal du Mali"),
        ("<title>Malijèt | les nouvelles du Mali</title>", "https://malijet.test/a", "Malijèt"),
        ("<title>The Daily: all the news</title>", "https://thedaily.co.ke/", "The Daily"),
        ("<title>Home</title>", "https://thedaily.test/", None),
        ("<title>Home | Daily</title>", "https://192.0.2.7/", None),
        ('<meta property="og:site_name" content=" "><title></title>', AT, None),
        (f'<meta property="og:site_name" content="{"x" * 81}">', AT, None),
        ('<meta property="og:site_name" content="${SECRET}">', AT, None),
        ('<meta property="og:site_name" content="a&#27;[31mb">', AT, "a[31mb"),
        ('<meta property="og:site_name" content="\ufffd\ufffd">', AT, None),
        ("", AT, None),
        ('<meta property="og:site_name" content="<script>alert(1)</script>', AT, None),
    ],
)
def test_a_site_has_the_name_that_it_gives_itself(head: str, url: str, expected: str | None) -> None:
    assert site_name(f"<!DOCTYPE html><html><head>{head}</head><body>x</body></html>".encode(), url) == expected

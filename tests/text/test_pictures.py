"""Pictures, sounds and videos within words, and how media are compared."""

from __future__ import annotations

import time

from hypothesis import given
from hypothesis import strategies as st

from aggregator.model import Media, Text
from aggregator.text.pictures import MOST_MEDIA, compared, digest, pictures
from tests.rows import every_row

BASE = "https://river.example/2026/11/bridge/"


def found(value: str, base: str = BASE) -> tuple[Media, ...]:
    return pictures(Text(value), base)


def caption(words: str) -> Text:
    return Text(words, "text/html")


PICTURES: dict[str, tuple[str, tuple[Media, ...]]] = {
    "all that is said of one": (
        "<p>Le pont</p>"
        '<IMG SRC="https://cdn.example/a.jpg?x=1&amp;y=2" alt="Le pont &amp; l&#39;île" width=640 height="480px">',
        (Media("https://cdn.example/a.jpg?x=1&y=2", "image", None, 640, 480, alt="Le pont & l'île"),),
    ),
    "sizes that are no numbers of pixels": (
        "<img src=/a.jpg width=100% height=auto><img src=/b.jpg width=-5 height=6.5><img src=/c.jpg width=99999999999>",
        tuple(Media(f"https://river.example/{name}.jpg", "image") for name in "abc"),
    ),
    "relative addresses": (
        "<img src=a.jpg><img src='../b.jpg'><img src=//cdn.example/c.jpg>",
        (
            Media("https://river.example/2026/11/bridge/a.jpg", "image"),
            Media("https://river.example/2026/11/b.jpg", "image"),
            Media("https://cdn.example/c.jpg", "image"),
        ),
    ),
    "shown only when a reader comes near": (
        '<img src="data:image/gif;base64,R0lGOD" data-src="/a.jpg"><img src="/wait.gif" data-lazy-src="/b.jpg">'
        '<img src="data:image/gif;base64,R0lGOD" srcset="/c-300x200.jpg 300w, /c.jpg 1200w,/c-600x400.jpg 600w">'
        '<img src="" srcset="/d.jpg, /d2.jpg 2x"><img srcset="/e,w_300.jpg 1x">',
        tuple(Media(f"https://river.example/{name}.jpg", "image") for name in ("a", "b", "c", "d2", "e,w_300")),
    ),
    "each address once": (
        "<img data-src=/a.jpg><noscript><img src=/a.jpg></noscript><img src=/b.jpg><img src=/a.jpg>",
        (Media("https://river.example/a.jpg", "image"), Media("https://river.example/b.jpg", "image")),
    ),
    "pixels, trackers and services": (
        "<img src=/p.gif width=1 height=1><img src=/q.gif height=0px><img src=/r.gif style='display: none'>"
        "<img src=https://pixel.wp.com/b.gif?x=1><img src=https://feeds.river.example/~ff/All?d=x>"
        "<img src=https://www.facebook.com/sharer/x.png><img src=data:image/png;base64,AAAA><img alt=nothing>",
        (),
    ),
    "what no browser loads": (
        "<img src=javascript:alert(1)><img src=ftp://a.example/a.jpg><img src=http://[x/a.jpg><img src=cid:1>"
        "<img src=http:///><img src=file:///etc/passwd>",
        (),
    ),
    "what no reader sees": (
        "<!-- <img src=/a.jpg> --><script>'<img src=/b.jpg>'</script><STYLE><img src=/c.jpg></style><img src=/d.jpg>"
        "<!--",
        (Media("https://river.example/d.jpg", "image"),),
    ),
    "a figure with its caption": (
        "<figure class=x><a href=/x><img src=/a.jpg></a><figcaption>Le <b>pont</b></figcaption></figure>"
        "<img src=/b.jpg>",
        (
            Media("https://river.example/a.jpg", "image", caption=caption("Le <b>pont</b>")),
            Media("https://river.example/b.jpg", "image"),
        ),
    ),
    "a caption before its picture": (
        "<figure><figcaption>Daraja</figcaption><img src=/a.jpg></figure><figure><figcaption>Mto</figcaption></figure>"
        "<img src=/b.jpg>",
        (
            Media("https://river.example/a.jpg", "image", caption=caption("Daraja")),
            Media("https://river.example/b.jpg", "image"),
        ),
    ),
    "a gallery": (
        "<figure><figure><img src=/a.jpg><figcaption>A</figcaption></figure><figure><img src=/b.jpg></figure>"
        "<figcaption>Both</figcaption></figure>",
        (
            Media("https://river.example/a.jpg", "image", caption=caption("A")),
            Media("https://river.example/b.jpg", "image", caption=caption("Both")),
        ),
    ),
    "a picture again, in its figure": (
        "<img src=/a.jpg><figure><img src=/a.jpg><figcaption>A</figcaption></figure><figure><img src=/b.jpg></figure>",
        (
            Media("https://river.example/a.jpg", "image", caption=caption("A")),
            Media("https://river.example/b.jpg", "image"),
        ),
    ),
    "WordPress's captions of old, and Blogger's": (
        '<img src=/a.jpg><div id="x" class="wp-caption"><img src=/b.jpg><p class="wp-caption-text">Ponte</p></div>'
        '<table class="tr-caption-container"><tr><td><img src=/c.jpg></td></tr><tr><td class="tr-caption" align=x>جسر'
        "</td></tr></table><p class=caption>no</p>",
        (
            Media("https://river.example/a.jpg", "image"),
            Media("https://river.example/b.jpg", "image", caption=caption("Ponte")),
            Media("https://river.example/c.jpg", "image", caption=caption("جسر")),
        ),
    ),
    "captions that say nothing, or never end": (
        "<figure><img src=/a.jpg><figcaption> <br> </figcaption></figure><figure><img src=/b.jpg><figcaption>Daraja",
        (Media("https://river.example/a.jpg", "image"), Media("https://river.example/b.jpg", "image")),
    ),
    "videos and sounds": (
        "<video poster=/p.jpg width=640 height=360><source src=/v.mp4 type='video/mp4; codecs=x'></video>"
        "<audio src=/s.mp3></audio><source src=/t.ogg type=audio/ogg>",
        (
            Media("https://river.example/p.jpg", "image"),
            Media("https://river.example/v.mp4", "video", "video/mp4"),
            Media("https://river.example/s.mp3", "audio"),
            Media("https://river.example/t.ogg", None, "audio/ogg"),
        ),
    ),
    "a picture for several screens": (
        "<picture><source srcset=/a.webp type=image/webp><img src=/a.jpg></picture><video><source src=/v.mp4></video>",
        (Media("https://river.example/a.jpg", "image"), Media("https://river.example/v.mp4", "video")),
    ),
}  # fmt: skip


@every_row("case", PICTURES)
def test_what_is_within_words(case: str) -> None:
    value, expected = PICTURES[case]
    assert found(value) == expected


def test_plain_words_hold_no_pictures() -> None:
    assert pictures(Text("<img src=https://a.example/a.jpg>", "text/plain"), BASE) == ()


def test_without_a_base_relative_addresses_are_left_out() -> None:
    assert found("<img src=/a.jpg><img src=https://a.example/a.jpg>", "") == (
        Media("https://a.example/a.jpg", "image"),
    )


def test_a_caption_has_the_type_of_the_words_around_it() -> None:
    said = Text("<figure><img src='/a.jpg'/><figcaption>A</figcaption></figure>", "application/xhtml+xml")
    assert [media.caption for media in pictures(said, BASE)] == [Text("A", "application/xhtml+xml")]


def test_no_more_than_the_most() -> None:
    many = "".join(f"<img src=/{number}.jpg>" for number in range(3 * MOST_MEDIA))
    assert [media.url for media in found(many)][-1] == f"https://river.example/{MOST_MEDIA - 1}.jpg"


HOSTILE = {
    "brackets": "<" * 4_000_000,
    "pictures of no address": "<img src=x:>" * 350_000,
    "comments without end": "<img src=/a.jpg>" + "<!--" * 1_000_000,
    "scripts without end": "<img src=/a.jpg>" + "<script " * 500_000,
    "figures within figures": "<img src=/a.jpg>" + "<figure><figcaption>" * 200_000,
    "an attribute without end": "<img " + "a='" * 1_300_000,
    "blanks": "<img" + " " * 4_000_000,
    "paragraphs": "<img src=/a.jpg>" + "<p aaaaaaaaaaaaaaaaaaaaaaaaaa" * 140_000,
    "long captions": "<img src=/a.jpg>" + ("<td class=tr-caption>" + "x&amp;<b>" * 2_200 + "</td>") * 200,
    "long sets of sizes": "<img srcset='" + "a 1w, " * 900 + "'>" + "<img srcset='a, ,,'>" * 200_000,
}


@every_row("case", HOSTILE)
def test_a_hostile_report_takes_little_time(case: str) -> None:
    before = time.process_time()
    assert len(found(HOSTILE[case])) <= 1
    assert time.process_time() - before < 2  # of 4 MB; about 0.1 each, and minutes if one of them were quadratic


@given(st.text(alphabet="<>/='\"imgsrcvdeofautp figcon!-xh:.&;w,1 "), st.sampled_from(["text/html", "text/plain"]))
def test_nothing_makes_it_fail(value: str, media_type: str) -> None:
    media = pictures(Text(value, media_type), BASE)
    assert all(each.url.lower().startswith(("http://", "https://")) for each in media)
    assert len({each.url for each in media}) == len(media) <= MOST_MEDIA


# Compared


@every_row(
    ("one", "other"),
    [
        ("https://cdn1.example/a/b.jpg?w=300", "http://cdn2.example/a/b.jpg"),
        ("https://river.example/a/b-300x200.jpg", "https://river.example/a/b-1024x768.jpg#x"),
        ("https://river.example/d%C3%A9but.jpg?token=1", "https://river.example/début.jpg?token=2"),
        ("https://river.example/i;jsessionid=0A1B/b.png", "https://river.example/i/b.png"),
    ],
)
def test_one_picture(one: str, other: str) -> None:
    assert compared(one) == compared(other)
    assert digest([Media(one)]) == digest([Media(other)])


def test_what_counts_of_media() -> None:
    one = Media(
        "https://a.example/a.jpg?w=1",
        "image",
        "image/jpeg",
        640,
        480,
        1000,
        "a.jpg",
        caption("Le  <b>pont</b>"),
        "A. Ba",
    )
    same = Media("https://b.example/a.jpg", caption=Text("Le pont", "text/plain"), credit="A.\n Ba")
    other = Media("https://a.example/b.jpg")
    assert digest(()) == b""
    assert len(digest([one])) == 8
    assert digest([one, other]) == digest([other, same]) == digest([same, other, one])
    different = [
        digest(each)
        for each in (
            [one], [other], [one, other], [Media(one.url)], [Media(one.url, caption=caption("Mto"), credit="A. Ba")],
            [Media(one.url, caption=one.caption)], [Media(one.url, copyright="A. Ba")],
            [Media(one.url, credit="A. Ba")],
        )
    ]  # fmt: skip
    assert len(set(different)) == len(different)


@given(st.text(), st.text())
def test_anything_is_compared(url: str, words: str) -> None:
    assert len(digest([Media(url, caption=Text(words), credit=words, copyright=words)])) == 8


def test_a_lone_surrogate_is_compared() -> None:
    assert len(digest([Media("https://a.example/\ud800.jpg", caption=Text("\ud800<b>"), credit="\ud800")])) == 8

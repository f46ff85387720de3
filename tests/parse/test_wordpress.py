"""Answers of WordPress as sites with different plugins and languages give them: what was said of a post survives."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import product
from typing import Any

from aggregator.model import Entry, Media
from aggregator.text.html import one_line
from tests.parse.test_parse import read
from tests.rows import every_row

SITE = "https://gazeti.example"
UPLOADS = f"{SITE}/wp-content/uploads/2026/11"
CLOSED = {"code": "rest_user_invalid_id", "message": "Invalid user ID.", "data": {"status": 404}}
DELETED = {"code": "rest_post_invalid_id", "message": "Invalid post ID.", "data": {"status": 404}}


@dataclass(frozen=True)
class Variant:
    """Keys of a post and of its `_embedded`, and what they say, by fact."""

    post: Mapping[str, Any] = field(default_factory=dict)
    embedded: Mapping[str, Any] = field(default_factory=dict)
    says: Mapping[str, Any] = field(default_factory=dict)


def term(name: str, taxonomy: str, slug: str = "") -> dict[str, Any]:
    return {"id": 7, "name": name, "taxonomy": taxonomy, "slug": slug or name.lower()}


def yoast(**said: object) -> dict[str, Any]:
    return {"yoast_head_json": {"og_site_name": "Gazeti", **said}}


def graph(*names: str) -> dict[str, Any]:
    persons = [{"@type": "Person", "@id": f"#{n}", "name": name} for n, name in enumerate(names)]
    article = {"@type": "NewsArticle", "author": [{"@id": person["@id"]} for person in persons]}
    return {"@graph": [article, *persons]}


BYLINES = {
    "core": Variant({}, {"author": [{"name": "Amina Wanjiru", "slug": "amina"}]}, {"byline": ["Amina Wanjiru"]}),
    "closed": Variant(yoast(author="Zoé Traoré"), {"author": [CLOSED]}, {"byline": ["Zoé Traoré"]}),
    "translated": Variant(
        yoast(twitter_misc={"كُتب بواسطة": "ليلى حسن", "وقت القراءة": "3 دقائق"}),
        {"author": [CLOSED]},
        {"byline": ["ليلى حسن"]},
    ),
    "publishpress": Variant(
        {"authors": [{"display_name": "João Lima", "is_guest": 0}, {"display_name": "Inês Cá", "is_guest": 1}]},
        {"author": [{"name": "admin"}]},
        {"byline": ["João Lima", "Inês Cá"]},
    ),
    "coauthors": Variant(
        {"coauthors": ["11", "12"], **yoast(author="A. Keïta", schema=graph("Awa Keïta", "Moussa Diarra"))},
        {"author": [{"name": "akeita", "slug": "akeita"}], "wp:term": [[term("akeita", "author", "cap-akeita")]]},
        {"byline": ["Awa Keïta", "Moussa Diarra"]},
    ),
    "none": Variant(embedded={"author": [CLOSED]}),
}  # fmt: skip


def medium(mime_type: str = "image/jpeg", name: str = "pont.jpg", **said: object) -> dict[str, Any]:
    """A medium as `?_embed` brings it, of 1600 by 1067 pixels."""
    details = {"width": 1600, "height": 1067, "filesize": 245_912, "image_meta": {"credit": "", "copyright": "0"}}
    return {
        "id": 31, "media_type": mime_type.split("/")[0], "mime_type": mime_type, "source_url": f"{UPLOADS}/{name}",
        "alt_text": "", "caption": {"rendered": ""}, "title": {"rendered": name.partition(".")[0]},
        "media_details": details, **said,
    }  # fmt: skip


def sizes(*widths: int) -> dict[str, Any]:
    def of(width: int, url: str) -> dict[str, Any]:
        return {"source_url": url, "width": width, "height": width * 2 // 3, "mime_type": "image/jpeg"}

    return {
        **{f"w{width}": of(width, f"{UPLOADS}/pont-{width}.jpg") for width in widths},
        "full": of(1600, f"{UPLOADS}/pont.jpg"),
    }


PROXY = "https://i0.wp.com/gazeti.example/p.jpg?fit=1200%2C800&ssl=1"
PICTURE = {"media": f"{UPLOADS}/pont.jpg", "width": 1600, "height": 1067, "length": 245_912, "type": "image/jpeg"}
MEDIA = {
    "everything": Variant(
        {"featured_media": 31},
        {
            "wp:featuredmedia": [
                medium(
                    alt_text="Des piétons sur un pont",
                    caption={"rendered": "<p>Le pont d&rsquo;Irima, lundi.</p>\n"},
                    media_details={
                        "width": 1600, "height": "1067", "filesize": 245_912, "sizes": sizes(150, 300, 1024),
                        "image_meta": {"credit": "Awa Keïta / Gazeti", "copyright": "© 2026 Gazeti", "aperture": "0"},
                    },
                )
            ]
        },
        {
            **PICTURE, "caption": "Le pont d’Irima, lundi.", "alt": "Des piétons sur un pont", "title": "pont",
            "credit": "Awa Keïta / Gazeti", "copyright": "© 2026 Gazeti",
            "sizes": [(150, 100), (300, 200), (1024, 682)],
        },
    ),
    "zeros": Variant(
        {"featured_media": 31},
        {"wp:featuredmedia": [medium(alt_text="جسر")]},
        {**PICTURE, "alt": "جسر", "title": "pont"},
    ),
    "deleted": Variant(
        {"featured_media": 31, "jetpack_featured_media_url": PROXY},
        {"wp:featuredmedia": [DELETED]},
        {"media": PROXY},
    ),
    "not-embedded": Variant(
        {
            "featured_media": 31, "jetpack_featured_media_url": "",
            "aioseo_head_json": {"og:image": f"{UPLOADS}/og.png", "og:image:width": 1200, "og:image:height": 630},
        },
        says={"media": f"{UPLOADS}/og.png", "width": 1200, "height": 630},
    ),
    "old-plugin": Variant(
        {"better_featured_image": medium(caption="Ziwa < mto", alt_text="Ziwa")},
        says={**PICTURE, "caption": "Ziwa < mto", "alt": "Ziwa"},
    ),
    "video": Variant(
        {"featured_media": 31},
        {"wp:featuredmedia": [medium("video/mp4", "mto.mp4", caption={"rendered": "<p>Mto</p>"})]},
        {"media": f"{UPLOADS}/mto.mp4", "medium": "video", "type": "video/mp4", "caption": "Mto"},
    ),
    "in-content": Variant(
        {
            "featured_media": 0, **yoast(og_image=[{"url": f"{SITE}/logo.png"}]),
            "content": {
                "rendered": '<p>Maji.</p><figure class="wp-block-image">'
                '<img src="/wp-content/uploads/2026/11/maji.jpg" width="800" height="533" alt="Maji"/>'
                '<figcaption>Maji ya mto</figcaption></figure>'
            },
        },
        says={"media": f"{UPLOADS}/maji.jpg", "width": 800, "height": 533, "caption": "Maji ya mto", "alt": "Maji"},
    ),
    "both": Variant(
        {
            "featured_media": 31,
            "content": {"rendered": f'<div class="wp-caption"><img src="{UPLOADS}/pont.jpg" alt="Ponte">'
                        '<p class="wp-caption-text">A ponte em Irima</p></div><p>Palavras.</p>'},
        },
        {"wp:featuredmedia": [medium()]},
        {**PICTURE, "caption": "A ponte em Irima", "alt": "Ponte", "only": True},
    ),
}  # fmt: skip

TOPICS = {
    "both": Variant(
        {"categories": [3], "tags": [9]},
        {"wp:term": [[term("Économie", "category")], [term("pont", "post_tag")], [term("akeita", "author")]]},
        {"categories": ["Économie", "pont"]},
    ),
    "none": Variant({"categories": [3]}),
}


def post(number: int, *variants: Variant) -> dict[str, Any]:
    made: dict[str, Any] = {
        "id": number, "date_gmt": "2026-11-21T08:00:00", "guid": {"rendered": f"{SITE}/?p={number}"},
        "link": f"{SITE}/{number}/", "status": "publish", "title": {"rendered": f"Report {number}"},
        "content": {"rendered": "<p>Words.</p>"}, "excerpt": {"rendered": "<p>Words.</p>"},
    }  # fmt: skip
    embedded: dict[str, Any] = {}
    for variant in variants:
        heads = {**made.get("yoast_head_json", {}), **variant.post.get("yoast_head_json", {})}
        made |= {**variant.post, **({"yoast_head_json": heads} if heads else {})}
        for key, said in variant.embedded.items():
            embedded[key] = [*embedded.get(key, []), *said]
    return {**made, "_embedded": embedded} if embedded else made


def said_of(entry: Entry) -> dict[str, Any]:
    """What an entry says, by the facts of the tables above; media: of the first."""
    first, *others = entry.media or (Media(""),)
    return {
        "byline": [person.name for person in entry.authors],
        "categories": [category.term for category in entry.categories],
        "media": first.url,
        **{name: getattr(first, name) for name in ("medium", "type", "width", "height", "length", "title")},
        **{name: getattr(first, name) for name in ("credit", "copyright", "alt")},
        "caption": one_line(first.caption),
        "sizes": [(each.width, each.height) for each in others if each.caption is None],
        "only": not others,
    }


CASES = list(product(BYLINES, MEDIA, TOPICS))


def test_what_posts_say_survives() -> None:
    posts, expected = [], []
    for number, (byline, media, topics) in enumerate(CASES):
        variants = BYLINES[byline], MEDIA[media], TOPICS[topics]
        posts.append(post(number, *variants))
        expected.append({fact: said for variant in variants for fact, said in variant.says.items()})
    entries = read(json.dumps(posts).encode(), "wordpress").entries
    assert len(entries) == len(CASES) >= 40
    for case, entry, facts in zip(CASES, entries, expected, strict=True):
        said = said_of(entry)
        assert {fact: said[fact] for fact in facts} == facts, case
        assert said["byline"] == facts.get("byline", []), case
        assert said["categories"] == facts.get("categories", []), case
    for fact in ("byline", "media", "caption", "alt", "credit", "copyright", "sizes", "length", "categories"):
        assert sum(fact in facts for facts in expected) >= 6, fact


@every_row(
    "said",
    [
        {"featured_media": 0, "jetpack_featured_media_url": f"{SITE}/logo.png"},
        {"featured_media": 0, **yoast(og_image=[{"url": f"{SITE}/logo.png"}])},
        {"featured_media": 31, "_embedded": {"wp:featuredmedia": [DELETED]}},
        {"featured_media": 31, "_embedded": {"wp:featuredmedia": [{**medium(), "source_url": "javascript:alert(1)"}]}},
        {"featured_media": 31, "_embedded": {"wp:featuredmedia": [{**medium(), "source_url": ["a.jpg"]}]}},
        {"featured_media": 31, "_embedded": {"wp:featuredmedia": "a.jpg"}, "jetpack_featured_media_url": 5},
        {"featured_media": [], "yoast_head_json": {"og_image": ["a.jpg", {"url": {}}]}, "aioseo_head_json": []},
    ],
)
def test_no_media(said: dict[str, Any]) -> None:
    (entry,) = read(json.dumps([{**post(1), **said}]).encode(), "wordpress").entries
    assert entry.media == ()


def test_values_of_other_types_and_too_many_sizes() -> None:
    many = {str(n): {"source_url": f"{UPLOADS}/{n}.jpg", "width": n} for n in range(500)}
    said = medium(
        alt_text=["x"],
        caption={"rendered": "<p> </p>"},
        title=None,
        media_details={"width": -5, "height": 10**30, "filesize": 1.5, "image_meta": [], "sizes": many},
    )
    (entry,) = read(json.dumps([post(1, Variant(embedded={"wp:featuredmedia": [said]}))]).encode(), "wordpress").entries
    assert entry.media[0] == Media(f"{UPLOADS}/pont.jpg", "image", "image/jpeg")
    assert [each.url for each in entry.media[1:]] == [f"{UPLOADS}/{n}.jpg" for n in range(10)]
    details = {"media_details": []}
    (entry,) = read(
        json.dumps([post(1, Variant(embedded={"wp:featuredmedia": [{**said, **details}]}))]).encode()
    ).entries
    assert entry.media == (Media(f"{UPLOADS}/pont.jpg", "image", "image/jpeg"),)

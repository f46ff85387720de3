"""Reads the posts of WordPress's REST interface (https://developer.wordpress.org/rest-api/reference/posts/); it alone
knows its keys.

Words are as JSON says them; in ids, addresses, names and dates a lone surrogate or NUL becomes U+FFFD. The id is the
post's `guid`, which is also what the site's feed says of it, and the dates are those in GMT. A value of another type
than its key's is as good as absent. A post that a password protects has no words here, and is an entry all the same.
Names of authors and topics stand in a document only where they were asked for (`_embed`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from aggregator.model import Entry, Link, Person, Text
from aggregator.model.errors import ParseError
from aggregator.parse.cap import newest

FORMAT = "wordpress2"
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
# Numbers keep their spelling, which also spares us the limits of int().
_DECODER = json.JSONDecoder(parse_int=str, parse_float=str, parse_constant=str, strict=False)


@dataclass(frozen=True, slots=True)
class Posts:
    """What stands in a document."""

    entries: list[Entry | None]  # in order; None: a post that is no object
    over_cap: int  # posts beyond the newest
    not_published: int  # drafts, posts in the bin and the like, which an operator's own `?status=` may list
    remark: str | None


def read(document: bytes, most: int) -> Posts:
    """The `most` newest posts of a document in UTF-8. Raises ParseError if it is no JSON, or no listing of posts."""
    text = document.decode("utf-8", "replace").strip("\ufeff \t\r\n")
    try:
        posts, end = _DECODER.raw_decode(text)
    except ValueError as error:
        raise ParseError(f"it looks like JSON but is not, or breaks off: {error}; the next poll asks again") from error
    except RecursionError as error:
        raise ParseError("its JSON is nested deeper than can be read: no feed needs that") from error
    if isinstance(posts, dict) and isinstance(posts.get("code"), str):
        raise ParseError(
            f"WordPress says {posts['code']}: {str(posts.get('message'))[:80]!r}; is its REST door closed?"
        )
    if not isinstance(posts, list) or (posts and not any(map(_is_post, posts))):
        raise ParseError(
            "it is JSON, but no JSON Feed: no `version` of jsonfeed.org stands in it; look for the site's feed, "
            "which has another address than its API; posts of WordPress are an array of objects with `guid` and `link`"
        )
    remark = f"{len(text) - end} characters behind the end of the JSON" if end < len(text) else None
    published = [post for post in posts if not (isinstance(post, dict) and post.get("status", "publish") != "publish")]
    kept = newest([_dates(post) for post in published], most)
    return Posts(
        entries=[_entry(published[index]) for index in kept],
        over_cap=len(published) - len(kept),
        not_published=len(posts) - len(published),
        remark=remark,
    )


def _dates(post: Any) -> Iterator[str | None]:
    if isinstance(post, dict):
        yield _token(post.get("date_gmt")) or _token(post.get("date"))


def _is_post(post: Any) -> bool:
    return isinstance(post, dict) and isinstance(post.get("guid"), dict) and "link" in post


def _entry(post: Any) -> Entry | None:
    if not isinstance(post, dict):
        return None
    content, link = _rendered(post, "content"), _token(post.get("link"))
    guid = post.get("guid")
    return Entry(
        id=_token(guid.get("rendered")) if isinstance(guid, dict) else None,
        title=_rendered(post, "title"),
        summary=_rendered(post, "excerpt"),
        content=(content,) if content else (),
        links=(Link(link),) if link else (),
        authors=tuple(dict.fromkeys(Person(name) for name in _names(post, "author"))),
        categories=tuple(dict.fromkeys(_names(post, "wp:term"))),
        published=_token(post.get("date_gmt")),
        updated=_token(post.get("modified_gmt")),
    )


def _rendered(post: dict[str, Any], key: str) -> Text | None:
    said = post.get(key)
    words = said.get("rendered") if isinstance(said, dict) else None
    return Text(words) if isinstance(words, str) and words else None


def _names(post: dict[str, Any], key: str) -> Iterator[str]:
    """Of what was embedded; terms stand in one array for each taxonomy."""
    embedded = post.get("_embedded")
    for each in _array(embedded.get(key)) if isinstance(embedded, dict) else ():
        for one in each if isinstance(each, list) else (each,):
            if isinstance(one, dict) and (name := _token(one.get("name"))):
                yield name


def _array(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else ()


def _token(value: Any) -> str | None:
    return _UNSTORABLE.sub("\ufffd", value).strip() or None if isinstance(value, str) else None

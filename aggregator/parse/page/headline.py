"""The headline of a page without the name of its site, the name of the site, its language and its canonical address."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from aggregator.parse.page.linked import Object, each_of, text_of
from aggregator.parse.page.tree import Element, first, line, words
from aggregator.text.folding import fold
from aggregator.text.media import LANGUAGE
from aggregator.text.pictures import web_address
from aggregator.text.urls import domain_of_url, host_of, literal

Metas = dict[str, list[str]]

_BETWEEN = re.compile(r"\s+[-–—|·•:»«/~]+\s+|\s*[|»•｜：]\s*|\s+::\s+|:\s+")
_NOT_LETTERS = re.compile(r"[\W_]+")
_SITE = (
    "og:site_name",
    "application-name",
    "twitter:site_name",
    "apple-mobile-web-app-title",
    "publisher",
    "dc.publisher",
)
_LONGEST_SITE = 80  # characters
_TITLES = ("og:title", "twitter:title", "title", "dc.title", "parsely-title", "sailthru.title", "headline")
_ENDS = re.compile(r"\.(?:com|net|org|info|news|co|tv|fm|online|africa)?(?:\.[a-z]{2})?$", re.IGNORECASE)


def site_of(metas: Metas, report: Object, objects: list[Object]) -> tuple[str, str] | None:
    """The name that a site gives itself, and the rule."""
    said = [(line(each), "opengraph") for name in _SITE[:1] for each in metas.get(name, ())]
    said += [(text_of(each), "json-ld") for each in each_of(report.get("publisher"), objects)]
    said += [(line(each), "meta") for name in _SITE[1:] for each in metas.get(name, ())]
    return next(((name, rule) for name, rule in said if 0 < len(name) <= _LONGEST_SITE and "://" not in name), None)


def site_names(metas: Metas, objects: list[Object], url: str) -> frozenset[str]:
    """All names of a site as `letters` has them: those that it gives itself, and its address in words."""
    said = [line(each) for name in _SITE for each in metas.get(name, ())]
    said += [line(each).lstrip("@") for each in metas.get("twitter:site", ())]
    for each in objects[:200]:
        said += [text_of(other) for other in each_of(each.get("publisher"), objects)]
        if any(name in str(each.get("@type")) for name in ("Organization", "WebSite", "NewsMedia")):
            said += [text_of(each.get("name")), text_of(each.get("alternateName"))]
    domain = domain_of_url(url)
    said += [domain, domain.partition(".")[0], host_of(url)]
    said += [_ENDS.sub("", each) for each in said]
    return frozenset(found for each in said if len(found := letters(each)) > 1)


def letters(said: str) -> str:
    """A name as it is compared: letters and digits alone."""
    return _NOT_LETTERS.sub("", fold(said))


def title_of(root: Element, metas: Metas, report: Object, names: frozenset[str]) -> tuple[str, str] | None:
    """The headline and the rule: of what JSON-LD, OpenGraph and `h1` say, the `h1` where one of the others agrees."""
    headings = [said for each in root.iter("h1") if (said := words(each))][:10]
    stated = [(text_of(report.get("headline")), "json-ld")]
    og = first(metas, _TITLES[:1])
    stated.append((line(og[1]) if og else "", "opengraph"))
    stated.append((text_of(report.get("name")), "json-ld"))
    other = first(metas, _TITLES[1:])
    stated.append((line(other[1]) if other else "", "meta"))
    title = next(iter(root.iter("title")), None)
    stated.append((words(title) if title is not None else "", "title"))
    stated = [(without_site(said, names, headings), rule) for said, rule in stated if said]
    stated = [(said, rule) for said, rule in stated if said and letters(said) not in names]
    for heading in headings:
        if any(_is_same(heading, said) for said, _ in stated):
            return without_site(heading, names, ()), "h1"
    own = [heading for heading in headings if letters(heading) not in names]
    if stated and not (stated[0][1] == "title" and len(own) == 1):  # of a page that says nothing better
        return stated[0]
    return (own[0], "h1") if own else None


def _is_same(heading: str, said: str) -> bool:
    """Whether a title is the heading, or its beginning, cut."""
    one, other = letters(heading), letters(said.rstrip(" .…"))
    return one == other or (len(other) > 25 and one.startswith(other))


def without_site(title: str, names: frozenset[str], headings: Iterable[str]) -> str:
    """The title without the name of its site, at its end or its beginning."""
    known = {letters(each) for each in headings}
    for _ in range(3):
        marks = list(_BETWEEN.finditer(title))
        if not marks or letters(title) in known:
            break
        last, opening = marks[-1], marks[0]
        head, tail = title[: last.start()].strip(), title[last.end() :].strip()
        if letters(tail) in names or letters(head) in known:
            title = head
        elif letters(title[: opening.start()]) in names or letters(title[opening.end() :]) in known:
            title = title[opening.end() :].strip()
        else:
            break
    return title


def language_of(root: Element, metas: Metas, report: Object, header: str | None) -> tuple[str, str] | None:
    """The language that a page states, as BCP 47, and the rule. `header`: the field Content-Language of its answer (RFC
    9110 section 8.5), which says nothing of one report where it names several.
    """
    body = next(iter(root.iter("body")), None)
    said = [
        (root.get("lang") or root.get("{http://www.w3.org/XML/1998/namespace}lang") or root.get("xml:lang"), "html"),
        *((each, "json-ld") for each in _named_in(report.get("inLanguage"))),
        (body.get("lang") if body is not None else None, "html"),
    ]
    equivalents = [each for each in root.iter("meta") if (each.get("http-equiv") or "").lower() == "content-language"]
    said += [(each.get("content"), "meta") for each in equivalents]
    for name in ("content-language", "language", "dc.language", "og:locale"):
        said += [(each, "meta") for each in metas.get(name, ())]
    if header and "," not in header:
        said.append((header, "http"))
    for each, rule in said:
        code = (each or "").strip().replace("_", "-").partition(",")[0].strip()
        if LANGUAGE.fullmatch(code) and len(code.partition("-")[0]) in (2, 3):
            return code, rule
    return None


def _named_in(said: Any) -> list[str]:
    """What `inLanguage` says: a tag, or a schema.org Language, which has the tag beside its name."""
    if not isinstance(said, dict):
        return [text_of(said)]
    return [text_of(said.get(name)) for name in ("alternateName", "identifier", "@id", "@value", "name")]


def canonical_of(root: Element, metas: Metas, url: str) -> tuple[str, str] | None:
    """Where a page says that it stands, in full, and the rule."""
    base = base_of(root, url)
    for each in root.iter("link"):
        is_canonical = "canonical" in (each.get("rel") or "").lower().split()
        if is_canonical and (address := web_address(base, each.get("href") or "")):
            return literal(address), "canonical"
    for said in metas.get("og:url", ()):
        if address := web_address(base, said):
            return literal(address), "opengraph"
    return None


def base_of(root: Element, url: str) -> str:
    """What relative addresses on a page are relative to."""
    said = next((each.get("href") for each in root.iter("base") if each.get("href")), None)
    return (web_address(url, said) if said else "") or url

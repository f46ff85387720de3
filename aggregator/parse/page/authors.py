"""Who wrote a report, as its page states it, and the line in which it says so; who is a person is not judged."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from itertools import islice

from msgspec import Struct
from msgspec.structs import replace

from aggregator.model import Person
from aggregator.parse.page.headline import Metas, letters
from aggregator.parse.page.linked import Object, each_of, text_of, types_of
from aggregator.parse.page.tree import Element, around, is_longer, line, named, short_words
from aggregator.text.persons import persons_of
from aggregator.text.pictures import web_address

MOST_AUTHORS = 30
_LONGEST_NAME, _LONGEST_BYLINE = 120, 200  # characters
_METAS = (
    "author", "article:author", "article:author_name", "og:article:author", "dc.creator", "dcterms.creator",
    "parsely-author", "sailthru.author",
    "cxenseparse:author", "byl", "articleauthor", "citation_author", "og:author", "rnews:author", "mrf:authors",
    "dcsext.author", "authors", "creator",
)  # fmt: skip
_SPLIT = re.compile(r"\s*[,;|•·]\s*|\s+/\s+|\s+(?:and|und|et|y|e|na|og|och|en|with|avec|&|و)\s+|\s*&\s+", re.IGNORECASE)
_AND = re.compile(r"^(?:and|und|et)\s+(?=\S)", re.IGNORECASE)
# Behind `By` in the languages of the publishers that we know.
_BY = re.compile(
    r"^\W*(?:(?:written|reported|posted|published|submitted|story|submitted|text|texte|texto|words|article"
    r"|report)\s+by|by|von|par|por|door|av|af|da|di|oleh|na|imeandikwa\s+na"
    r"|author|auteur|autor|autora|propos\s+recueillis\s+par|escrito\s+por|publié\s+par|rédigé\s+par|publicado\s+por"
    r"|بقلم|كتب(?:ت|ه)?|الكاتب|تحرير|በ)"
    r"(?:\s*[:：]\s*|\s+)(?=\S)",
    re.IGNORECASE,
)
_DATE_BEHIND = re.compile(
    r"\s*(?:[|·•–—-]\s*)?(?:\b(?:on|le|am|em|el|published|posted|updated|publié|updated)\b\s*:?\s*)?"
    r"(?:\d{1,2}[\s./:-]\S.*|(?:mon|tue|wed|thu|fri|sat|sun|jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov"
    r"|dec)[a-z]*\.?,?\s+\d.*|\d+\s+(?:min|hour|day|week|month|year).*)$",
    re.IGNORECASE,
)
_NO_NAME = re.compile(r"https?:|www\.|@|\.(?:com|net|org)\b|^[\W\d_]*$|\d{4}", re.IGNORECASE)
# Accounts of programs and of whoever set the site up.
_ACCOUNTS = (
    "admin administrator adminstrator webmaster root user editor superuser wpadmin siteadmin test null none undefined "
    "by par por von story written posted published submitted author unknown "
    "anonymous guest default demo webadmin admin1 admin2 administrateur administrador redactor"
)  # fmt: skip
_NOBODY = frozenset(_ACCOUNTS.split())
_AUTHOR_CLASS = re.compile(
    r"(?:^|[\s_-])(?:author|authors|byline|by-line|by-author|auteur|auteurs|autor|autores|author-?name"
    r"|article-?author|post-?author\w*|entry-?author|"
    r"writer|journalist|reporter|vcard|spip_auteurs|itemauthor|creator|td-post-author-name|jeg_meta_author"
    r"|contributor|firma|signature|submitted|username)(?:$|[\s_-])"
)
_NAME_CLASS = re.compile(r"(?:^|[\s_-])(?:fn|author-?name|name|post-?author-?name|url)(?:$|[\s_-])")
_AVATAR = re.compile(r"avatar|image|photo|img|picture|thumb|bio|box|social|follow|role|title|job|date|time")


class Wrote(Struct, frozen=True):
    """Authors, their line, and the rules by which they were found."""

    persons: tuple[Person, ...] = ()
    persons_rule: str = ""
    byline: str = ""
    byline_rule: str = ""


def authors_of(
    report: Object, objects: list[Object], metas: Metas, places: list[Element], names: frozenset[str], base: str
) -> Wrote:
    """`places`: the elements around headline and text; `names`: those of the site, as `letters` has them."""
    shown = _byline(places)
    stated = list(_of_json(report, objects, base))
    by_meta = [
        each for name in _METAS for said in metas.get(name, ())[:MOST_AUTHORS] for each in persons_in(line(said))
    ]
    by_page = list(_of_places(places))
    of_byline = persons_in(shown) if shown and _BY.match(shown) else []
    for found, rule in ((stated, "json-ld"), (by_page, "author class"), (by_meta, "meta"), (of_byline, "byline")):
        if persons := _kept(found, names):
            names_in_line = shown or ", ".join(each.name or "" for each in persons if each.name)
            return Wrote(persons, rule, names_in_line, "byline" if shown else rule)
    return Wrote(byline=shown, byline_rule="byline" if shown else "")


def _of_json(report: Object, objects: list[Object], base: str) -> Iterator[Person]:
    for key in ("author", "creator"):
        found = False
        for each in each_of(report.get(key), objects):
            for person in _of_value(each, base):
                found = True
                yield person
        if found:
            return


def _of_value(value: object, base: str) -> Iterator[Person]:
    if isinstance(value, str):
        yield from persons_in(line(value))
    elif isinstance(value, dict):
        said = value.get("name")
        names = [line(each) for each in (said if isinstance(said, list) else [said]) if isinstance(each, str)]
        if not names:
            parts = [text_of(value.get(key)) for key in ("givenName", "additionalName", "familyName")]
            names = [" ".join(filter(None, parts))]
        uri = web_address(base, value["url"]) if isinstance(value.get("url"), str) else ""
        email = text_of(value.get("email")).removeprefix("mailto:")
        is_body = any("Organization" in each for each in types_of(value))
        for name in names[:MOST_AUTHORS]:
            persons = [Person(name)] if is_body else persons_in(name)
            alone = len(persons) == 1 and len(names) == 1
            for each in persons:
                yield replace(each, uri=uri or None, email=email or each.email) if alone else each


def persons_in(said: str) -> list[Person]:
    """The names in a line of one or several, without `By` before and a date behind them."""
    if "://" in said:
        return []
    said = _BY.sub("", _BY.sub("", said))
    said = _DATE_BEHIND.sub("", said).strip(" ,;|-–—:")
    if not said or len(said) > 3 * _LONGEST_NAME:
        return []
    if "@" in said:
        return list(persons_of(said))
    return [Person(each) for part in _SPLIT.split(said) if (each := _AND.sub("", part.strip(" .:-–—|()")))]


def _kept(found: Iterable[Person], names: frozenset[str]) -> tuple[Person, ...]:
    """Each once; without the site itself, addresses and the accounts of programs."""
    kept: dict[str, Person] = {}
    for each in found:
        name = each.name or ""
        key = letters(name)
        if not name or key in names or key in _NOBODY or len(name) > _LONGEST_NAME or _NO_NAME.search(name):
            continue
        kept.setdefault(key, each)
    return tuple(kept.values())[:MOST_AUTHORS]


def _of_places(places: list[Element]) -> Iterator[Person]:
    """Names that elements around headline and text mark as those of authors; the first place that has any."""
    for place in places:
        found = list(_marked(place))
        if found:
            yield from found
            return


def _marked(place: Element) -> Iterator[Person]:
    marked, last = 0, -1
    taken: set[Element] = set()
    for number, each in enumerate(islice(place.iter(*_MARKED), _MOST_LOOKED_AT)):
        if last >= 0 and number - last > _APART:
            break
        rel, prop = (each.get("rel") or "").lower().split(), (each.get("itemprop") or "").lower().split()
        if each.tag == "meta":
            if "author" in prop and each.get("content"):
                yield from persons_in(line(each.get("content")))
            continue
        name = named(each)
        if not ("author" in rel or "author" in prop or _AUTHOR_CLASS.search(name)) or _AVATAR.search(name):
            continue
        if is_longer(each, _LONGEST_BYLINE) or any(_is_other(outer, taken) for outer in around(each)):
            continue
        marked, last = marked + 1, number
        if marked > MOST_AUTHORS:
            break
        taken.add(each)
        yield from (person for said in _names_within(each) for person in persons_in(said))


_MARKED = ("a", "span", "div", "p", "address", "strong", "b", "li", "cite", "meta", "h4", "h5", "h6", "em", "i")
_MOST_LOOKED_AT, _APART = 5_000, 60  # elements; between two authors of one report
_OF_PICTURE = re.compile(r"caption|credit|photo|image|gallery")


def _is_other(element: Element, taken: set[Element]) -> bool:
    """Whether an element was read already, or speaks of a picture."""
    return (
        element in taken
        or element.tag in ("figure", "figcaption")
        or _OF_PICTURE.search(element.get("class") or "") is not None
    )


def _names_within(element: Element) -> list[str]:
    """What of a marked element is names: what is marked as such within it, its links, or all of it."""
    marks: tuple[Callable[[Element], bool], ...] = (
        lambda each: "name" in (each.get("itemprop") or "").lower().split(),
        lambda each: "author" in (each.get("rel") or "").lower().split(),
        lambda each: each is not element and _NAME_CLASS.search(named(each)) is not None,
        lambda each: each.tag == "a" and "author" in (each.get("href") or ""),
    )
    for wanted in marks:
        found = [each for each in element.iter() if isinstance(each.tag, str) and wanted(each)]
        said = [line(each.get("content")) if each.tag == "meta" else short_words(each, _LONGEST_NAME) for each in found]
        if any(0 < len(each) <= _LONGEST_NAME for each in said):
            return list(dict.fromkeys(each for each in said if 0 < len(each) <= _LONGEST_NAME))
    said_all = short_words(element, _LONGEST_NAME)
    return [said_all] if said_all else []


def _byline(places: list[Element]) -> str:
    """The line that says who wrote a report, as it stands on the page; ''."""
    for place in places:
        for each in islice(
            place.iter("p", "div", "span", "address", "li", "h4", "h5", "h6", "strong", "em"), _MOST_LOOKED_AT
        ):
            name = named(each)
            if ("byline" in name or _AUTHOR_CLASS.search(name)) and not _AVATAR.search(name):
                said = short_words(each, _LONGEST_BYLINE)
                if len(said) > 2:
                    return _DATE_BEHIND.sub("", said).strip(" ,;|–—-") or said
    return ""

"""The languages of the interface: catalogues that are whole, and pages on which no sentence of it stays English."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from functools import cache
from io import BytesIO
from typing import Any

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po
from bs4 import BeautifulSoup
from bs4.element import NavigableString, Tag

from aggregator.model.escaping import UNFIT
from aggregator.tags.vocabulary import first_levels, topics
from aggregator.text.dates import utc_now
from aggregator.web.pages import locales, wording
from aggregator.web.pages.reader import INTERFACES, Interface
from aggregator.web.pages.writing import topic_in, topic_language, translations
from tests.conftest import SOAK, some
from tests.make_messages import LANGUAGES, extracted, path, updated
from tests.web import every_page
from tests.web.serving import Served, served

_PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%%")
# Attributes that are read out or shown.
_SHOWN = ("aria-label", "placeholder", "data-side")
# Whose words stand as somebody wrote them.
_OTHERS = "bdi, code, blockquote, q, .answer, .publisher, .headline, .opening, .byline, .text, .categories, .credit"


@pytest.fixture(scope="module")
def wire(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("languages")
    paths = every_page.whole(folder, utc_now())
    with served(folder, paths.config_folder()) as wire:
        yield wire


def catalogue(language: str) -> Catalog:
    return read_po(BytesIO(path(language).read_bytes()), locale=language)


@cache
def of_readers() -> frozenset[str]:
    """The English messages that the pages for readers have."""
    found = {message for file, message in extracted() if "desk" not in file}
    return frozenset(each for message in found for each in ((message,) if isinstance(message, str) else message))


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_catalogue_is_what_the_pages_have_today(language: str) -> None:
    """`make messages` writes it anew."""
    written = path(language).read_text(encoding="utf-8")
    assert written == updated(language)
    assert not re.search(r"^#[~:]|fuzzy|^\"[\w-]*Date:", written, re.MULTILINE)  # obsolete, from where, guessed, when


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_message_for_readers_is_translated(language: str) -> None:
    found = [message for message in catalogue(language) if message.id]
    assert [each.id for each in found if _ids(each.id)[0] in of_readers() and not all(_ids(each.string))] == []
    assert len(found) > 1_000


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_translation_says_what_the_english_says_and_nothing_else_of_a_program(language: str) -> None:
    of = catalogue(language)
    for message in of:
        if not message.id or not any(_ids(message.string)):
            continue
        english, said = _ids(message.id), _ids(message.string)
        assert len(said) == (of.num_plurals if len(english) > 1 else 1), english
        wanted = {name for each in english for name in _PLACEHOLDER.findall(each)}
        for each in said:
            own = set(_PLACEHOLDER.findall(each))
            # Of one or two a language may say the number in a word.
            assert own == wanted or (len(english) > 1 and own < wanted), each
            assert not re.search(r"<|&\w+;", each), each
            assert not UNFIT.search(each), each
            assert each == each.strip(), each
            if english[0][-1] in ".:?":
                assert each[-1] in (".", ":", "?", "؟"), each
            assert "\n" not in each


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("number", [0, 1, 2, 3, 11, 100, 1_000])
def test_every_number_has_a_form(language: Interface, number: int) -> None:
    said = translations(language).ngettext("One report", "%(shown)s reports", number)
    assert said not in ("One report", "%(shown)s reports")
    if number > 2:
        assert "%(shown)s" in said


def test_arabic_has_six_forms() -> None:
    said = translations("ar")
    forms = {said.ngettext("One report", "%(shown)s reports", number) for number in (0, 1, 2, 3, 11, 100)}
    assert len(forms) == 6


@pytest.mark.soak
@pytest.mark.parametrize("language", LANGUAGES if SOAK else ("ar",))
def test_no_page_for_readers_has_an_english_sentence(wire: Served, language: Interface) -> None:
    english, patterns = _english(language)
    front = BeautifulSoup(wire.get("/", accept_language="en").text, "lxml")
    assert len(english.intersection(_said(front, "en"))) > 10  # it is found where it is
    found: dict[str, set[str]] = {}
    addresses = (*every_page.addresses(every_page.READERS), *every_page.GONE)
    for address in some(addresses, 28):
        answer = wire.get(address, accept="text/html", accept_language=language)
        page = BeautifulSoup(answer.text, "lxml")
        root = page.html
        assert root is not None
        assert (root["lang"], root["dir"]) == (language, "rtl" if language == "ar" else "ltr")
        left = {said for said in _said(page, language) if said in english or any(p.fullmatch(said) for p in patterns)}
        if left:
            found[address] = left
    assert found == {}


@pytest.mark.parametrize("language", LANGUAGES)
def test_publishers_words_and_the_notice_of_the_wire_are_not_translated(wire: Served, language: Interface) -> None:
    for report, its_language in ((every_page.ENGLISH, "en"), (every_page.ARABIC, "ar")):
        address = f"/report/{report}"
        here, there = (BeautifulSoup(wire.get(address, accept_language=each).text, "lxml") for each in (language, "en"))
        kept = (("p.general", "en", "ltr"), ("h1", its_language, None), (".terms p[lang]", "en", "ltr"))
        for selector, tag, direction in kept:
            one, other = here.select_one(selector), there.select_one(selector)
            assert one is not None
            assert other is not None
            assert one.get_text() == other.get_text()
            assert _lang(one) == tag
            assert direction in (None, one.get("dir"))


DAY = date(2026, 11, 29)


@pytest.mark.parametrize(
    ("language", "day", "short", "weekday", "number"),
    [
        ("en", "29 November 2026", "29 Nov", "Sunday, 29 November 2026", "12,345"),
        ("fr", "29 novembre 2026", "29 nov.", "dimanche 29 novembre 2026", "12\u202f345"),
        ("pt", "29 de novembro de 2026", "29 de nov.", "domingo, 29 de novembro de 2026", "12\xa0345"),
        ("ar", "29 نوفمبر 2026", "29 نوفمبر", "الأحد، 29 نوفمبر 2026", "12,345"),
        ("sw", "29 Novemba 2026", "29 Nov", "Jumapili, 29 Novemba 2026", "12,345"),
    ],
)
def test_days_and_numbers_are_written_as_the_language_does(
    language: Interface, day: str, short: str, weekday: str, number: str
) -> None:
    assert locales.day_in(DAY, language) == day
    assert locales.short_day_in(DAY, language) == short
    assert locales.weekday_in(DAY, language) == weekday
    assert locales.number_in(12_345, language) == number


def test_times_are_in_the_readers_language_and_zone(wire: Served) -> None:
    address = f"/report/{every_page.ENGLISH}"
    for language in INTERFACES:
        answer = wire.get(address, cookie=f"language={language}; zone=Pacific/Kiritimati")
        page = BeautifulSoup(answer.text, "lxml")
        times = page.select('time[data-shape="medium"]')
        assert times
        for each in times:
            moment = datetime.fromisoformat(str(each["datetime"])).astimezone(UTC)
            here = moment.timestamp() + 14 * 3_600  # UTC+14 the whole year
            there = datetime.fromtimestamp(here, UTC)
            comma = "، " if language == "ar" else ", "
            assert each.get_text() == f"{locales.day_in(there, language)}{comma}{there:%H:%M}"


def test_topics_of_the_first_level_have_names_in_every_language() -> None:
    assert set(wording.TOPICS) == set(first_levels())
    for code, english in wording.TOPICS.items():
        assert topics()[code].labels["en"] == english
        for language in LANGUAGES:
            assert topic_in(code, language) != english or language == "pt", (code, language)
            assert topic_language(code, language) is None
    assert topic_in("07000000", "sw") == "afya"


def test_a_topic_without_a_name_in_the_readers_language_is_marked_as_english(wire: Served) -> None:
    narrower = next(each for each in topics().values() if each.broader == "11000000")
    assert topic_language(narrower.code, "sw") == "en"
    assert topic_language(narrower.code, "en") is None
    page = BeautifulSoup(wire.get(f"/topic/{narrower.code}", accept_language="sw").text, "lxml")
    heading, above = page.select_one("h1"), page.select_one("nav.path a")
    assert heading is not None
    assert heading["lang"] == "en"
    assert above is not None
    assert (above.get_text(), above.get("lang")) == ("Siasa", None)


def test_what_is_wrong_is_said_in_the_readers_language(wire: Served) -> None:
    for language, words in {
        "fr": "Rien n’est publié à cette adresse",
        "pt": "Nada está publicado neste endereço",
        "ar": "لا شيء منشور في هذا العنوان",
        "sw": "Hakuna kilichochapishwa kwenye anwani hii",
    }.items():
        page = BeautifulSoup(wire.get("/nothing", accept="text/html", accept_language=language).text, "lxml")
        assert page.select_one("h1").get_text() == words  # type: ignore[union-attr]
    json = wire.get("/nothing", accept="application/problem+json", accept_language="fr").json()
    assert json["title"] == "nothing is published at this address"  # programs read one language


def _ids(message: Any) -> tuple[str, ...]:
    return (message,) if isinstance(message, str) else tuple(message)


def _english(language: Interface) -> tuple[frozenset[str], list[re.Pattern[str]]]:
    """Of the messages for readers those that no translation says too: whole ones, and patterns of those with
    placeholders.
    """
    said = {each for message in catalogue(language) if message.id for each in _ids(message.string)}
    messages = of_readers() - said
    patterns = []
    for each in messages:
        parts = _PLACEHOLDER.split(each)
        if len(parts) > 1 and max(map(len, parts)) > 8:
            patterns.append(re.compile(".+".join(map(re.escape, parts))))
    return frozenset(each for each in messages if not _PLACEHOLDER.search(each)), patterns


def _said(page: BeautifulSoup, language: str) -> Iterator[str]:
    """What a page says in the language of its reader: its words, and attributes that are shown."""
    for element in page.select(_OTHERS):
        element.clear()
    for node in page.find_all(string=True):
        parent = node.parent
        if parent is not None and type(node) is NavigableString and _lang(parent) == language:
            yield " ".join(node.split())
    for name in _SHOWN:
        yield from (str(element[name]) for element in page.select(f"[{name}]"))
    for meta in page.select('meta[name="description"]'):
        yield str(meta["content"])


def _lang(element: Tag) -> str:
    found = element if element.has_attr("lang") else element.find_parent(lang=True)
    return str(found["lang"]) if isinstance(found, Tag) else ""

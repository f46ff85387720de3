"""Invented reports by the thousand, for benchmarks: the same seed gives the same words, ids and dates anywhere."""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import datetime, timedelta

from aggregator.model import Category, Entry, Link, Person, Text

SHORTEST, LONGEST = 300, 6000  # characters of a body
BETWEEN_OLD, BETWEEN_NEW = timedelta(minutes=53), timedelta(minutes=10)  # two reports of a feed, two versions of it

TEXTS: Mapping[str, str] = {
    "en": (
        "market council harvest river minister teachers clinic budget bridge rains traders village court power line "
        "school report officials said on Tuesday that the new plan would cost more than last year and residents asked "
        "why it had taken so long while farmers waited for seed buses stopped early and prices rose again"
    ),
    "fr": (
        "marché conseil récolte fleuve ministre élèves hôpital budget pont pluies commerçants village tribunal énergie "
        "école rapport les autorités ont déclaré mardi que le nouveau projet coûterait plus cher et les habitants "
        "s'étonnent déjà où sont passés les crédits à côté du siège très tôt après la réunion de l'équipe"
    ),
    "pt": (
        "mercado câmara colheita rio ministra professores hospital orçamento ponte chuvas comerciantes aldeia tribunal "
        "energia escola relatório as autoridades disseram na terça-feira que o novo plano não será suficiente e os "
        "moradores perguntam porquê até à próxima reunião da comissão de avaliação das estradas"
    ),
    "sw": (
        "soko baraza mavuno mto waziri walimu zahanati bajeti daraja mvua wafanyabiashara kijiji mahakama umeme shule "
        "ripoti maafisa walisema Jumanne kuwa mpango mpya utagharimu zaidi na wakazi waliuliza kwa nini imechukua muda "
        "mrefu wakati wakulima wakisubiri mbegu mabasi yalisimama mapema bei zilipanda tena"
    ),
    "ar": (
        "سوق مجلس محصول نهر وزير معلمون مستشفى ميزانية جسر أمطار تجار قرية محكمة كهرباء مدرسة تقرير قال المسؤولون يوم "
        "الثلاثاء إن الخطة الجديدة ستكلف أكثر من العام الماضي وسأل السكان عن سبب التأخير"
    ),
    "am": (
        "ገበያ ምክር ቤት ምርት ወንዝ ሚኒስትር መምህራን ሆስፒታል በጀት ድልድይ ዝናብ ነጋዴዎች መንደር ፍርድ ቤት ኤሌክትሪክ ትምህርት ሪፖርት ባለሥልጣናት ማክሰኞ "
        "እንደተናገሩት አዲሱ እቅድ ካለፈው ዓመት የበለጠ ወጪ ይጠይቃል ነዋሪዎች ግን ለምን እንደዘገየ ጠየቁ ገበሬዎች ዘር እየጠበቁ ነው"
    ),
}
WORDS: Mapping[str, tuple[str, ...]] = {language: tuple(text.split()) for language, text in TEXTS.items()}


def generated_entries(seed: int, items: int, now: datetime, version: int) -> tuple[Entry, ...]:
    """`items` reports, newest first: numbers `version` to `version + items - 1` of the seed's endless row.

    A report depends on seed and number alone, and its date on `now` besides. The language is the seed's.
    """
    language = tuple(WORDS)[seed % len(WORDS)]
    numbers = range(version + items - 1, version - 1, -1)
    return tuple(_entry(seed, number, language, _published(number, items, now)) for number in numbers)


def _published(number: int, items: int, now: datetime) -> datetime:
    """A day before `now` for the newest of version 0, and later ones ten minutes apart after it."""
    behind = number - (items - 1)
    return (now - timedelta(days=1)).replace(microsecond=0) + behind * (BETWEEN_NEW if behind > 0 else BETWEEN_OLD)


def _entry(seed: int, number: int, language: str, published: datetime) -> Entry:
    chance = random.Random(f"{seed}/{number}")
    words, host = WORDS[language], f"site-{seed}.example"
    return Entry(
        id=f"tag:{host},2024:report-{number}",
        title=Text(f"{_sentence(chance, words, 8)} {number}", "text/plain"),
        summary=Text(_sentence(chance, words, 24) + ".", "text/plain"),
        content=(Text(_body(chance, words, host)),),
        links=(Link(f"http://{host}/{number}.html"),),
        authors=(Person(name=_sentence(chance, words, 2).title()),),
        categories=tuple(map(Category, chance.sample(words, 2))),
        published=published.isoformat(),
        language=language,
    )


def _body(chance: random.Random, words: tuple[str, ...], host: str) -> str:
    """Paragraphs as a newsroom's software writes them; many short bodies and few long ones, as publishers send.

    A thousand characters have about 8 tags, 7 attributes and one character reference: the medians of the full-text
    feeds among 107 real ones.
    """
    longest = LONGEST - 800  # the last part may reach beyond the length that was drawn
    length = int(SHORTEST * (longest / SHORTEST) ** chance.random())
    parts: list[str] = []
    while length > 0:
        parts.append(_paragraph(chance, words, host, min(40, 1 + length // 6)))
        if chance.random() < 0.12:
            parts.append(_picture(chance, words, host))
        length -= len(parts[-1]) + 1
    return "\n".join(parts)


def _paragraph(chance: random.Random, words: tuple[str, ...], host: str, count: int) -> str:
    text = _sentence(chance, words, count) + "."
    if chance.random() < 0.6:
        address = f"http://{host}/{chance.randrange(10_000)}.html"
        text += f' <a href="{address}" target="_blank" rel="noopener">{chance.choice(words)}</a>'
    if chance.random() < 0.3:
        text += f"&#160;<strong>{chance.choice(words)}</strong>, <em>{chance.choice(words)}</em>"
    return f'<p class="body">{text}</p>' if chance.random() < 0.5 else f"<p>{text}</p>"


def _picture(chance: random.Random, words: tuple[str, ...], host: str) -> str:
    name = f"http://{host}/uploads/{chance.randrange(10_000)}.jpg"
    image = f'<img src="{name}" alt="{chance.choice(words)}" width="640" height="427" loading="lazy" />'
    return f"<figure>{image}<figcaption>{_sentence(chance, words, 6)} &amp; co.</figcaption></figure>"


def _sentence(chance: random.Random, words: tuple[str, ...], count: int) -> str:
    return " ".join(chance.choices(words, k=count)).capitalize()

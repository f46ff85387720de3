"""The words of dates: what publishers call months, weekdays and zones, and which small words stand around them; it
alone knows languages.

Sources: Unicode CLDR (month and weekday names of en, fr, pt, es, it, de, af, sw, am, ar and the regional ar-DZ, ar-TN,
ar-MA, ar-MR, ar-LB), RFC 822 section 5.1 (North American zones), IANA tz database (the other zones' letters).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType

# One spelling for what readers see as one: Persian keyboards' letters, quotes, dashes, minus, Ethiopic word space;
# the tatweel only stretches a word.
_SAME = str.maketrans({
    "ى": "ي", "ی": "ي", "ک": "ك", "ة": "ه", "ـ": None,
    "‘": "'", "’": "'", "“": "'", "”": "'", "‐": "-", "–": "-", "—": "-", "−": "-", "፡": " ",
})  # fmt: skip


def fold(text: str) -> str:
    """Return the text without accents, vowel signs, direction marks, wide forms and the like; case stays."""
    if text.isascii():
        return text
    spread = unicodedata.normalize("NFKD", text).translate(_SAME)
    return "".join(sign for sign in spread if unicodedata.category(sign) not in ("Mn", "Cf"))


def word_key(word: str) -> str:
    """Return the form of a folded word (or pair of words) under which the tables of this module hold it."""
    return " ".join(word.casefold().split())


def _table(languages: Iterable[str]) -> Mapping[str, int]:
    """Number the `|` columns of each language from 0; a column lists spellings, `_` joins two words to one name."""
    rows = (enumerate(language.split("|")) for language in languages)
    spellings = ((number, name) for row in rows for number, column in row for name in column.split())
    return MappingProxyType({word_key(fold(name.replace("_", " "))): number for number, name in spellings})


MONTHS_BY_LANGUAGE: Mapping[str, str] = MappingProxyType({
    "en": "January Jan|February Feb Febr|March Mar|April Apr|May|June Jun|July Jul|August Aug|September Sep Sept"
    "|October Oct|November Nov|December Dec",
    "fr": "janvier janv jan|février févr fév|mars|avril avr|mai|juin|juillet juil jul|août aoû|septembre sept sep"
    "|octobre oct|novembre nov|décembre déc",
    "pt": "janeiro jan|fevereiro fev|março mar|abril abr|maio mai|junho jun|julho jul|agosto ago|setembro set"
    "|outubro out|novembro nov|dezembro dez",
    "es": "enero ene|febrero feb|marzo mar|abril abr|mayo may|junio jun|julio jul|agosto ago"
    "|septiembre setiembre sept sep set|octubre oct|noviembre nov|diciembre dic",
    "it": "gennaio gen genn|febbraio feb febbr|marzo mar|aprile apr|maggio mag magg|giugno giu|luglio lug|agosto ago"
    "|settembre set sett|ottobre ott|novembre nov|dicembre dic",
    "de": "Januar Jänner Jan Jän|Februar Feber Feb|März Maerz Mär Mrz|April Apr|Mai|Juni Jun|Juli Jul|August Aug"
    "|September Sep Sept|Oktober Okt|November Nov|Dezember Dez",
    "af": "Januarie Jan|Februarie Feb|Maart Mrt|April Apr|Mei|Junie Jun|Julie Jul|Augustus Aug|September Sep"
    "|Oktober Okt|November Nov|Desember Des",
    "sw": "Januari Jan|Februari Feb|Machi Mac|Aprili Apr|Mei|Juni Jun|Julai Jul|Agosti Ago|Septemba Sep|Oktoba Okt"
    "|Novemba Nov|Desemba Des",
    # The Gregorian calendar's months only: መስከረም, ጥቅምት ... belong to the Ethiopian calendar, and stay unknown words.
    "am": "ጃንዋሪ ጃንዩዋሪ ጃንዩወሪ ጃኑዋሪ ጃንዩ|ፌብሩዋሪ ፌብሩወሪ ፌብርዋሪ ፌብሩ|ማርች|ኤፕሪል ኤፕረል አፕሪል ኤፕሪ|ሜይ|ጁን|ጁላይ"
    "|ኦገስት ኦጎስት ኦገስ|ሴፕቴምበር ሴፕተምበር ሴፕቴ|ኦክቶበር ኦክተውበር ኦክቶ|ኖቬምበር ኖቨምበር ኖቬም|ዲሴምበር ዲሰምበር ዲሴም",
    "ar": "يناير|فبراير|مارس|أبريل إبريل|مايو|يونيو يونيه|يوليو يوليه|أغسطس|سبتمبر|أكتوبر|نوفمبر|ديسمبر",
    "ar levant": "كانون_الثاني كانون_ثاني|شباط|آذار اذار|نيسان|أيار|حزيران|تموز|آب|أيلول|تشرين_الأول تشرين_أول"
    "|تشرين_الثاني تشرين_ثاني|كانون_الأول كانون_أول",
    "ar maghreb": "جانفي|فيفري فيبراير|مارس|أفريل|ماي ماية|جوان|جويلية يوليوز|أوت غشت أغشت|شتنبر شتمبر|أكتوبر"
    "|نونبر|دجنبر دجمبر",
})  # fmt: skip

WEEKDAYS_BY_LANGUAGE: Mapping[str, str] = MappingProxyType({
    "en": "Monday Mon|Tuesday Tue Tues|Wednesday Wed|Thursday Thu Thur Thurs|Friday Fri|Saturday Sat|Sunday Sun",
    "fr": "lundi lun|mardi mar|mercredi mer|jeudi jeu|vendredi ven|samedi sam|dimanche dim",
    "pt": "segunda seg|terça ter|quarta qua|quinta qui|sexta sex|sábado sáb|domingo dom",
    "es": "lunes lun|martes mar|miércoles mié|jueves jue|viernes vie|sábado sáb|domingo dom",
    "it": "lunedì lun|martedì mar|mercoledì mer|giovedì gio|venerdì ven|sabato sab|domenica dom",
    "de": "Montag Mo|Dienstag|Mittwoch Mi|Donnerstag Do|Freitag Fr|Samstag Sonnabend Sa|Sonntag So",
    "af": "Maandag|Dinsdag|Woensdag|Donderdag|Vrydag|Saterdag|Sondag",
    "sw": "Jumatatu|Jumanne|Jumatano|Alhamisi|Ijumaa|Jumamosi|Jumapili",
    "am": "ሰኞ|ማክሰኞ ማክሰ|ረቡዕ ረቡእ ሮብ|ሐሙስ ሀሙስ|ዓርብ አርብ|ቅዳሜ|እሑድ እሁድ",
    "ar": "الاثنين الإثنين|الثلاثاء|الأربعاء|الخميس|الجمعة|السبت|الأحد",
})  # fmt: skip

MONTHS: Mapping[str, int] = MappingProxyType(
    {name: number + 1 for name, number in _table(MONTHS_BY_LANGUAGE.values()).items()}
)
# Monday is 0, as datetime counts. "Di" and "ma" are left out: they say Tuesday here, Sunday or Monday there.
WEEKDAYS: Mapping[str, int] = _table(WEEKDAYS_BY_LANGUAGE.values())

SMALL_WORDS_BY_LANGUAGE: Mapping[str, str] = MappingProxyType({
    "en": "t the of on at hrs",
    "fr": "le la à de du h",
    "pt": "de às à em dia feira h hs",
    "es": "el la los a las de del h hs",
    "it": "il alle ore di del",
    "de": "der den dem um vom Uhr",  # "am 29." is told from "10:15 am" where tokens are cut
    "af": "om",
    "sw": "tarehe saa",
    "am": "ቀን",
    "ar": "يوم في الساعة على بتوقيت",
})  # fmt: skip


def _day_first_words() -> Iterator[str]:
    """Yield the words of languages that put the day before the month; "Mo" and "Fr" could be English."""
    yield from (name for name in WEEKDAYS.keys() - _table([WEEKDAYS_BY_LANGUAGE["en"]]).keys() if len(name) > 2)
    for language, words in SMALL_WORDS_BY_LANGUAGE.items():
        if language != "en":
            yield from (word_key(fold(word)) for word in words.split())


# Words that settle what 05/06/2016 means.
DAY_FIRST_WORDS = frozenset(_day_first_words())
SMALL_WORDS = DAY_FIRST_WORDS - WEEKDAYS.keys() | frozenset(SMALL_WORDS_BY_LANGUAGE["en"].split())

# Minutes east of UTC. A name with two meanings in use (IST, BST, AST, GST ...) is left out on purpose.
ZONES: Mapping[str, int] = MappingProxyType({
    "z": 0, "ut": 0, "utc": 0, "gmt": 0, "tu": 0, "غرينتش": 0, "جرينتش": 0, "wet": 0,
    "est": -300, "edt": -240, "cst": -360, "cdt": -300, "mst": -420, "mdt": -360, "pst": -480, "pdt": -420,
    "cvt": -60, "wat": 60, "cat": 120, "sast": 120, "wast": 120, "eat": 180, "mut": 240, "ret": 240, "sct": 240,
    "west": 60, "cet": 60, "met": 60, "mez": 60, "cest": 120, "mest": 120, "mesz": 120,
    "eet": 120, "eest": 180, "msk": 180, "trt": 180,
    "pkt": 300, "npt": 345, "hkt": 480, "sgt": 480, "awst": 480, "jst": 540, "kst": 540, "acst": 570, "aest": 600,
    "aedt": 660, "nzst": 720, "nzdt": 780, "brt": -180, "art": -180, "nst": -210, "akst": -540, "hst": -600,
})  # fmt: skip

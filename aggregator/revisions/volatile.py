"""What of a report changes by itself: times ago, counters, "read more", lists of other reports. It alone knows the
phrases, in English, French, Portuguese, Spanish, Arabic and Swahili.

A phrase counts only where it stands by itself: as a paragraph, between dividers, in an element of its own, as a link.
Within a sentence it is the publisher's word, and so is every number that no such phrase holds.
"""

from __future__ import annotations

import re

# The marks are those of `markup`: E000 address E002 words E001 is a link, E004 an edge, E005 an item.
_LINK = re.compile("\ue000([^\ue000-\ue002]*)\ue002([^\ue000-\ue002]*)\ue001")
_MARKS = re.compile("\ue000[^\ue000-\ue002]*\ue002|[\ue001\ue004\ue005]")
_DIVIDER, _EDGE = re.compile("\\s*[·•|]+\\s*"), re.compile("\\s*\ue004+\\s*")
_STRAY = re.compile("[\ue000-\ue005]")
_LETTER = re.compile(r"\w")
_LONGEST = 300  # characters of a volatile phrase with all that may stand around it; patterns see no more

_N = r"[\d٠-٩][\d٠-٩.,٫٬\u00a0\u202f ]{0,12}[kKmM]?"
_SAID = (
    r"(?:(?:last\s+)?(?:updated|posted|published|modified)(?:\s+on)?|publié(?:e|s)?|mis(?:e)?\s+à\s+jour|modifié(?:e)?"
    r"|postée?|publicad[oa]|atualizad[oa]|actualizad[oa]|(?:تم\s+)?(?:ال)?نشر|نُشر|آخر\s+تحديث|ilichapishwa"
    r"|imechapishwa|imesasishwa)"
)
_SEVERAL = {
    "en": rf"(?:{_N}|an?|one|a\s+few)",
    "fr": rf"(?:{_N}|une?|quelques)",
    "pt": rf"(?:{_N}|uma?|alguns|algumas)",
    "es": rf"(?:{_N}|una?|unos|unas)",
}
_MINUTES = {
    "en": r"(?:seconds?|secs?|s|minutes?|mins?|m|hours?|hrs?|h|days?|d|weeks?|w|months?|mos?|years?|yrs?|y)",
    "fr": r"(?:secondes?|sec|s|minutes?|min|mn|heures?|h|jours?|j|semaines?|mois|ans?|années?)",
    "pt": r"(?:segundos?|s|minutos?|min|horas?|h|dias?|d|semanas?|mês|meses|anos?)",
    "es": r"(?:segundos?|s|minutos?|min|horas?|h|días?|d|semanas?|mes|meses|años?)",
    "ar": r"(?:ثانية|ثوان|ثوانٍ|ثواني|دقيقة|دقائق|دقيقتين|ساعة|ساعات|ساعتين|يوم|يوما|يومًا|أيام|يومين|أسبوع"
    r"|أسابيع|أسبوعين|شهر|أشهر|شهور|شهرين|سنة|سنوات|سنتين|عام|أعوام|عامين)",
    "sw": r"(?:sekunde|dakika|saa|siku|wiki|mwezi|miezi|mwaka|miaka)",
}
_AGO = "|".join(
    (
        rf"(?:about|almost|over|around)?\s*{_SEVERAL['en']}\s*{_MINUTES['en']}"
        rf"(?:(?:,|\s+and)?\s*{_SEVERAL['en']}\s*{_MINUTES['en']})?\s+ago",
        r"just\s+now|a\s+moment\s+ago|à\s+l['’]instant|agora\s+mesmo|ahora\s+mismo|الآن|sasa\s+hivi",
        rf"il\s+y\s+a\s+(?:environ\s+)?{_SEVERAL['fr']}\s*{_MINUTES['fr']}",
        rf"há\s+(?:cerca\s+de\s+)?{_SEVERAL['pt']}\s*{_MINUTES['pt']}|{_SEVERAL['pt']}\s*{_MINUTES['pt']}\s+atrás",
        rf"hace\s+(?:unos\s+)?{_SEVERAL['es']}\s*{_MINUTES['es']}",
        rf"(?:منذ|قبل)\s+(?:{_N}\s*)?{_MINUTES['ar']}(?:\s+واحدة?)?",
        rf"(?:takriban\s+)?{_MINUTES['sw']}\s+(?:{_N}|m?moja|mbili|tatu|nne|tano|chache|kadhaa)\s*"
        r"(?:ziliz|iliy|liliy|yaliy|uli)opita",
    )
)
_COUNTED = (
    r"(?:views?|reads?|shares?|likes?|comments?|retweets?|tweets?|reactions?|replies|vues?|lectures?|partages?"
    r"|j['’]aime|commentaires?|réactions?|visualizaç(?:ão|ões)|leituras?|partilhas?|compartilhamentos?|curtidas?"
    r"|comentários?|visitas?|lecturas?|compartidos?|comentarios?|me\s+gusta|مشاهد(?:ة|ات)|تعليق|تعليقات|مشارك(?:ة|ات)"
    r"|زيار(?:ة|ات)|قراءة|إعجاب)"
)
_LABELS = (
    r"(?:(?:page|post|total)?\s*views?|comments?|likes|hits|vues|lectures|commentaires|visualizações|leituras"
    r"|comentários|comentarios|lecturas|(?:عدد\s+)?(?:ال)?مشاهدات|(?:ال)?تعليقات|maoni|imesomwa(?:\s+mara)?"
    r"|imetazamwa(?:\s+mara)?)"
)
_COUNTER = (
    rf"\(?(?:{_N}\s*{_COUNTED}|\#?\s*{_LABELS}\s*(?::\s*{_N}|\(\s*{_N}\))|maoni\s+{_N}|no\s+comments?(?:\s+yet)?"
    r"|leave\s+a\s+comment|be\s+the\s+first\s+to\s+comment|aucun\s+commentaire|sem\s+comentários|sin\s+comentarios"
    r"|لا\s+توجد\s+تعليقات)\)?"
)
_TIME_AGO = re.compile(rf"(?i)\W*(?:{_SAID}\s*:?\s*)?\(?(?:{_AGO})\)?\W*")
_COUNTER_ALONE = re.compile(rf"(?i)\W*{_COUNTER}\W*")
# With its label a time ago may have a byline after it: "Updated 5 minutes ago by Awa Keïta".
_LABELLED = re.compile(rf"(?i)^\W*{_SAID}\s*:?\s*(?:{_AGO})(?=\s(?:by|par|por|بقلم|na)(?:\s[^\s\d.]+){{1,5}}$)")

_MORE = (
    r"(?:read\s+(?:more|on|the\s+(?:full|rest|whole)\b)|continue\s+reading|full\s+(?:story|article)|more\s*[»›>→…]"
    r"|lire\s+la\s+suite|lire\s+plus|en\s+savoir\s+plus|(?:lire\s+)?la\s+suite|leia\s+mais|ler\s+mais|continue\s+lendo"
    r"|continuar\s+(?:a\s+ler|lendo|leyendo)|leer\s+más|seguir\s+leyendo|saiba\s+mais"
    r"|(?:اقرأ|إقرأ|قراءة)\s+المزيد|المزيد|تابع\s+القراءة|soma\s+zaidi|endelea\s+kusoma)"
)
# At the end of a paragraph, after a sentence or a cut: "we read more than 38 books" is a sentence, linked or not.
_MORE_LINK = re.compile(
    '(?i)(^|[.!?…\\])(»"”؟۔\u27e9\ue001\ue004\ue005])'
    "(?:\\s*\ue000[^\ue000-\ue002]*\ue002[^\\w\ue000-\ue002]*"
    rf"{_MORE}(?!\w)[^\ue000-\ue002]{{0,160}}\ue001)+(?=\W*$)"
)
_MORE_ALONE = re.compile(rf"(?i)\W*{_MORE}\W*")
_MORE_AT_END = re.compile(
    r"(?<=[.!?…\]؟])\s+(?:Read more|Continue reading|Lire la suite|Leia mais|Leer más|Seguir leyendo|Soma zaidi"
    r"|اقرأ المزيد)\W*$"
)
_CUT_OFF = re.compile(r"\s*[\[(](?:…|\.\.\.)[\])]\s*$")

_OTHERS = re.compile(
    r"""(?ix) \W* (?: related(?:\s+(?:articles?|stories|posts?|links?|news|reading|content|coverage))?
    | read\s+(?:also|more|next) | also\s+read | see\s+also | more\s+(?:stories|news|from\s[^:]{1,40}|on\s[^:]{1,40})
    | you\s+(?:may|might)\s+also\s+like | recommended(?:\s+for\s+you)? | don['’]t\s+miss | most\s+read | trending
    | (?:[àa]\s+)?lire\s+(?:aussi|également) | à\s+lire | voir\s+aussi | sur\s+le\s+même\s+(?:sujet|thème)
    | articles?\s+(?:liés?|similaires?|connexes?) | dans\s+la\s+même\s+rubrique | les\s+plus\s+lus
    | leia\s+(?:também|mais) | veja\s+também | (?:notícias|artigos)\s+relacionad[oa]s | mais\s+lidas
    | lea\s+también | (?:le|te)\s+puede\s+interesar | (?:noticias|artículos)\s+relacionad[oa]s
    | (?:اقرأ|إقرأ|شاهد)\s+أيض(?:ا|اً|ًا) | (?:مواضيع|أخبار|مقالات)\s+ذات\s+صلة
    | soma\s+pia | habari\s+(?:zinazohusiana|nyingine) ) \s* (?:[:：>»–—-]|\ue000|$)"""
)
_FIRST_ON = r"(?:appeared\s+first|first\s+appeared)\s+on|est\s+apparu(?:e)?\s+en\s+premier\s+sur"
_FIRST_ON += r"|apareceu\s+primeiro\s+em|(?:aparece|se\s+publicó)\s+primero\s+en|ظهرت?\s+أولا?ً?\s+على"
_THE_POST = r"(?:The\s+(?:post|article)|L['’]article|Cet\s+article|O\s+post|La\s+entrada|المقالة?)"
_A_LINK = "\ue000[^\ue000-\ue002]*\ue002[^\ue000-\ue002]*\ue001"
_FIRST_ELSEWHERE = re.compile(rf"(?i){_THE_POST}\s+{_A_LINK}\s+(?:{_FIRST_ON})\s+{_A_LINK}\W*$")


def without_volatile(marked: str, title: str) -> str:
    """The words of a text in the form of `markup`, without volatile phrases; a link is followed by its address in
    angle brackets. `title`, plain, tells "The post TITLE appeared first on" from a sentence.
    """
    lines = _without_others([" ".join(line.split()) for line in marked.split("\n")])
    said = " ".join(filter(None, (_kept_of(line, title) for line in lines)))
    said = _CUT_OFF.sub("", _MORE_AT_END.sub("", said.rstrip()))
    return _STRAY.sub(" ", _LINK.sub(lambda link: f"{link[2]} \u27e8{link[1]}\u27e9", said))


def _without_others(lines: list[str]) -> list[str]:
    """Without lists of other reports: a label, and links only after it, in its own line or in those that follow."""
    kept: list[str] = []
    label: str | None = None  # stands alone, and is left out if a link follows
    listing = False
    for line in filter(None, lines):
        if listing and _is_links_only(line):
            label = None
            continue
        if label is not None:
            kept.append(label)
        label, listing = None, False
        if found := _OTHERS.match(line):
            rest = line[found.end() - line[: found.end()].endswith("\ue000") :]
            listing = not _LETTER.search(_LINK.sub("", rest))
            label = line if listing and not _LINK.search(rest) else None
        if not listing:
            kept.append(line)
    return kept if label is None else [*kept, label]


def _is_links_only(line: str) -> bool:
    return bool(_LINK.search(line)) and not _LETTER.search(_LINK.sub("", line))


def _kept_of(line: str, title: str) -> str:
    if "\ue000" in line:
        line = _MORE_LINK.sub(r"\1", _FIRST_ELSEWHERE.sub("", line))
    if title and title in line:
        line = re.sub(rf"(?i){_THE_POST}\s+{re.escape(title)}\s+(?:{_FIRST_ON})\s.{{1,80}}$", "", line)
    is_item = line.startswith("\ue005")
    parts = [part for part in _DIVIDER.split(line) if not _is_volatile(part, is_item)]
    pieces = [piece for part in parts for piece in _EDGE.split(part) if not _is_volatile(piece, is_item)]
    return " ".join(_LABELLED.sub("", piece) if len(piece) <= _LONGEST else piece for piece in pieces)


def _is_volatile(piece: str, is_item: bool) -> bool:
    """Whether a piece holds nothing but a volatile phrase. A number in a list or a table is the report's own, whatever
    it counts.
    """
    words = " ".join(_MARKS.sub(" ", piece).split())
    if len(words) > _LONGEST:
        return False
    if _TIME_AGO.fullmatch(words) or _MORE_ALONE.fullmatch(words):
        return True
    return not is_item and bool(_COUNTER_ALONE.fullmatch(words))

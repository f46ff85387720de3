"""A picture's credit, in the words beside it: what is its caption, who took it, whose it is. Pure.

Where nothing says that words are a credit (a label, a copyright sign, an agency, a licence), all of them are caption.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

from msgspec import Struct, field
from msgspec.structs import replace

from aggregator.model.who import PictureCredit
from aggregator.tags import dates_stated, names
from aggregator.tags.agencies import agency_named, is_of_agency, may_be_named
from aggregator.tags.known_places import is_country, key_of, town_named
from aggregator.text.folding import fold

_MOST_READ = 5_000  # characters
_MOST = 200  # of a credit
_NO_WIDTH = "[\u200b-\u200f\u202a-\u202e\u2060\ufeff\u00ad]"
_CUT = " ; "  # in the place of what is taken out, so that what stood around it is not taken for one name
# Words that say that a credit follows, in the languages of reports; a colon or `by` must follow them.
_LABEL = r"""(?:
    (?:file\s+|archive\s+|pool\s+|stock\s+|cover\s+|courtesy\s+)?(?:photo(?:graph(?:y|s)?)?s?|pictures?|pix|images?
    |illustrations?|graphics?|cartoon|video)(?:\s*(?:credits?|courtesy|source))?
    | (?:photo|image|picture|illustration)?\s*(?:credits?|courtesy)
    | (?:crédits?|credits?)(?:\s*(?:photo(?:graphique)?s?|image|photos?|illustration))? | (?:photo
    |image)\s+d['’]illustration | photographie | cr[ée]dit\s+ph | ph
    | (?:crédito?s?|cr[ée]ditos?)(?:\s+(?:da\s+|de\s+)?(?:foto|imagem|imagen|fotograf[ií]a|fotográfico)s?)?
    | fotos? | fotografias? | fotografía | imagem | imagen | ilustração | ilustración
    | archiv(?:bild|foto) | bild(?:er|quelle|nachweis)? | fotoquelle | foto(?:grafie)? | quelle | abbildung | fotocredit
    | picha | hoto | immagine | fonte\s+foto
    | تصوير | الصورة | صورة | المصدر | مصدر\s+الصورة | صور | عدسة | الصور
    | source | fonte | fuente | copyright
)"""
_BY = r"(?:\s*:\s*|\s+(?:by|par|por|von|de|di|via|na|عن|من)\s*:?\s+|\s*[|]\s*|：\s*)"
_LABELLED = re.compile(rf"{_LABEL}{_BY}(?:(?:by|par|por|von)\s+)?", re.VERBOSE | re.IGNORECASE)
_ALONE = re.compile(r"(?:تصوير|عدسة)\s+", re.IGNORECASE)  # that need no colon
_BEGINS = re.compile(
    rf"(?:(?<=[.!?…»”\"؟])\s+|(?<=\n)\s*|^\s*|(?<=\s)[-–—|•/]\s+|(?<=\s))(?P<credit>(?:{_LABEL}{_BY}|©"
    rf"|\(c\)\s|copyright\s+(?:©|\(c\)|\d{{4}})|تصوير\s|عدسة\s))",
    re.VERBOSE | re.IGNORECASE,
)
_BRACKETED = re.compile(r"\s*(?:\((?P<round>(?:[^()]|\([^()]*\))*)\)|\[(?P<square>[^\[\]]*)\])\s*\.?\s*$")
_FILE = re.compile(
    r"\b(?:file(?:\s+(?:photo|picture|image|pic))?|archives?(?:\s+(?:photo|picture|image))?|(?:photo"
    r"|image|foto|picture)s?\s+d['’]archives?|foto\s+de\s+(?:archivo|arquivo)|(?:de\s+)?(?:archivo"
    r"|arquivo|archivio|repertorio|repertório)"
    r"|(?:foto\s+d['’]archivio)|archiv(?:bild|foto)?|imagem\s+de\s+arquivo|imagen\s+de\s+archivo"
    r"|bild\s+aus\s+archiv|picha\s+ya\s+maktaba|maktaba)\b|أرشيفية|أرشيف(?:ي)?|صورة\s+أرشيفية|ارشيف",
    re.IGNORECASE,
)
_HANDOUT = re.compile(
    r"\b(?:hand-?out(?:\s+(?:photo|picture|image|via))?|courtesy(?:\s+(?:of|photo|image))?"
    r"|supplied(?:\s+by)?|provided(?:\s+by)?|contributed"
    r"|avec\s+l['’]aimable\s+autorisation\s+(?:de\s+|du\s+|d['’])?|fournie?(?:\s+par)?"
    r"|remise(?:\s+par)?|cortesia(?:\s+(?:de|da|do))?|cortesía(?:\s+de)?"
    r"|divulgação|cedida(?:\s+(?:por|pela|pelo))?|zur\s+verfügung\s+gestellt(?:\s+von)?|handreichung"
    r"|per\s+gentile\s+concessione(?:\s+di)?)\b",
    re.IGNORECASE,
)
_RIGHTS_UNKNOWN = re.compile(
    r"(?<!\w)(?:D\.?\s?R\.?(?!\w|\.?\s?[A-Z][a-z])|tous\s+droits\s+réservés|droits\s+réservés"
    r"|direitos\s+reservados|derechos\s+reservados|alle\s+rechte\s+vorbehalten"
    r"|all\s+rights\s+reserved|diritti\s+riservati)(?!\w)"
)
_GENERATED = re.compile(
    r"(?:generat(?:ed|ive)|created|made|produced|générée?|generee?|créée?|réalisée?|gerad[ao]"
    r"|criad[ao]|generad[ao]|cread[ao]|generiert(?:es)?|erstellt(?:es)?|erzeugt(?:es)?|generat[ao]"
    r"|مولدة|مولّدة|أنشئت|إنشاء)[^.]{0,40}(?<!\w)(?:AI|A\.I\.|IA|I\.A\.|KI|artificial\s+intelligence"
    r"|intelligence\s+artificielle|inteligência\s+artificial|inteligencia\s+artificial"
    r"|künstlicher\s+intelligenz|intelligenza\s+artificiale|الذكاء\s+الاصطناعي|ChatGPT|DALL-?E"
    r"|Midjourney|Gemini|Grok|Stable\s+Diffusion)(?!\w)"
    r"|(?<!\w)(?:AI|KI|IA)[- ](?:generated|generiert\w*|generada|gerada|created|illustration"
    r"|image)(?!\w)|(?:ChatGPT|DALL-?E|Midjourney)(?!\w)",
    re.IGNORECASE,
)
_LICENCE = re.compile(
    r"(?:licence|license|licensed under|sous licence|lizenz|licença"
    r"|licencia)?\s*:?\s*(?<![A-Za-z])(?:(?:CC|Creative\s+Commons)[\s-]*(?P<terms>(?:BY"
    r"|Attribution)(?:[\s-]*(?:NC|ND|SA|NonCommercial|NoDerivs|NoDerivatives"
    r"|ShareAlike)(?![A-Za-z]))*)(?![A-Za-z])(?:[\s-]*(?P<version>[1-4]\.[05]))?(?:\s+(?:IGO"
    r"|International|Unported|Generic))?|(?P<zero>CC[\s-]?0|CC[\s-]?Zero|public\s+domain"
    r"|domaine\s+public|domínio\s+público|dominio\s+público|gemeinfrei)(?:\s*1\.0)?)",
    re.IGNORECASE,
)
_TERMS = {"attribution": "BY", "noncommercial": "NC", "noderivs": "ND", "noderivatives": "ND", "sharealike": "SA"}
_IS_MARKER = re.compile(rf"(?:{_FILE.pattern}|{_RIGHTS_UNKNOWN.pattern}|{_HANDOUT.pattern})", re.IGNORECASE)
_HANDLE = re.compile(r"(?<![\w.])@\w[\w.]*\w")
_SCREENSHOT = re.compile(
    r"^(?:a\s+)?(?:screen\s?(?:shot|grab|capture)|video\s+(?:grab|still|screenshot)"
    r"|capture\s+d['’]écran|captura\s+de\s+(?:tela|ecrã|pantalla)|print|schermata|bildschirmfoto"
    r"|لقطة\s+شاشة|لقطة)"
    r"(?:\s+(?:from|of|taken\s+from|de|du|da|do|von|aus|d['’]|من|di|sur|no|en)\s+|\s*[:/|-]\s*)?",
    re.IGNORECASE,
)
# A caption without any of these signs has a credit only where one of its words begins like one of the words above, or
# are those of an agency's name.
_SIGNS = re.compile(r"[:|©()\[\]@/：\d]|D\.?\s?R")
_LETTERS = re.compile(r"[^\W\d_]+")
_CUES = re.compile(
    "file|archiv|arquiv|repertor|maktaba|pool|stock|cover|courtes|photo|pic|pix|imag|immag|illustr|ilustr|graphi|cartoon"
    "|video|cred|ph$|foto|bild|symbolbild|quelle|abbild|hoto|fonte|source|fuente|copyright|تصوير|ال?صور|ال?مصدر|عدسه|حقوق"
    "|hand(?:$|out|reich)|suppl|provid|contribut|aimable|fourni|remis|cortes|divulga|cedid|verf|gestellt|gentile"
    "|concession"
    "|droits|direitos|derechos|rechte|rights|diritti|reserv|vorbehalten|riservat"
    "|cc|creative|public|domain|domini|gemeinfrei|licen|lizenz|screen|captur|print|schermata|لقطه"
    "|(?:ai|ki|ia)$|generat|genere|cree"
)
_PLATFORMS = {
    key_of(name): (name, is_of_users)
    for is_of_users, said in (
        (
            True,
            "X|Twitter|Facebook|Instagram|TikTok|YouTube|Telegram|WhatsApp|Snapchat|LinkedIn|Reddit"
            "|Social media|Réseaux sociaux|Redes sociais|Redes sociales|Soziale Medien|تويتر|فيسبوك|إكس"
            "|منصة إكس|مواقع التواصل",
        ),
        (
            False,
            "Flickr|Wikimedia Commons|Wikimedia|Wikipedia|Wikicommons|Unsplash|Pexels|Pixabay|Freepik"
            "|Google Maps|Google Earth|NASA|iStockphoto|iStock|Canva",
        ),
    )
    for name in said.split("|")
}
_STOCK_SERVICES = (
    "iStockphoto|iStock|Shutterstock|Shutterstock.com|Adobe Stock|AdobeStock|Alamy|Alamy Stock Photo|Depositphotos"
    "|Dreamstime|123RF|Fotolia|Freepik|Canva|iStock by Getty Images|iStock.com"
)
_STOCK = frozenset(map(key_of, _STOCK_SERVICES.split("|")))
_PARTS = re.compile(r"\s*[/|•·]\s*|\s+[-–—]\s+|\s*[,;]\s+|\s+(?:for|pour|para|für|on|sur|in)\s+(?=[A-Z@])|\s*\n\s*")
_VIA = re.compile(r"\s+(?:via|through|über)\s+", re.IGNORECASE)
_IS_TWO = re.compile(r"\)[^/|,]+[/|][^/|,]+$|\][^/|,]+[/|,][^/|,]+$")  # the bracket behind it, and it
_COPYRIGHT = re.compile(r"©|\(c\)(?=\s)|\bcopyright\b:?|حقوق\s+النشر", re.IGNORECASE)
_YEARS = re.compile(r"(?<!\d)(?:19|20)\d\d(?:\s*[-–]\s*(?:19|20)?\d\d)?(?!\d)")


class _Reading(Struct):
    persons: list[str] = field(default_factory=list)
    agencies: list[str] = field(default_factory=list)
    sources: list[str] = field(default_factory=list)
    distributor: str | None = None
    via: str | None = None
    handle: str | None = None
    licence: str | None = None
    flags: set[str] = field(default_factory=set)
    is_sure: bool = False  # something of it can only be a credit


def credit_of(text: str) -> PictureCredit:
    """What the words beside a picture say: plain text, a paragraph a line."""
    said = text.strip()[:_MOST_READ]
    if said and not _may_have_credit(said):
        return PictureCredit(caption=said)
    plain = re.sub(r"[^\S\n]", " ", re.sub(_NO_WIDTH, "", said)).strip()
    if not plain:
        return PictureCredit()
    found = _of_generated(plain) or _of_plain(plain)
    return replace(found, caption=_as_stated(found.caption, said), literal=_as_stated(found.literal, said))


def _may_have_credit(said: str) -> bool:
    """Whether anything in it is a sign or a word without which there is no credit, as in most captions."""
    if not said.isprintable() or _SIGNS.search(said):
        return True
    telling: list[str] = []
    for piece in said.split():
        cue = _cue(piece)
        if cue is True:
            return True
        if cue:
            telling += cue
    return bool(telling) and may_be_named(telling, set(_LETTERS.findall(fold(said))))


@lru_cache(20_000)
def _cue(piece: str) -> bool | Sequence[str]:
    """Whether a word of it may be one of a credit, or else those that tell the name of an agency."""
    words = _LETTERS.findall(fold(piece))
    if any(map(_CUES.match, words)) or "ارشيف" in fold(piece):
        return True
    return tuple(filter(is_of_agency, words))


def _as_stated(words: str | None, said: str) -> str | None:
    """Words as they stand in what was said, with the signs that show nothing."""
    if words is None or words in said:
        return words
    signs = (r"\s" if each == " " else re.escape(each) for each in words)
    found = re.search(f"{_NO_WIDTH}*".join(signs), said)
    return found[0] if found else words


def _of_plain(plain: str) -> PictureCredit:
    for caption, credit in _splits(plain):
        is_two = caption is not None and _IS_TWO.match(f"{plain.rstrip(' .')[-1]}{credit}") is not None
        reading = _read(credit, is_labelled=_is_labelled(credit), is_two=is_two)
        if reading is not None:
            return _made(caption, credit, reading)
    return PictureCredit(caption=plain, is_file=_begins_as_file(plain))


def _of_generated(plain: str) -> PictureCredit | None:
    """Of words that say that a machine made the picture: the sentence that says so, and the caption before it."""
    sentences = [each for each in re.split(r"(?<=[.!?])\s+|\n", plain) if each.strip()]
    last = sentences[-1].strip(" ()[]")
    if (
        len(last) > 100
        or not _GENERATED.search(last)
        or not re.match(
            rf"(?:{_LABEL}|AI|KI|IA|generat|généré|créé|Bild|Symbolbild|صورة)", last, re.IGNORECASE | re.VERBOSE
        )
    ):
        return None
    caption = plain[: plain.rfind(sentences[-1])].strip() or None
    return PictureCredit(caption=caption, literal=last, is_generated=True)


def _splits(plain: str) -> list[tuple[str | None, str]]:
    """Ways in which the words may be caption and credit, the surest first."""
    ways: list[tuple[str | None, str]] = []
    if _is_labelled(plain) and "\n" not in plain:
        ways.append((None, plain))
    if bracket := _BRACKETED.search(plain):
        inner = (bracket["round"] if bracket["round"] is not None else bracket["square"]).strip()
        if not _is_only_licence(inner):
            ways.append((plain[: bracket.start()].strip() or None, inner))
    lines = [each.strip() for each in plain.split("\n") if each.strip()]
    if len(lines) > 1:
        for place in (0, -1):
            others = lines[1:] if place == 0 else lines[:-1]
            if _is_labelled(lines[place]) or _is_agency_line(lines[place]):
                ways.append(("\n".join(others), _within_brackets(lines[place])))
    for found in _BEGINS.finditer(plain):
        start = found.start("credit")
        before = plain[:start].rstrip(" -–—|•/(\n")
        is_sentence = (
            not before
            or before[-1] in '.!?…»”"؟:)'
            or plain[:start].rstrip()[-1:] in "-–—|•/\n"
            or found["credit"][0] in "©("
        )
        if is_sentence or (found["credit"][0].isupper() and ":" in found["credit"]):
            ways.append((before or None, plain[start:].strip()))
    sentences = re.split(r"(?<=[.!?…»”\"؟])\s+", plain)
    if len(sentences) > 1 and (_is_agency_line(sentences[-1]) or _IS_MARKER.fullmatch(sentences[-1].strip(" ()."))):
        ways.append((plain[: plain.rfind(sentences[-1])].strip(), sentences[-1].strip()))
    ways.append((None, plain))
    return ways


def _is_only_licence(inner: str) -> bool:
    return bool(_LICENCE.fullmatch(inner.strip()))


def _within_brackets(line: str) -> str:
    return line[1:-1].strip() if line[:1] in "([" and line[-1:] in ")]" else line


def _is_labelled(credit: str) -> bool:
    return bool(
        _LABELLED.match(credit)
        or _COPYRIGHT.match(credit)
        or _ALONE.match(credit)
        or re.match(rf"(?:(?:photo|picture|image|foto)\s+)?(?:{_HANDOUT.pattern})", credit, re.IGNORECASE)
    )


def _is_agency_line(line: str) -> bool:
    """`REUTERS/Moussa Example`, `Moussa Example/AFP`: short, with an agency as one of its parts."""
    said = _within_brackets(line.strip())
    parts = [each.strip(" .") for each in re.split(r"\s*[/|]\s*|\s+(?:via|for|-|–)\s+", said)]
    return len(said) < 100 and any(agency_named(each) for each in parts)


def _begins_as_file(plain: str) -> bool:
    return re.match(r"FILE\s*[-–—:]|(?i:file\s+(?:photo|picture))\s*[-–—:]|\(FILES?\)", plain) is not None


# One credit


def _read(credit: str, *, is_labelled: bool, is_two: bool = False) -> _Reading | None:
    """What a credit says; None: it is none. `is_two`: it is in brackets, a name and another one."""
    if len(credit) > _MOST:
        return None
    reading = _Reading(is_sure=is_labelled)
    said = _without_markers(reading, credit)
    chain = _VIA.split(f" {said}")
    said, via = chain[0], [each.strip(" .,()") for each in chain[1:]]
    parts = [_bare(each) for each in _PARTS.split(said)]
    parts = [each for each in parts if each]
    are_read = [_read_part(reading, part, len(parts), is_labelled) for part in parts]
    if not all(are_read):
        return None
    for each in via:
        _read_via(reading, each)
    if not (
        reading.persons or reading.agencies or reading.sources or reading.flags or reading.licence or reading.handle
    ):
        return None
    is_of_house = is_two and reading.persons and any(map(names.is_organisation, reading.sources))
    if not parts and not via and reading.flags & {"file", "rights_unknown", "handout"}:
        reading.is_sure = True  # `File photo`, `DR` and nothing else
    return reading if reading.is_sure or is_of_house or _is_credit_without_label(reading) else None


def _bare(part: str) -> str:
    part = part.strip(" .,;:\"'“”*")
    is_balanced = part.count("(") == part.count(")") and not part.startswith("(")
    return part if is_balanced else part.strip(" .,;:()[]\"'“”*")


def _is_credit_without_label(reading: _Reading) -> bool:
    return bool(reading.agencies or reading.licence or (reading.handle and reading.sources))


def _without_markers(reading: _Reading, credit: str) -> str:
    """The credit without its labels and whatever says of what kind it is; notes these."""
    said = credit
    if screenshot := _SCREENSHOT.match(said):
        said = said[screenshot.end() :]
        reading.is_sure = True
        reading.flags.add("screenshot")
    if licence := _LICENCE.search(said):
        reading.licence = _spdx(licence)
        said = said[: licence.start()].rstrip(" (,/[") + _CUT + said[licence.end() :].lstrip(" )].")
    said = _sub(reading, _RIGHTS_UNKNOWN, "rights_unknown", said)
    if _COPYRIGHT.search(said):
        reading.flags.add("copyright")
        said = _YEARS.sub(_CUT, _COPYRIGHT.sub(_CUT, said))
    for _ in range(3):
        said = said.strip(" ,;.–—-/|")
        label = _LABELLED.match(said) or _ALONE.match(said)
        if not label:
            break
        if _FILE.search(label[0]):
            reading.flags.add("file")
        if _HANDOUT.search(label[0]):
            reading.flags.add("handout")
        said = said[label.end() :]
    said = _sub(reading, _FILE, "file", said)
    said = _sub(reading, _HANDOUT, "handout", said)
    if reading.flags & {"handout"}:
        reading.is_sure = reading.is_sure or _HANDOUT.match(credit) is not None or "/" in credit
        said = re.sub(
            r"^[\s;]*(?:(?:photo|picture|image|foto)[\s;]+)?(?:of\s+)?(?:the\s+|le\s+|la\s+|les\s+|l['’]|o\s+|a\s+|el\s+)",
            "",
            said,
            flags=re.IGNORECASE,
        )
    for handle in _HANDLE.findall(said)[:1]:
        reading.handle = handle
    said = _HANDLE.sub(_CUT, said)
    said = dates_stated.without_days(said)
    return re.sub(r"\s+", " ", said).strip(" ,;.–—-/|")


def _sub(reading: _Reading, pattern: re.Pattern[str], flag: str, said: str) -> str:
    if not pattern.search(said):
        return said
    reading.flags.add(flag)
    return pattern.sub(_CUT, said)


def _spdx(found: re.Match[str]) -> str:
    if found["zero"]:
        return "CC0-1.0" if found["zero"].upper().startswith("CC") else "LicenseRef-public-domain"
    terms = [_TERMS.get(each.lower(), each.upper()) for each in re.split(r"[\s-]+", found["terms"]) if each]
    return "-".join(("CC", *terms, *([found["version"]] if found["version"] else [])))


def _read_part(reading: _Reading, part: str, parts: int, is_labelled: bool) -> bool:
    """Notes what one part of a credit is; False: it is no part of any."""
    if not part.strip(" .-"):
        return True
    if re.fullmatch(r"[A-Z]{0,4}[_-]*\d[A-Za-z\d_-]*", part):  # the picture's number
        return True
    if re.match(r"(?i)(?:photo|picture|image)s?\s*$", part):
        return True
    bare = re.sub(r"(?i)^(?:(?:photo|picture|image|foto)s?\s+)?(?:by|par|por|von|de)\s+", "", part)
    bare = (
        re.sub(r"(?i)\s+(?:photo|pool\s+photo|pool|stringer|staff|pix)$", "", bare) if not agency_named(bare) else bare
    )
    if key_of(bare) in ("pool", "stringer", "staff", "pool photo", "photo"):
        return True
    if named := agency_named(bare):
        return _note_agency(reading, named.words)
    if platform := _PLATFORMS.get(key_of(bare)):
        reading.sources.append(bare)
        reading.flags |= {"rights_unknown"} if platform[1] else set()
        reading.flags |= {"stock"} if key_of(bare) in _STOCK else set()
        return True
    if _begins_with_agency(reading, bare):
        return True
    name, _ = names.without_title(bare)
    if names.is_person(name) and not town_named(name) and not is_country(name):
        is_single = " " not in name and parts == 1
        target = reading.sources if is_single or (reading.persons) else reading.persons
        target.append(name)
        return True
    two = [names.without_title(each)[0] for each in re.split(r"\s+(?:and|et|e|y|und|و)\s+|\s*&\s*", bare)]
    if len(two) > 1 and all(names.is_person(each) for each in two):
        reading.persons.append(bare)
        return True
    if (is_labelled or parts > 1 or reading.is_sure) and _is_source(bare):
        reading.sources.append(bare)
        return True
    return False


def _is_source(words: str) -> bool:
    """Whether words are the name of an organisation, with small words between capitals."""
    parts = words.split()
    if not 1 <= len(parts) <= 9 or re.search(r"[!?;]", words):
        return False
    if _is_caseless(words):
        return len(parts) <= 5
    small = sum(each[0].islower() and "." not in each for each in parts)
    joins = {
        "of",
        "the",
        "and",
        "for",
        "de",
        "du",
        "des",
        "da",
        "do",
        "das",
        "dos",
        "la",
        "le",
        "les",
        "del",
        "et",
        "e",
        "y",
        "und",
        "der",
        "die",
        "für",
        "d'",
        "l'",
        "di",
        "della",
        "ya",
        "za",
        "na",
        "wa",
        "in",
        "en",
    }
    return small == 0 or all(each in joins or not each[0].islower() or "'" in each or "’" in each for each in parts)


def _is_caseless(words: str) -> bool:
    return re.search("[\u0590-\u08ff\u1200-\u137f]", words) is not None


def _begins_with_agency(reading: _Reading, part: str) -> bool:
    """`AP Photo Moussa Example`; `AFP PHOTO`; `Moussa Example AFP`."""
    words = part.split()
    for cut in range(min(len(words) - 1, 3), 0, -1):
        if named := agency_named(" ".join(words[:cut])):
            rest = " ".join(words[cut:])
            if names.is_person(rest):
                reading.persons.append(rest)
                return _note_agency(reading, named.words)
    if len(words) > 2 and (named := agency_named(words[-1])) and names.is_person(" ".join(words[:-1])):
        reading.persons.append(" ".join(words[:-1]))
        return _note_agency(reading, named.words)
    return False


def _note_agency(reading: _Reading, words: str) -> bool:
    if key_of(words) in _STOCK:
        reading.flags.add("stock")
        if reading.agencies:
            reading.sources.append(words)
            return True
    reading.agencies.append(words)
    return True


def _read_via(reading: _Reading, said: str) -> None:
    parts = [each.strip() for each in re.split(r"\s*/\s*", said) if each.strip()]
    for part in parts:
        named = agency_named(part)
        words = named.words if named else part
        if named and key_of(words) in _STOCK:
            reading.flags.add("stock")
        if named and not reading.agencies:
            reading.agencies.append(words)
        elif reading.agencies and reading.distributor is None and (named or names.is_name(part)):
            reading.distributor = words
        elif _PLATFORMS.get(key_of(part)):
            reading.sources.append(part)
            reading.flags |= {"rights_unknown"} if _PLATFORMS[key_of(part)][1] else set()
        elif names.is_name(part):
            reading.distributor = part


_PHOTO_SERVICES: Mapping[str, str] = {
    "AP Photo": "AP",
    "AFP Photo": "AFP",
    "AFP-Photo": "AFP",
    "Reuters Photo": "Reuters",
    "AP Images": "AP",
}


def _made(caption: str | None, credit: str, reading: _Reading) -> PictureCredit:
    if caption is not None:
        only_file = _FILE.fullmatch(caption.strip(" .:–—-"))
        ends_as_file = re.search(rf"[(\[](?:{_FILE.pattern})[)\]]\.?$", caption, re.IGNORECASE)
        is_file = bool(_begins_as_file(caption) or only_file or ends_as_file)
        reading.flags |= {"file"} if is_file else set()
        caption = None if only_file else caption
    agency, distributor, sources = next(iter(reading.agencies), None), reading.distributor, list(reading.sources)
    if len(reading.agencies) > 1:
        distributor = distributor or reading.agencies[1]
    if "screenshot" in reading.flags:
        reading.flags.add("rights_unknown")
    return PictureCredit(
        caption=caption,
        literal=credit,
        photographer=next(iter(reading.persons), None),
        agency=_PHOTO_SERVICES.get(agency, agency) if agency else None,
        source=next(iter(sources), None),
        distributor=distributor,
        handle=reading.handle,
        licence=reading.licence,
        is_file="file" in reading.flags,
        is_copyright="copyright" in reading.flags,
        is_handout="handout" in reading.flags,
        is_stock="stock" in reading.flags,
        rights_unknown="rights_unknown" in reading.flags,
    )

"""Whether words are the name of a person, of an organisation, or of nobody: by their form and by word lists."""

from __future__ import annotations

import re

from aggregator.tags.agencies import agency_named
from aggregator.tags.known_places import key_of

_MOST_WORDS = 6
_PARTICLES = frozenset(
    "de da do das dos du des del della di la le les el al van von der den ter ten bin ibn ben bint ould wuld ag e y i ap wa ya ole arap ka nga "
    "abu abou bou d' zu zur af av san wa ya ole arap ka nga ap".split()
)
_JOINS = frozenset("of the and for in on to et pour und für para per por".split())
_LETTER = "(?:[^\\W\\d_][\u0300-\u036f\u064b-\u0652]*)"
_WORD = re.compile(rf"{_LETTER}+(?:['’ʼ‘`.-]{{1,2}}{_LETTER}+)*\.?['’]?")
_CASELESS = re.compile("[\u0590-\u08ff\u0900-\u0dff\u1200-\u137f\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7af]")
# Words of names of organisations, without case and accents.
_OF_ORGANISATIONS = frozenset(
    """
    university universities college institute institution school academy faculty department ministry ministere agency
    agence agencia agenzia organization organisation organizacao organizacion foundation fondation fundacao fundacion
    stiftung centre center centro zentrum council conseil conselho consejo association associacao asociacion
    commission comissao comision union uniao bank banque banco group groupe grupo gruppe network reseau rede red news
    times post herald tribune daily gazette observer press presse media medias radio tv television televisao journal
    jornal magazine newspaper office bureau embassy ambassade embaixada embajada government gouvernement governo
    gobierno committee comite forum watch international nations service services secretariat authority autorite
    presidency presidence presidencia ministerio universite universidade universidad universitat universita ecole
    institut instituto istituto hospital church eglise party parti parlement parliament police army armee company
    ltd inc plc gmbh sa society societe sociedade project programme program initiative coalition campaign trust fund
    fonds club federation federacao federacion team studio studios productions pictures images photos photo
    communications corporation corp broadcasting channel chaine canal agencies agences agencias republic republique
    republica state house reporters sans frontieres rights law africa afrique express standard guardian mirror
    chronicle mail monitor citizen nation star sun argus telegraph independent leader voice echo eco notícias
    noticias nachrichten zeitung gazeta diario diaria quotidien matin libre tageszeitung kommune verband ministerium
    museum library archive archives airways airlines force corps mission league ligue liga cup chamber exchange
    amnesty unicef unhcr unesco ocha who fao wfp icrc undp unaids igad ecowas sadc
    جامعة وزارة منظمة مؤسسة مركز معهد جمعية اتحاد وكالة صحيفة جريدة قناة موقع شبكة هيئة لجنة مجلس حكومة رئاسة راديو
    تلفزيون إذاعة بنك كلية حزب شركة
    chuo wizara shirika taasisi gazeti serikali ikulu idhaa jami'a jami'ar ma'aikatar kungiyar hukumar gidan
    """.split()
)
_FOLDED = frozenset(key_of(each) for each in _OF_ORGANISATIONS)
# What no name is made of.
_NO_NAMES = frozenset(
    """
    by par por von with avec and read more click here follow subscribe share comments comment posted published updated
    last modified source sources credit photo photos image images file http https www the this that from for
    """.split()
)
_TITLE = re.compile(
    r"""(?:
    (?:Assoc(?:iate|\.)?\s+)?Prof(?:essor|esseur|esor|essora|essora|\.)?(?:\s*\.?\s*Dr\.?)? | Drs? | Dr\.?\s?med | Dra | Mr | Mrs | Ms | Miss | Mme | Mlle | MM? | Pr | Me | Hon(?:orable)?
    | Rev(?:erend)? | Fr | Sr | Sra | Srta | Herr | Frau | Eng | Ing | Arch | Barr(?:ister)? | Adv(?:ocate)? | Amb(?:assador)? | Sen(?:ator)?
    | Gen | Col | Capt | Maj | Lt | Sheikh | Cheikh | Alhaji | Alhaja | Hajiya | Malam | Mallam | Chief | Pastor | Mwl | Mhe | Ndugu | Dott | Dott\.ssa | Sig | Doutor | Doutora | Docteur | Doctor
    )(?:\.|(?=\s))\s*(?=\S)""",
    re.VERBOSE | re.IGNORECASE,
)
_ARABIC_TITLE = re.compile(r"(?:أ\.?\s?د\.?|د\.|د|الدكتورة?|دكتورة?|البروفيسور|الأستاذة?|أ\.|م\.|المهندس)\s+(?=\S{2})")


def without_title(name: str) -> tuple[str, str | None]:
    """The name without the title before it, and that title; a title alone is a name."""
    title = _ARABIC_TITLE.match(name) or _TITLE.match(name)
    if (
        not title
        or not title[0].strip()
        or (
            len(title[0].strip()) <= 2
            and title[0].strip() not in ("Dr", "Mr", "Ms", "Pr", "Me", "Sr", "M.", "د", "د.", "م.", "أ.")
        )
    ):
        return name, None
    rest, further = without_title(name[title.end() :])
    return rest, " ".join(filter(None, (title[0].strip(), further)))


def is_organisation(name: str) -> bool:
    """Whether a name is that of an organisation, by a word of it; agencies are."""
    if agency_named(name):
        return True
    return any(
        key_of(each).strip(".'’s") in _FOLDED or key_of(each).strip(".") in _FOLDED
        for each in re.split(r"[\s-]+", name)
    ) or _is_acronym(name)


def _is_acronym(name: str) -> bool:
    return (
        re.fullmatch(
            r"[A-Z]{2,6}|[A-Z]+[a-z]?[A-Z]+(?:\.[a-z]{2,3})?|[A-Za-z]+\.(?:com|org|net|africa|info|news|co\.[a-z]{2})",
            name,
        )
        is not None
    )


def is_name(words: str) -> bool:
    """Whether words have the form of a name, of whomever: capitals, no digits, few words."""
    parts = words.split()
    if not 1 <= len(parts) <= _MOST_WORDS or len(words) > 80:
        return False
    if any(not _WORD.fullmatch(each) for each in parts):
        return False
    if _CASELESS.search(words):
        return len(words) > 1
    if key_of(parts[0]) in _NO_NAMES or key_of(parts[-1]) in _NO_NAMES:
        return False
    if not any(_is_capital(each) and re.search(r"[^\W\d_]{2}", each) for each in parts):
        return False
    return all(_is_capital(each) or each.lower() in _PARTICLES for each in parts)


def is_organisation_name(words: str) -> bool:
    """Whether words have the form of an organisation's name, with small words between capitals, and a word of one."""
    kept = " ".join(each for each in words.split() if each.lower() not in _JOINS)
    return (
        bool(kept)
        and words[:1] != words[:1].lower()
        and is_name(kept)
        and is_organisation(words)
        or (is_name(words) and is_organisation(words))
    )


def is_person(words: str) -> bool:
    """Whether words may be the name of a person: the form of a name, and no word of an organisation."""
    return is_name(words) and not is_organisation(words)


def _is_capital(word: str) -> bool:
    return word[0].isupper() or re.match(r"[a-zA-Z]{1,3}['’ʼ‘`-]+[^\W\d_]", word) is not None and word.lower() != word

"""Whether a byline is the name of one person and nothing else, as most are: told word by word. Pure.

What a byline says beside a name, it says with words of its own: `by`, `and`, `for`, a title, an occupation, a word of
an organisation, of an agency or of the publisher's name. Where none of its words is one of these, there is nothing else
to read. Words come again where names do not, so what was found of a word is remembered.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, lru_cache

from aggregator.tags.agencies import is_of_agency
from aggregator.tags.known_places import key_of
from aggregator.tags.names import without_title
from aggregator.tags.word_lists import generic_bylines, listed

_FEWEST, _MOST = 2, 4  # words
_LONGEST = 80  # characters
# Beside the lists of words: what `bylines` looks for, word for word, as `key_of` makes them.
_OTHERS = """
    by written reported story words text report article compiled posted submitted published contributed par ecrit redige
    publie texte poste propos recueillis por escrito texto redigido publicado ein bericht von testo scritto cura from
    imeandikwa mwandishi daga بقلم كتب كتبت اعداد تقرير كتابه بواسطه حاوره حوار الكاتب
    and et und with avec mit con com plus na da de di e y ed و a ai al an as at au aux aus das del depuis des do du el
    em en for fur in la las le les los mjini nchini of on os para per pour the to told من في
    our notre nosso nossa nuestro nuestra additional further extra reporting writing editing edited translation
    """
# What words begin with that name nobody: `unsere`; in Arabic our correspondents, and `and`, which is written with the
# word behind it.
_BEGINNINGS = ("unser", "مراسل", "موفد", "مندوب", "مبعوث", "و")
# What a house's name has beside its own words, and may be left out of it.
OF_ANY_HOUSE = frozenset(
    ("agency", "agence", "agencia", "news", "press", "presse", "وكاله", "للانباء", "الانباء", "انباء", "صحيفه", "جريده")
)
_ARTICLES = frozenset(("the", "le", "la", "les", "o", "a", "el", "il", "die", "der", "das"))
_TATWEEL = "\u0640"
_LISTS = ("organisations", "occupations", "nobody", "no_names", "opinion", "analysis", "interview", "press_release")


def is_plain_name(byline: str, house: Sequence[str]) -> bool:
    """Whether a byline is one person's name as `bylines` would read it. `house`: names of its publisher.

    False where it may be more than that.
    """
    words = byline.split(" ")
    if not _FEWEST <= len(words) <= _MOST or len(byline) > _LONGEST or not all(map(_is_of_name, words)):
        return False
    key = " ".join(map(key_of, words))
    return not any(all(word in key for word in words) for words in _needed(tuple(house)))


@lru_cache(20_000)
def _is_of_name(word: str) -> bool:
    """Whether a word is one of names alone: with a capital, where its script has any."""
    if len(word) < 2 or not word.isalpha() or _TATWEEL in word:
        return False
    key = key_of(word)
    if not key.isalpha() or key in _others() or key.startswith(_BEGINNINGS) or is_of_agency(key):
        return False
    is_organisation = key.strip("s") in listed("organisations")  # as `names` has it
    return not is_organisation and _has_capital(word) and without_title(f"{word} {word}")[1] is None


def _has_capital(word: str) -> bool:
    return word[0].isupper() or "\u0590" <= word[0] <= "\u08ff" or "\u1200" <= word[0] <= "\u137f"


@cache
def _others() -> frozenset[str]:
    """The words that are no names, or may be more."""
    lists = (word for name in _LISTS for each in listed(name) for word in each.split())
    return frozenset((*_OTHERS.split(), *lists, *(word for each in generic_bylines() for word in each.split())))


@lru_cache(1_000)
def _needed(house: Sequence[str]) -> Sequence[Sequence[str]]:
    """The words of each of a publisher's names, all of which a byline has that names it."""
    names = [key_of(each).split() for each in house]
    bare = [words[1:] if words[0] in _ARTICLES else words for words in names if words]
    return tuple(tuple(word for word in words if word not in OF_ANY_HOUSE) or tuple(words) for words in bare)

"""The forms in which a word that somebody searches for may stand in a report: with an article or an elision before it,
and without. Pure.

Words are looked for in all their forms; how they are stored and indexed is `folding`'s, which identity reads too and
which therefore stays as it is.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from itertools import product

from aggregator.text.folding import fold

MOST_FORMS = 64  # of one phrase; beyond that its other words stand as they are typed

_LEAST = 3  # letters of a word to which an article may belong: the word for God, short words and "l'x" have none

# Arabic: the article, alone and behind the particles that are written with it. The article of "to the" loses a letter.
# The rules are those of the light stemmer of L. S. Larkey, L. Ballesteros and M. E. Connell (2007), with longer words.
_ARTICLE = "ال"
_BEFORE_ARTICLE = ("", "و", "ف", "ب", "ك", "وب", "فب", "وك")
_ARTICLES_WRITTEN = tuple(before + _ARTICLE for before in _BEFORE_ARTICLE)
_TO_THE = ("لل", "ولل", "فلل")
_ARABIC = re.compile("[\u0621-\u064a]+")
_VOWELS = re.compile("[\u0610-\u061a\u0640\u064b-\u0652\u0670]")
# On the letters as they are typed: an alef with a hamza never begins an article. U+0671 does in the Koran.
_WITH_ARTICLE = re.compile("(?:[وف]?[بك]?[اٱ]ل|(?P<to>[وف]?لل))(?P<word>.+)")
_BEHIND_PARTICLE = re.compile("[وف]?[بك]ال|[وف]ال|[وف]?لل")
# Folded words that begin so by chance, where what would be left is another word: Germany, Albania, Baltimore, parents.
_NO_ARTICLE = frozenset((
    "اللهم", "الذين", "اللذان", "اللذين", "اللتان", "اللتين", "المانيا", "المانيه", "الماني", "البانيا", "البانيه",
    "الباني", "بالتيمور", "فالكون", "والدين", "والديه", "والديها", "والديهم", "والديك", "والدان",
))  # fmt: skip

# French, Catalan and Italian: what loses its vowel before a word that begins with one, or with a silent h.
_ARTICLES = frozenset(("l", "d", "all", "dall", "dell", "nell", "sull", "coll", "un"))
# Before verbs and the like, never before names.
_BEFORE_VERBS = frozenset(("j", "m", "t", "s", "n", "c"))
_CONJUNCTIONS = frozenset(("qu", "jusqu", "lorsqu", "puisqu", "quoiqu"))
_ELISION = re.compile("([^\\W\\d_]{1,6})['\u2019\u2018\u00b4\u2032\uff07`](.+)")
_SILENT = frozenset("aeiouyhœæ")
_NO_ELISION = frozenset(("ivoire",))  # the country's name, and not ivory


def word_forms(word: str) -> tuple[str, ...]:
    """Folded forms of one word, any of which finds it; the first is its own."""
    inner = _trimmed(unicodedata.normalize("NFC", word))
    if elided := _after_elision(inner):
        return (fold(elided),)
    return _with_articles(inner) or (fold(word),)


def phrase_forms(words: Sequence[str]) -> tuple[str, ...]:
    """Folded forms of words that stand one behind the other; MOST_FORMS at most. See `forms_of_each`."""
    if not words:
        return ("",)
    return tuple(" ".join(filter(None, each)) for each in product(*forms_of_each(words)))


def forms_of_each(words: Sequence[str]) -> list[tuple[str, ...]]:
    """Folded forms of each of words that stand one behind the other: what may stand before the first is that word's,
    within the phrase there may be an article or none; together they make MOST_FORMS phrases at most.
    """
    forms = [word_forms(words[0])]
    count = len(forms[0])
    for word in words[1:]:
        own, *others = _with_articles(_trimmed(word)) or (fold(word),)
        within = (own, *(form for form in others if not _BEHIND_PARTICLE.match(form)))
        forms.append(within if count * len(within) <= MOST_FORMS else (own,))
        count *= len(forms[-1])
    return forms


def _trimmed(word: str) -> str:
    """Without signs around it."""
    first, last = 0, len(word)
    while first < last and not word[first].isalnum():
        first += 1
    while last > first and not (word[last - 1].isalnum() or unicodedata.combining(word[last - 1])):
        last -= 1
    return word[first:last]


def _after_elision(word: str) -> str | None:
    """What stands behind an elision; None: there is none."""
    found = _ELISION.fullmatch(word)
    if found is None:
        return None
    before, rest = found[1].casefold(), found[2]
    first = re.match(r"\w+", rest)
    if before not in _ARTICLES | _BEFORE_VERBS | _CONJUNCTIONS or first is None or fold(rest)[0] not in _SILENT:
        return None
    is_name = before in _BEFORE_VERBS and rest[0].isupper()
    is_long = len(first[0]) >= _LEAST or (len(first[0]) > 1 and first[0].isupper())  # "l'UE", not "l'or" or "d'un"
    return rest if is_long and not is_name and fold(rest) not in _NO_ELISION else None


def _with_articles(word: str) -> tuple[str, ...]:
    """The forms of an Arabic word with its articles and without; (): it is none, or too short for one."""
    own, *words = stems_of(word) or ("",)
    if not own:
        return ()
    forms = dict.fromkeys((own,))
    for each in words:
        forms |= dict.fromkeys((each, *(f"{before}{_ARTICLE}{each}" for before in _BEFORE_ARTICLE)))
        forms |= dict.fromkeys(before + each.removeprefix("ل") for before in _TO_THE)
    return tuple(form for form in forms if form == own or form not in _NO_ARTICLE)


def stems_of(word: str) -> tuple[str, ...]:
    """Of an Arabic word without signs around it: the word itself, folded, and what its other forms are made of; (): it
    is none, or too short for an article.
    """
    own = fold(word)
    if len(own) < _LEAST or not _ARABIC.fullmatch(own):
        return ()
    found = _WITH_ARTICLE.fullmatch(_VOWELS.sub("", unicodedata.normalize("NFC", word)))
    if found and own not in _NO_ARTICLE and len(bare := fold(found["word"])) >= _LEAST:
        return (own, f"ل{bare}", bare) if found["to"] else (own, bare)
    return (own, own)


def stems_in(folded: str) -> tuple[str, ...]:
    """What a folded word may be a form of: whatever has one of these among its `stems_of`, behind the word itself, has
    this word among its forms.
    """
    if folded in _NO_ARTICLE:
        return ()
    found = [folded]
    found += [folded.removeprefix(each) for each in _ARTICLES_WRITTEN if folded.startswith(each)]
    for rest in [folded.removeprefix(each) for each in _TO_THE if folded.startswith(each)]:
        found += [f"ل{rest}"] if rest.startswith("ل") else [f"ل{rest}", rest]
    return tuple(found)

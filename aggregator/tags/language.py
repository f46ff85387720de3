"""In which language a report is written.

Two steps, because of what they cost (`python -m bench.reading`). `first_look` asks the script, pycld2 and a list of
words; with what it loads it takes 11 MB. It answers None where that is not enough. `language_of` goes on from there: it
asks py3langid, which with numpy takes 90 MB and 0.6 s when it is asked for the first time, and some tens of
microseconds later.

What a caller must do: call `language_of` in one process only, the one that writes; never in the parsing processes, each
of which would load the model anew. A process that must not load it calls `first_look`, and leaves to the other process
what is None. A pass in which nothing is new must not import this module, which loads pycld2. Both take plain text, as
it is when a feed's mark-up has been read; entities, addresses and tags that are left in it do no harm.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Mapping, Sequence
from functools import cache, cached_property, lru_cache
from typing import TYPE_CHECKING

from msgspec import Struct, field

from aggregator.model.tags import LanguageFrom
from aggregator.tags import scripts
from aggregator.tags.confused import are_relatives, by_words, group_of, is_spoken, speaks_for
from aggregator.tags.language_codes import CODES, ONLY_PYCLD2, PY3LANGID, whole
from aggregator.text.languages import primary_subtag

try:
    import pycld2
except ImportError:  # it has no wheel for Python 3.14
    pycld2 = None

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

# Those that find the language of a report here, in the order in which they are asked.
LIBRARIES = ("py3langid",) if pycld2 is None else ("pycld2", "py3langid")

Found = tuple[str | None, LanguageFrom | None]  # a BCP 47 tag, and what says so; both None: not known

_MOST_OF_TITLE, _MOST_OF_TEXT = 500, 300  # characters that are looked at
_ROOM = 60  # characters behind them, in which the last word ends
# Letters: with fewer than these a text says little; an answer is looked at twice; from the last on, none is an answer.
_FEW, _SHORT, _LONG = 25, 60, 120
_MUCH = 50  # percent of a text's words, the others being in no language, where pycld2 is not sure
_SURE = 0.9  # a named language that py3langid finds this likely in a short text is it, whatever pycld2 alone knows
_NAMES = 0.2  # the likeliest language of mere names is less likely than this
_SIGNS_OF_A_LETTER = {"Ethi": 3, "Hang": 3}  # a sign of these scripts counts as so many letters of Latin
_TAG = re.compile("[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8}){0,8}")  # BCP 47, section 2.1
_NO_LANGUAGE = {"und", "mul", "zxx", "mis"}  # ISO 639-2: undetermined, several, none, uncoded

# What says nothing about the language: tags, addresses, names of accounts.
_NOISE = re.compile(
    r"<[^<>]{0,300}>|\b(?:https?://|www\.)\S+|\S+@\S+|[@#][\w.]+|\b[\w-]+\.(?:com|org|net|info|co|africa)\b\S*", re.I
)
_POINT_WITHIN = re.compile(r"\.\w")  # without one and a few signs there is none: a fifth of the time
# What stands unseen within a word; and what is no text (controls, half a pair of surrogates, no characters).
_UNSEEN = re.compile("[\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_NO_TEXT = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
# Letters by which most texts of western Europe are written.
_CP1252 = {code: bytes((code,)).decode("cp1252", "replace") for code in range(256)}
_CAPITALS = bytes(code for code, sign in _CP1252.items() if sign.isupper())
_SMALL = bytes(code for code, sign in _CP1252.items() if sign.islower())


def _is_known(tag: str) -> bool:
    """Whether a library knows the language."""
    return whole(tag) in PY3LANGID or (pycld2 is not None and whole(tag) in ONLY_PYCLD2)


class _Said(Struct, frozen=True, eq=False, dict=True):  # one object for all reports of which the same is said
    """What the feed and the configuration say."""

    stated: str | None  # a tag that is well-formed
    languages: Sequence[str]
    tags: dict[str, str] = field(default_factory=dict)  # see `tag`; of the languages that were asked for

    @cached_property
    def primaries(self) -> tuple[str, ...]:
        return tuple(map(primary_subtag, self.languages)) or ((primary_subtag(self.stated),) if self.stated else ())

    @cached_property
    def wholes(self) -> tuple[str, ...]:
        return tuple(map(whole, self.languages)) or ((whole(self.stated),) if self.stated else ())

    @cached_property
    def unknown(self) -> Found | None:
        """A language that no library knows, where the publisher has one or the feed says one."""
        if self.stated and not _is_known(self.stated):
            is_of_publisher = primary_subtag(self.stated) in map(primary_subtag, self.languages)
            if is_of_publisher or is_spoken(primary_subtag(self.stated)):
                return self._of_stated()
        return next(((each, "configured") for each in self.languages if not _is_known(each)), None)

    def named(self, group: Sequence[str]) -> str | None:
        """The language of the group that is named: the only one, or of several the one that the feed says."""
        named = set(group).intersection(self.wholes)
        if self.stated and len(named) > 1 and whole(self.stated) in named:
            return whole(self.stated)
        return named.pop() if len(named) == 1 else None

    def tag(self, language: str) -> str:
        """The publisher's own tag of this language, such as `fr-CA`; else the language."""
        if language not in self.tags:
            of_publisher = [*self.languages, *([self.stated] if self.stated and not self.languages else [])]
            same = (each for each in of_publisher if primary_subtag(each) == language)
            part = (each for each in of_publisher if whole(each) == language)
            self.tags[language] = next(same, None) or next(part, None) or language
        return self.tags[language]

    def fallback(self, script: str | None = None) -> Found:
        """What holds where the words say nothing: a stated language that the publisher has, else its first, else the
        stated one; of those that are written in this script. Many a French site says `en-US` because its software did.
        """

        def is_possible(tag: str) -> bool:
            return script is None or scripts.is_written_in(primary_subtag(tag), script)

        possible = [each for each in self.languages if is_possible(each)]
        is_of_publisher = not self.languages or primary_subtag(self.stated or "") in map(primary_subtag, possible)
        if self.stated and is_of_publisher and is_possible(self.stated):
            return self._of_stated()
        return (possible[0], "configured") if possible else (None, None)

    def _of_stated(self) -> Found:
        assert self.stated is not None
        return self.tag(primary_subtag(self.stated)) if self.languages else self.stated, "stated"


class _Read(Struct, frozen=True):
    """The words that are looked at."""

    words: str
    script: str | None
    letters: int  # as many as Latin would have


class _Guess(Struct, frozen=True):
    """What pycld2 says."""

    language: str | None
    percent: int = 0  # of the words
    likely: str | None = None  # what it would say, where it is not sure


def first_look(title: str, text: str, stated: str | None, languages: Sequence[str]) -> Found | None:
    """As `language_of`, by the script, pycld2 and the list of words alone; None: these are not sure, ask that."""
    return _first(_read(title, text), _said(stated, languages))[0]


def language_of(title: str, text: str, stated: str | None, languages: Sequence[str]) -> Found:
    """The language of a report as a BCP 47 tag, and what says so.

    `title`, `text`: plain text; the headline and the first 300 characters are looked at. `stated`: what the feed says.
    `languages`: the publisher's, as configured. They decide between languages that are often confused, and where the
    words say nothing; otherwise the words do. Where they name a region or a script, as `fr-CA`, and the language is the
    same, their tag is the answer.

    Loads py3langid in this process where `first_look` is not sure: see above.
    """
    read, said = _read(title, text), _said(stated, languages)
    found, guess = _first(read, said)
    return found or _second(read, said, guess)


def _said(stated: str | None, languages: Sequence[str]) -> _Said:
    return _said_once(stated, tuple(languages))


@lru_cache(1_000)
def _said_once(stated: str | None, languages: tuple[str, ...]) -> _Said:
    tag = (stated or "").strip().replace("_", "-")
    is_tag = _TAG.fullmatch(tag) and primary_subtag(tag) not in _NO_LANGUAGE
    return _Said(tag if is_tag else None, languages)


def _read(title: str, text: str) -> _Read:
    headline, body = _plain(title, _MOST_OF_TITLE), _plain(text, _MOST_OF_TEXT)
    words = f"{headline}\n{body}" if body and not body.startswith(headline) else body or headline
    script, letters = scripts.script_of(words)
    if script is None:
        return _Read("", None, 0)
    return _Read(scripts.only(words, script), script, letters * _SIGNS_OF_A_LETTER.get(script, 1))


def _plain(text: str, most: int) -> str:
    """The first words without what says nothing; a line that is all in capitals in small letters, as both libraries
    learnt from.
    """
    start = _clean(text, most)
    if start is None:
        start = _NO_TEXT.sub(" ", _UNSEEN.sub("", html.unescape(text[: 4 * most])))
        if _may_have_noise(start):
            start = _NOISE.sub(" ", start)
        start = unicodedata.normalize("NFC", " ".join(start.split()))[:most]
    small = start.lower()
    return small if small != start and _is_loud(start) else start


def _clean(text: str, most: int) -> str | None:
    """The first words where nothing of them is to be taken out, as in most texts; None: something may be."""
    start = _spaced(text[: most + _ROOM])
    if len(text) > most + _ROOM and start.rfind(" ") < most:  # the last word, cut, may be an address
        return None
    if "&" in start or not start.isprintable() or _may_have_noise(start):
        return None
    return unicodedata.normalize("NFC", start)[:most]


def _spaced(text: str) -> str:
    """The words of a text with single blanks, as those of most texts have."""
    line = text.replace("\n", " ").strip()
    if "  " not in line and line.isprintable():  # no other blank can be printed
        return line
    return " ".join(text.split())


def _may_have_noise(text: str) -> bool:
    if "<" in text or "@" in text or "#" in text or "//" in text:  # `any` takes three times as long
        return True
    return _POINT_WITHIN.search(text) is not None


def _is_loud(text: str) -> bool:
    """Whether most of its letters are capitals."""
    try:
        written = text.encode("cp1252")
    except UnicodeEncodeError:
        return sum(map(str.isupper, text)) > sum(map(str.islower, text))
    return len(written.translate(None, _CAPITALS)) < len(written.translate(None, _SMALL))


def _first(read: _Read, said: _Said) -> tuple[Found | None, _Guess]:
    """The answer, None where it is not sure; and what pycld2 guessed for the second look."""
    nothing = _Guess(None)
    if read.script is None:
        return said.fallback(), nothing
    if of_script := scripts.language_in(read.script, said.primaries):
        return (said.tag(of_script), "script"), nothing
    guess = _asked(read.words)
    language = guess.language
    if said.unknown and (found := _of_unknown(read, said, guess)):
        return found, guess
    if language is None:
        return _of_likely(read, said, guess), guess
    group = _group(read, said, language)
    worded = by_words(read.words, group)
    if worded and (worded in said.wholes or (read.letters >= _SHORT and worded != "pcm")):
        return (said.tag(worded), "words"), guess
    named = said.named(group or (language,))
    if named == language and (language != "en" or not group):
        is_enough = read.letters >= _FEW
    elif named or (group and language not in ("rn", "ti")):  # which of the group: it is to be looked at again
        is_enough = False
    else:
        is_enough = read.letters >= _SHORT and guess.percent >= 90
    if is_enough and worded in (None, language):
        return (said.tag(language), "words"), guess
    return None, guess


def _of_likely(read: _Read, said: _Said, guess: _Guess) -> Found | None:
    """The only language that pycld2 found in a long text, though it is not sure, where that is a named one."""
    language = guess.likely
    if language is None or language not in said.wholes or said.unknown or group_of(language):
        return None
    return (said.tag(language), "words") if guess.percent >= _MUCH and read.letters >= _LONG else None


def _group(read: _Read, said: _Said, language: str) -> tuple[str, ...]:
    """The languages with which this one may be confused here. English is Pidgin only where a word of that stands."""
    group = group_of(language)
    if language == "en" and "pcm" not in said.wholes and not speaks_for(read.words, "pcm"):
        return ()
    return group


def _of_unknown(read: _Read, said: _Said, guess: _Guess) -> Found | None:
    """The named language that no library knows, unless the words are clearly in another one."""
    assert said.unknown is not None
    tag, how = said.unknown
    if guess.language is None:
        is_alone = not any(map(_is_known, said.wholes))
        return (tag, how) if is_alone and pycld2 is not None else None
    if guess.language not in said.wholes and are_relatives(guess.language, whole(tag or "")):
        return tag, how
    return None


def _asked(words: str) -> _Guess:
    """What pycld2 says where it is sure."""
    if pycld2 is None:
        return _Guess(None)
    try:
        is_reliable, _, details = pycld2.detect(words.encode("utf-8", "ignore"), isPlainText=True)
    except pycld2.error:  # a sign that it does not take for text
        return _Guess(None)
    _, code, percent, _ = details[0]
    language = CODES.get(code, code)
    if not language or code.startswith("xx"):
        return _Guess(None)
    if is_reliable:
        return _Guess(language, percent)
    return _Guess(None, percent, language) if details[1][2] == 0 else _Guess(None)


def _second(read: _Read, said: _Said, guess: _Guess) -> Found:
    """With py3langid's answer, and what pycld2 guessed."""
    chances = _chances(read.words)
    language = guess.language
    if language in ONLY_PYCLD2 and (found := _of_pycld2_alone(read, said, language, chances)):
        return found
    if language in chances:
        chances[language] *= _trust(read, said, language)
        total = sum(chances.values())
        chances = {each: chance / total for each, chance in chances.items()}
    best = max(chances, key=lambda each: chances[each])
    if said.unknown and language is None and not _is_another(said, best, chances[best]):
        return said.unknown
    group = group_of(best) or (best,)
    together = sum(chances.get(each, 0) for each in group)
    next_best = max((chance for each, chance in chances.items() if each not in group), default=0.0)
    if language not in group and together < 0.9 and (found := _of_named(read, said, chances, together)):
        return found
    if together >= _needed(read, language, group) or (read.letters < _LONG and together >= 0.3 > 3 * next_best):
        return _in_group(read, said, language, group, chances)
    return _unsure(read, said, chances[best])


def _is_another(said: _Said, best: str, chance: float) -> bool:
    """Whether it is clearly not the named language that no library knows, of which pycld2 said nothing."""
    assert said.unknown is not None
    named = whole(said.unknown[0] or "")
    if best in said.wholes:
        return chance >= 0.5
    return pycld2 is None and chance >= 0.97 and not are_relatives(best, named) and named not in group_of(best)


def _of_pycld2_alone(read: _Read, said: _Said, language: str, chances: Mapping[str, float]) -> Found | None:
    """The answer of pycld2 where py3langid does not know that language, and so cannot confirm it."""
    group = group_of(language)
    if (
        language not in said.wholes
        and read.letters < _LONG
        and any(chances.get(each, 0) >= _SURE for each in said.wholes)
    ):
        return None
    if not group:
        is_enough = language in said.wholes or read.letters >= _FEW
        return (said.tag(language), "words") if is_enough else None
    if worded := by_words(read.words, group):
        return said.tag(worded), "words"
    if named := said.named(group):
        return said.tag(named), "words" if named == language else "configured"
    known = max(group, key=lambda each: chances.get(each, 0))
    if language in ("ss", "nr") and read.letters < _SHORT:  # more seldom than those that it is confused with
        return said.tag(known), "short"
    return said.tag(language), "words"


def _trust(read: _Read, said: _Said, language: str) -> float:
    """How much more likely a language is made by pycld2's word for it: little by a short headline."""
    if language == "en" and _group(read, said, language):  # it does not know Pidgin
        return 1.0
    if language in said.wholes:
        return 30.0
    return 30.0 if read.letters >= 2 * _SHORT else 5.0 if read.letters >= _SHORT else 2.0


def _needed(read: _Read, guessed: str | None, group: Sequence[str]) -> float:
    """How likely a language, or the group of it, must be. py3langid is sure of itself also in languages that it does
    not know; where the text is long, pycld2 would have known one that both know.
    """
    if guessed in group:
        return 0.4
    if read.script != scripts.LATIN:  # it knows most of those that are written in other scripts
        return 0.4
    if read.letters < _LONG:
        return 0.7
    return 0.98 if pycld2 is not None else 0.9


def _in_group(
    read: _Read, said: _Said, guessed: str | None, group: Sequence[str], chances: Mapping[str, float]
) -> Found:
    """Which one of the languages that are often confused."""
    best = max(group, key=lambda each: chances.get(each, 0))
    if best == "pcm" and not _group(read, said, "en"):
        best = "en"
    how: LanguageFrom = "words" if best == guessed else "short"
    if len(group) == 1:
        return said.tag(best), how
    if best == "pcm" or "pcm" not in group:
        worded = by_words(read.words, group)
        if worded:
            return said.tag(worded), "words"
    named = said.named(group)
    if named and named != best and _may_be(named, best, guessed, chances):
        return said.tag(named), "configured"
    return said.tag(best), how


def _may_be(named: str, best: str, guessed: str | None, chances: Mapping[str, float]) -> bool:
    """Whether a text that looks like one language may as well be in the named one of its group. Where pycld2 alone
    knows that one, it would have said so, but of Rundi: every third text in it is Kinyarwanda to it.
    """
    if named in ONLY_PYCLD2:
        return guessed is None or named == "rn"
    return chances.get(named, 0) * 20 >= chances[best]


def _of_named(read: _Read, said: _Said, chances: Mapping[str, float], best: float) -> Found | None:
    """A language that is named, where a short text may be in it as well."""
    if read.letters >= _LONG:
        return None
    likeliest = max(said.languages, key=lambda each: chances.get(whole(each), 0), default="")
    return (likeliest, "configured") if chances.get(whole(likeliest), 0) * 5 >= best else None


def _unsure(read: _Read, said: _Said, best: float) -> Found:
    """Where no language is likely enough: a named one that no library knows; else what holds without words. But much
    text that looks a little like some language is in one that no library knows and nobody names.
    """
    if said.unknown:
        return said.unknown
    return said.fallback(read.script) if read.letters < _LONG or best < _NAMES else (None, None)


def _chances(words: str) -> dict[str, float]:
    """How likely py3langid thinks each language, from 0 to 1; together at most 1."""
    chances: dict[str, float] = {}
    for code, chance in _identifier().rank(words):
        language = CODES.get(code, code)
        if language:
            chances[language] = chances.get(language, 0.0) + chance
    return chances


@cache
def _identifier() -> LanguageIdentifier:
    """py3langid's model, once a process."""
    # With numpy 90 MB and 0.6 s, measured: only where a text needs it.
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)

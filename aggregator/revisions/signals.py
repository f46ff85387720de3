"""What a publisher's own words say of the fate of its report: withdrawn, or not yet to be published. Pure.

A word counts only as a label, where desks put it: at the head, before a colon, a dash or a closing bracket, or alone.
"Minister withdrawn from ballot" is news, not a withdrawal. It alone knows these labels, in en, fr, pt, es, de, ar, sw.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from functools import cache
from typing import Literal

from aggregator.model import Article
from aggregator.text.dates import read_date

_REPORT = {
    "en": r"(?:story|article|report|item|dispatch|news|post)",
    "fr": r"(?:article|dépêche|information|info|papier)",
    "pt": r"(?:notícia|nota|matéria|artigo|reportagem)",
    "es": r"(?:noticia|nota|artículo|información|despacho)",
    "ar": r"(?:ال)?(?:خبر|مقال|تقرير)",
    "sw": r"(?:habari|taarifa|makala)",
}
# With a noun that can only mean the report, in any case of letters.
_NAMED = r"""(?ix:
    {en} \s+ (?: withdrawn | killed | retracted | removed )
  | (?: withdrawal | retraction ) \s+ of \s+ (?: th(?:is|e)\s+ )? {en}
  | kill \s+ (?: notice | advisory ) | mandatory \s+ kill
  | {fr} \s+ (?: retirée? | annulée? | supprimée? )
  | {pt} \s+ (?: retirad[oa] | anulad[oa] | removid[oa] )
  | {es} \s+ (?: retirad[oa] | anulad[oa] | eliminad[oa] )
  | (?: تم \s+ )? (?: سحب | إلغاء | حذف ) \s+ (?: هذا \s+ | هذه \s+ )? {ar} | {ar} \s+ (?: مسحوب | ملغى | محذوف )
  | {sw} \s+ (?: hii \s+ )? (?: imeondolewa | imefutwa )
)""".format(**_REPORT)
# One word that is a label in any case of letters; and words that are labels only in capitals ("Retirada: tropas ...").
_ALONE = r"(?i:withdrawn|retracted|retraction|imeondolewa)"
_CAPITALS = r"(?:RETIRÉE?|RETIRAD[OA]|ANULAD[OA]|KILL(?:ED)?)"
_LABEL = rf"""(?x) ^ \s* (?:
        [\[(【<«*]+ \s* (?: {_NAMED} | {_ALONE} | (?i:{_CAPITALS}) ) \s* [\])】>»*]
      | (?: {_NAMED} | {_ALONE} ) \s* (?: [:|–—] | -+\s | $ )
      | (?P<capitals> {_CAPITALS} ) \s* (?: [:|] | [–—] | --+ )
    )"""
# A whole headline that says so of itself.
_SENTENCE = r"""(?ix) ^\W* (?:
        this \s+ {en} \s+ (?: has\ been | was | is ) \s+ (?: withdrawn | retracted | killed | removed )
      | (?: cet | cette | ce | l['’] ) \s* {fr} \s+ (?: a\ été | est ) \s+ (?: retirée? | annulée? | supprimée? )
      | est[ea] \s+ {pt} \s+ foi \s+ (?: retirad[oa] | removid[oa] | anulad[oa] )
      | est[ea] \s+ {es} \s+ (?: fue | ha\ sido ) \s+ (?: retirad[oa] | eliminad[oa] | anulad[oa] )
    ) \W* $""".format(**_REPORT)

# Labels that can only mean an embargo on the report; what follows says until when.
_EMBARGO = r"""(?ix) ^ [\s\[(【*_"“«]* (?:
        (?:strictly\s+)? embargoed \s+ (?: for\ (?:release|publication) \s* )? (?: until | till | to | for ) \b
      | (?:strictly\s+)? under \s+ (?:strict\s+)? embargo \s+ (?: until | till | to ) \b
      | (?:strictly\s+)? not \s+ (?: to\ be\ (?:published|released|broadcast) | for\ (?:publication|release|broadcast) )
          \s+ (?: before | until )
      | sous \s+ embargo \s+ (?: strict \s+ )? jusqu['’] (?: au? \b | à | en \b | aux \b )?
      | (?: sob \s+ )? embargo \s+ até \b | embargad[oa] \s+ até \b
      | embargad[oa] \s+ hasta \b | (?: bajo \s+ )? embargo \s+ hasta \b
      | sperrfrist \s* (?: bis )? | gesperrt \s+ bis \b
      | (?: محظور | ممنوع | يحظر | يمنع ) \s+ (?: من \s+ )? النشر \s+ (?: حتى | قبل | إلى )
      | isitangazwe \s+ kabla \s+ ya \b
    ) \s* [:：]? \s* (?P<rest> .* )"""
# Labels that may as well open a story about an arms embargo: they count only where a time can be read behind them.
_PERHAPS = r"(?i)^[\s\[(【*_\"“«]*(?:embargo(?:ed)?(?:\s+until)?)\s*[:：–—-]?\s*(?P<rest>\S.*)"
# When the first article asks for it, so that a pass that brings none starts sooner: these are slow to compile.
_compiled: Callable[[str], re.Pattern[str]] = cache(re.compile)
_LABELLED = 500  # characters of a text in which a label and its date stand
_MOST_WORDS = 14  # "00:01 hours GMT on the morning of Monday, the 23rd of November, 2026"
_MOST_SMALL_WORDS = 4  # before the date: "the morning of", "às", "le"
_AROUND = " \t\u00a0:;,.|–—-_*()[]{}【】\"'“”«»<>"


def is_withdrawal(article: Article) -> bool:
    """Whether the headline says that the publisher has withdrawn this report.

    "Annule et remplace" and "Refile" bring a new version and are none. Words that are also news ("KILLED", "RETIRADA")
    count in capitals only, and not where the whole headline stands in capitals.
    """
    title = article.title[:_LABELLED]
    found = _compiled(_LABEL).match(title)
    if found is None:
        return bool(_compiled(_SENTENCE).match(title))
    return found["capitals"] is None or not title[found.end() :].isupper()


def embargo_of(article: Article, received: datetime) -> datetime | Literal["unreadable"] | None:
    """Until when the publisher asks to hold the report, in aware UTC; None: it does not, or the time has passed.

    "unreadable": it asks, but until when cannot be said for sure, so a person must look. A time without a zone is UTC,
    a day without a time begins at midnight.
    """
    for said in (article.title, article.summary, article.text):
        line = said[:_LABELLED].partition("\n")[0]
        if found := _compiled(_EMBARGO).match(line):
            until = _first_date(found["rest"])
            return "unreadable" if until is None else _still(until, received)
        if (found := _compiled(_PERHAPS).match(line)) and (until := _first_date(found["rest"], small_words=0)):
            return _still(until, received)
    return None


def _still(until: datetime, received: datetime) -> datetime | None:
    return until if until > received else None


def _first_date(rest: str, small_words: int = _MOST_SMALL_WORDS) -> datetime | None:
    """The longest reading at the head of a line, behind at most so many small words."""
    words = rest.split()[: _MOST_WORDS + small_words]
    for start in range(min(len(words), small_words + 1)):
        if any(character.isdigit() for word in words[:start] for character in word):
            return None  # "10:00 GMT, Friday": a part of what was said must not pass for the whole
        for end in range(min(len(words), start + _MOST_WORDS), start, -1):
            if moment := read_date(" ".join(words[start:end]).strip(_AROUND)):
                return moment
    return None

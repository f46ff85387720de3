"""Whether a headline is labelled as advertising: what is paid for is never the same report as what is not. Pure.

A word counts only as a label: at the beginning or the end, in brackets or before a colon, a bar or a dash.
"""

from __future__ import annotations

import re
from functools import cache

from aggregator.text.folding import fold

# en, fr, es, pt, de, ar, sw
_LABELS = """
sponsor | sponsored | sponsored post | sponsored content | sponsored story | advertisement | advertorial | advert | ad
paid post | paid content | paid partnership | partner content | promoted
sponsorisé | contenu sponsorisé | article sponsorisé | publicité | publireportage | publi-reportage | publirédactionnel
publi-rédactionnel | contenu partenaire
patrocinado | contenido patrocinado | publicidad | publirreportaje | contenido de marca
conteúdo patrocinado | publicidade | publieditorial | informe publicitário | conteúdo de marca
anzeige | werbung | gesponsert | sponsored by | bezahlter inhalt
إعلان | محتوى برعاية | محتوى مدفوع | إعلان مدفوع
tangazo | tangazo la biashara | imedhaminiwa
"""


@cache
def _marked() -> re.Pattern[str]:
    """Compiled when the first article asks for it, so that a pass that brings none starts sooner."""
    labels = (re.escape(fold(label)) for label in re.split(r"\s*[|\n]\s*", _LABELS.strip()))
    label = "|".join(sorted(labels, key=len, reverse=True))
    return re.compile(
        rf"""(?x) ^\W* [\[(【{{] \s* (?:{label}) \b [^\])】}}]{{0,40}} [\])】}}]  # [Sponsor] ..., (Sponsored by ...)
          | ^\s* (?:{label}) \s* (?: [:|] | [–—] | -+\s )
          | [\[(【{{] \s* (?:{label}) \s* [\])】}}] \W*$
          | [|–—] \s* (?:{label}) \s*$"""
    )


def is_advertising(folded_title: str) -> bool:
    """`folded_title`: as `fold` returns it."""
    return bool(_marked().search(folded_title))

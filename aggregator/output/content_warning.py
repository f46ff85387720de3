"""What a publisher warns of before its report is read: violence, suffering, death, in its own words."""

from __future__ import annotations

import re

from aggregator.model.release import Release

_LOOKED_AT = 6  # lines at the beginning of a text
_LONGEST = 240  # characters of a line that is a warning
# IPTC, NewsCodes: the signal sig:cwarn, and the scheme https://cv.iptc.org/newscodes/contentwarning/.
_CODE = re.compile(r"(?i)(?:https?://cv\.iptc\.org/newscodes/contentwarning/|cwarn(?:ing)?:|sig:cwarn\b:?)(\w*)")
_OF_WHAT = (
    r"graphic|disturbing|distressing|upsetting|explicit|violen\w*|sensitive|nudity|suicide|sexual"
    r"|choquant\w*|difficiles?|sensibles?|explicites?|insoutenables?|éprouvant\w*"
    r"|chocantes?|sensíve(?:l|is)|fortes|perturbador\w*|explícit\w*|gráfic\w*"
    r"|kutisha|kusikitisha|kuogofya|صادمة|قاسية|عنيفة|حساس\w*|مؤلمة"
)
_WARNS = (
    r"warning|caution|avertissement|attention|mise en garde|aviso|atenção|alerta|advertencia|onyo|tahadhari"
    r"|تحذير|تنبيه"
)
_LINE = re.compile(
    rf"(?i)\W*(?:(?:content|trigger) (?:note|warning)\b|viewer discretion\b|graphic content\b|contenu sensible\b"
    rf"|conteúdo sensível\b|(?:{_WARNS})\b[^.]*?\b(?:{_OF_WHAT})\b)"
)


def content_warning(release: Release) -> str | None:
    """The publisher's own line, of what leaves of its words, or the name of its code, such as `violence`; None: it
    warns of nothing.
    """
    lines = (release.headline, *(release.text or release.summary).splitlines()[:_LOOKED_AT])
    if said := next((each.strip() for each in lines if len(each) <= _LONGEST and _LINE.match(each)), None):
        return said
    codes = (_CODE.match(each) for each in release.categories)
    names = [code[1] or code[0] for code in codes if code]
    return ", ".join(dict.fromkeys(names)) or next(filter(_LINE.match, release.categories), None)

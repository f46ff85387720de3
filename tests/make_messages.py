"""`python -m tests.make_messages` writes the catalogues of the pages anew from the templates and the code; so does
`make messages`. What was translated is kept; what is not translated is left empty, and is shown in English.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import redirect_stderr
from functools import cache
from io import BytesIO, StringIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.pofile import read_po, write_po

from aggregator.web.pages.reader import INTERFACES
from tests import ROOT

ROOM = ROOT / "aggregator" / "web"
FOLDER = ROOM / "locales"
LANGUAGES = tuple(each for each in INTERFACES if each != "en")  # the messages are English
# By the name of a function which of its arguments are messages, as xgettext's --keyword has it.
_KEYWORDS = {"gettext": None, "N_": None, "_": None, "ngettext": (1, 2)}
# What pages say of a request that cannot be answered: a title and a detail. The API says many more, in English.
_PROBLEMS = ({"Problem": (2,)}, {"Problem": (3,)})
_WITH_PROBLEMS = ("pages/*.py", "desk_pages/*.py", "limits.py", "parameters.py", "problems.py", "refusals.py")
# Those of web.pages.writing, where they change what is read.
_JINJA = {"trim_blocks": "true", "lstrip_blocks": "true", "newstyle_gettext": "true", "silent": "false"}
_NONE: Mapping[str, str] = {}
# Fields of the header that change with the day or the machine, or say nothing here.
_LEFT_OUT = (
    "Generated-By", "Language-Team", "Last-Translator", "PO-Revision-Date", "POT-Creation-Date", "Project-Id-Version",
    "Report-Msgid-Bugs-To",
)  # fmt: skip
# A message: the English sentence, or those for one and for several.
Message = str | tuple[str, ...]


def path(language: str) -> Path:
    return FOLDER / f"{language}.po"


@cache
def extracted() -> tuple[tuple[str, Message], ...]:
    """Every message of templates and code, with the path of its file below aggregator/web/."""
    return tuple(_all())


def _all() -> Iterator[tuple[str, Message]]:
    yield from _extracted("jinja2.ext:babel_extract", ("templates/**/*.html",), {**_KEYWORDS, "trans": None}, _JINJA)
    yield from _extracted("python", ("**/*.py",), _KEYWORDS)
    with redirect_stderr(StringIO()):  # babel warns of details that are made when it happens, which stay English
        yield from [each for keywords in _PROBLEMS for each in _extracted("python", _WITH_PROBLEMS, keywords)]


def _extracted(
    method: str,
    patterns: Iterable[str],
    keywords: Mapping[str, tuple[int, ...] | None],
    options: Mapping[str, str] = _NONE,
) -> Iterator[tuple[str, Message]]:
    for file in sorted(found for pattern in patterns for found in ROOM.glob(pattern)):
        with file.open("rb") as opened:
            for _line, message, _comments, _context in extract(method, opened, keywords, (), options):
                yield file.relative_to(ROOM).as_posix(), message


def updated(language: str) -> str:
    """The catalogue of a language as it is to be: each message once, in the order of its English words."""
    file = path(language)
    old = read_po(BytesIO(file.read_bytes()), locale=language) if file.is_file() else Catalog(language)
    new = Catalog(language, header_comment="", fuzzy=False)
    # A message may be given alone in one place and with its plural in another: it is one entry, with the plural.
    for _file, message in sorted(extracted(), key=lambda each: isinstance(each[1], str)):
        if isinstance(message, str) and message in new:
            continue
        kept = old.get(message if isinstance(message, str) else message[0])
        fits = kept is not None and not kept.fuzzy and (not kept.string or _plural(kept.string) == _plural(message))
        new.add(message, kept.string if kept is not None and fits else None)
    written = BytesIO()
    write_po(written, new, width=0, no_location=True, sort_output=True, ignore_obsolete=True)
    lines = written.getvalue().decode().splitlines(keepends=True)
    return "".join(line for line in lines if not line.startswith(tuple(f'"{field}:' for field in _LEFT_OUT)))


def _plural(said: object) -> bool:
    return isinstance(said, tuple | list)


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for each in LANGUAGES:
        path(each).write_text(updated(each), encoding="utf-8")

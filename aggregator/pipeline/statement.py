"""What the people who run the wire say of it: a Markdown file of theirs, as HTML for a page."""

from __future__ import annotations

from collections.abc import Sequence

from markdown_it import MarkdownIt
from markdown_it.token import Token

from aggregator.model import Wire
from aggregator.model.errors import ManuscriptError
from aggregator.pipeline.paths import Paths
from aggregator.text.markup import safe

_MOST = 200_000  # bytes of the file
_LAST = 6  # level of headings


def statement(paths: Paths, wire: Wire, level: int) -> str | None:
    """The file that `statement` of wire.toml names, as HTML that is safe to show, whose highest headings are of this
    level; None: it names none. HTML in the file is shown as it is typed, and no pictures are. Raises ManuscriptError.
    """
    if wire.statement is None:
        return None
    file = paths.config_folder() / wire.statement
    try:
        with file.open("rb") as opened:
            said = opened.read(_MOST + 1)
        text = said.decode("utf-8-sig")
    except OSError as error:
        said_of = f"{file}: found no readable file ({error.strerror}), expected what `statement` of wire.toml names"
        raise ManuscriptError([said_of]) from None
    except UnicodeDecodeError:
        raise ManuscriptError([f"{file}: found bytes that are not UTF-8, expected text in UTF-8"]) from None
    if len(said) > _MOST:
        raise ManuscriptError([f"{file}: found a file of more than {_MOST:,} bytes, expected a shorter one"])
    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = parser.parse(text)
    _lower(tokens, level)
    return safe(str(parser.renderer.render(tokens, parser.options, {})), None)


def _lower(tokens: Sequence[Token], level: int) -> None:
    """Headings of the file under those of the page, without a level between them that is not used."""
    headings = [token for token in tokens if token.type in ("heading_open", "heading_close")]
    levels = sorted({token.tag for token in headings})
    for token in headings:
        token.tag = f"h{min(_LAST, level + levels.index(token.tag))}"

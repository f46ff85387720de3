"""Makes what a publisher, a server or a file's name says fit for where it goes: a line, an address, JSON, a log, CSV.

Every output of the program uses one of these functions. Unfit anywhere are control characters (C0, DEL, C1), which
drive terminals; characters that turn or isolate the reading direction of what follows (Unicode Standard Annex 9,
section 2), and deprecated ones like them (Unicode 23.3); line ends where there is one line; lone surrogates, U+FFFE and
U+FFFF, which are no text. Marks of direction (U+200E, U+200F, U+061C), joiners (U+200C, U+200D) and zero-width spaces
stay: Arabic, Persian, Khmer and Indic scripts need them, and they move nothing but their neighbours.
"""

from __future__ import annotations

import ipaddress
import json
import re
import shlex
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote, urlsplit

from aggregator.model.escaping import UNFIT, code_point
from aggregator.model.escaping import escaped as escaped

MOST_ADDRESS = 4_096  # characters, all of them ASCII; half of what every server should take (RFC 9110 section 4.1)
MOST_MESSAGE = 500  # characters of a message that quotes a document

# What ends a line somewhere: for Python, Unicode (5.8), browsers, spreadsheets.
_BREAK = re.compile("\r\n|[\n\v\f\r\x85\u2028\u2029]")
_BREAKS = re.compile("[\t\n\v\f\r\x1c-\x1f\x85\u2028\u2029]+")
_SURROGATE = re.compile("[\ud800-\udfff]")


# Words


def line(value: str) -> str:
    """One line: line ends and tabs are a space, what else is unfit is left out."""
    return lines(_BREAKS.sub(" ", value)) if UNFIT.search(value) or "\n" in value else value


def lines(value: str, indent: str = "") -> str:
    """A text of several lines. `indent` stands before all lines but the first, so that none of them can pass for a line
    of ours.
    """
    if UNFIT.search(value):
        value = _SURROGATE.sub("\ufffd", _BREAK.sub("\n", value)).replace("\t", " ")
        value = UNFIT.sub("", value)
    return value.replace("\n", "\n" + indent) if indent else value


# Addresses

_HOST = r"(?:[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,62})\.)*[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,62})\.?"
_MOST_HOST = 253  # characters (RFC 1035 section 2.3.4)
_PLACE = r"[A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-Fa-f]{2}"  # RFC 3986 section 3.3: pchar and "/"
_MORE = rf"{_PLACE}|\?"  # sections 3.4 and 3.5
_SOUND = re.compile(
    rf"https?://(?=[^/?#]{{1,{_MOST_HOST}}}(?:[/?#]|\Z)){_HOST}(?:/(?:{_PLACE})*+)?(?:\?(?:{_MORE})*+)?(?:#(?:{_MORE})*+)?"
)
_NOT_OF_A_PLACE = re.compile(r"%(?![0-9A-Fa-f]{2})|[^A-Za-z0-9._~!$&'()*+,;=:@/%-]")
_NOT_OF_MORE = re.compile(r"%(?![0-9A-Fa-f]{2})|[^A-Za-z0-9._~!$&'()*+,;=:@/?%-]")
_WRAPPED = re.compile("[\t\n\r]+")
_AROUND = "".join(map(chr, range(0x21)))


def address(value: str | None) -> str | None:
    """A web address as RFC 3986 has it: http or https, a host, and no character that has no place in one. None for
    anything else, and for one that is longer than MOST_ADDRESS. A sound address is returned as it is.

    What has no place is percent-encoded, and a host outside ASCII is written in ASCII (RFC 3490). Left out are line
    ends and tabs, as browsers do (RFC 3986, appendix C; WHATWG URL, "basic URL parser"), and a user name, behind which
    the host can be hidden (RFC 3986 section 7.6).
    """
    if value is None or len(value) > MOST_ADDRESS:
        return None
    if _SOUND.fullmatch(value):
        return value
    value = _SURROGATE.sub("\ufffd", _WRAPPED.sub("", value).strip(_AROUND))
    try:
        parts = urlsplit(value)
        host, port = _host(parts.hostname or ""), parts.port
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not host or "\\" in parts.netloc:
        return None
    path = _NOT_OF_A_PLACE.sub(_encoded, parts.path)
    more = [(mark, said) for mark, said in (("?", parts.query), ("#", parts.fragment)) if said]
    rest = "".join(mark + _NOT_OF_MORE.sub(_encoded, said) for mark, said in more)
    made = f"{parts.scheme}://{host}{'' if port is None else f':{port}'}{path}{rest}"
    return made if len(made) <= MOST_ADDRESS else None


def _host(host: str) -> str:
    """The host as it is asked for; '' for what is none. Raises ValueError."""
    if len(host) > _MOST_HOST:  # before it is encoded, which takes the square of its length
        return ""
    if ":" in host:
        return f"[{ipaddress.IPv6Address(host)}]" if "%" not in host else ""
    name = host if host.isascii() else host.encode("idna").decode("ascii")
    return name if re.fullmatch(_HOST, name) else ""


def _encoded(found: re.Match[str]) -> str:
    return quote(found[0], safe="")


# Machines


def as_json(value: Any, *, indent: int | None = None, default: Callable[[Any], Any] | None = None) -> str:
    r"""JSON that loses nothing and holds nothing unfit: such characters stand as \u009b (RFC 8259 section 7), and all
    others as they are, so that every script stays legible. Without `indent` it is one line.
    """
    said = json.dumps(value, ensure_ascii=False, indent=indent, default=default)
    # Only strings can hold such characters; the line ends of `indent` are none of them.
    return UNFIT.sub(lambda found: code_point(found[0]), said)


_PLAIN_VALUE = re.compile(r"[^\s\"'=\\]+")


def log_line(said: Mapping[str, object]) -> str:
    """`key=value` pairs, of those that are not None: one line. A text with a blank, a quote or the like is a string of
    JSON.
    """
    return " ".join(f"{key}={_log_value(value)}" for key, value in said.items() if value is not None)


def _log_value(value: object) -> str:
    said = str(value)
    return said if _PLAIN_VALUE.fullmatch(said) and not UNFIT.search(said) else as_json(said)


def shown(value: object) -> str:
    """A value of a row as text, not yet fit to be printed: None is empty, a BLOB hexadecimal digits, several values
    stand with a space between them.
    """
    if isinstance(value, tuple):
        return " ".join(map(str, value))
    return "" if value is None else value.hex() if isinstance(value, bytes) else str(value)


# What spreadsheets take for the beginning of a formula: also in the wide forms of East Asia, which some make narrow,
# and behind blanks and signs without width, which some leave out.
_FORMULA = re.compile(
    "[\t\r]|[\\s\u00ad\u061c\u180e\u200b-\u200f\u2060-\u2064\ufe00-\ufe0f]*[=+@\uff1d\uff0b\uff20\uff0d\u2212-]"
)


def cell(value: object, *, verbatim: bool = False) -> object:
    """A cell of CSV. Before a text that a spreadsheet would take for a formula stands an apostrophe, unless `verbatim`;
    before a number never. A BLOB is hexadecimal digits.
    """
    if value is None or isinstance(value, int | float):
        return value
    said = value.hex() if isinstance(value, bytes) else str(value)
    fit = lines(said)
    is_formula = bool(_FORMULA.match(said) or _FORMULA.match(fit))
    return f"'{fit}" if is_formula and not verbatim else fit


def argument(value: str) -> str:
    """One word of a command line that a person copies into a shell."""
    return shlex.quote(line(value))


def counted(number: int, what: str, many: str | None = None) -> str:
    """`1 source`, `2,159 sources`; `many`: what more than one are called, where that is not `what` with an s."""
    return f"{number:,} {what if number == 1 else many or f'{what}s'}"

"""Values of the config files: texts, addresses, keys, times, each with what is expected of it in words."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from aggregator.config.keys import KEY, KEY_EXPECTED
from aggregator.model.errors import SearchError
from aggregator.rights import did_you_mean, is_address
from aggregator.text import database_urls, query, timezones
from aggregator.text.emails import is_email
from aggregator.text.printable import line
from aggregator.text.urls import host_fault, is_host

# `${NAME}`, for which a variable of the environment is filled in while a request is sent.
_PLACEHOLDER = re.compile(r"\$\{[A-Z_][A-Z0-9_]*\}")
_LATEST = datetime(9000, 1, 1, tzinfo=UTC)  # so that no time that `changed:` names is in the future
SEVERAL = Field(min_length=1, max_length=1_000)


def _that(holds: Callable[[str], bool], expected: str) -> AfterValidator:
    """A check of a text that words what it expected."""

    def check(value: str) -> str:
        if not holds(value):
            raise PydanticCustomError("unexpected", "{expected}", {"expected": expected})
        return value

    return AfterValidator(check)


def _like(pattern: str, expected: str) -> AfterValidator:
    compiled = re.compile(pattern)
    return _that(lambda value: compiled.fullmatch(value) is not None, expected)


def _is_network(value: str) -> bool:
    try:
        ipaddress.ip_network(value)
    except ValueError:
        return False
    return True


def _is_place(value: str) -> bool:
    host, _, port = value.rpartition(":")
    return is_host(host.strip("[]")) and port.isascii() and port.isdecimal() and 0 < int(port) < 65_536


def _is_template(value: str) -> bool:
    """Whether a text has a `${NAME}`, and nothing that only looks like one."""
    rest = _PLACEHOLDER.sub("", value)
    return rest != value and "${" not in rest and rest.isprintable()


def _has_host(value: str) -> str:
    """A check that words what is wrong with a host in another script than Latin."""
    if why := host_fault(value):
        expected = f"a host that can be looked up by IDNA 2008 (RFC 5891); of this one: {why}"
        raise PydanticCustomError("unexpected", "{expected}", {"expected": expected})
    return value


def _has_time_zone(value: str) -> str:
    """A check that says which name may have been meant."""
    if not timezones.is_known(value):
        expected = 'a time zone of the IANA database, such as "Africa/Bamako", or "UTC"'
        expected += did_you_mean(value, timezones.names())
        raise PydanticCustomError("unexpected", "{expected}", {"expected": expected})
    return value


def _finds(value: str) -> str:
    """A check that says why words can find nothing."""
    try:
        query.parse(value, _LATEST)
    except SearchError as error:
        expected = f"words as `aggregator search` takes them; of these: {error}"
        raise PydanticCustomError("unexpected", "{expected}", {"expected": expected}) from None
    return value


def _is_source_address(value: str) -> bool:
    """An address whose path and query may have `${NAME}`. Its host may not: whom the wire asks is no secret."""
    before, fragment = re.split(r"(?<=[^/:])[/?#]", value, maxsplit=1)[0], value.partition("#")[2]
    return is_address(_PLACEHOLDER.sub("NAME", value)) and "${" not in before + fragment


def _has_valid_host(value: str) -> bool:
    """Whether the host of an address is valid. True also of what has other faults, which `is_address` finds."""
    try:
        host = urlsplit(value).hostname or ""
    except ValueError:
        return True
    return not re.fullmatch(r"[^\s{}]+", host) or is_host(host)


def _has_valid_port(value: str) -> bool:
    """Whether the port of an address is valid, or it has none. True also of what has other faults."""
    try:
        parts = urlsplit(value)
    except ValueError:
        return True
    port = re.search(r":([^:\]@]*)$", parts.netloc)
    if port is None or not port[1] or "{" in port[1]:
        return True
    return port[1].isascii() and port[1].isdigit() and 0 < int(port[1]) < 65_536


def _is_contact(value: str) -> bool:
    return is_email(value) or is_address(value)


Argument = Annotated[str, _like(r"[^\x00]+", "a program or one argument of it, not empty")]
Line = Annotated[str, _like(r"(?=.*\S)[^\x00-\x1f\x7f{}]+", "one line of text without braces")]
_valid_host = _that(_has_valid_host, "a valid host: a name such as daily.example, or an IP address such as 192.0.2.1")
_valid_port = _that(_has_valid_port, "a port from 1 to 65535 behind the host, or none")
Address = Annotated[
    str,
    _valid_host,
    _valid_port,
    _that(is_address, "an http or https address, such as https://daily.example/, without user name or braces"),
    AfterValidator(_has_host),
]
SourceAddress = Annotated[
    str,
    _valid_host,
    _valid_port,
    _that(
        _is_source_address,
        "an http or https address, such as https://daily.example/feed, without user name or braces, "
        "but for ${NAME} in path or query",
    ),
    AfterValidator(_has_host),
]
Secret = Annotated[
    str, _that(_is_template, "${NAME}, where NAME is a variable of the environment: these files hold no secrets")
]
DatabaseUrl = Annotated[
    str,
    _that(
        lambda value: database_urls.is_sound(value) and not database_urls.holds_password(value),
        f"{database_urls.EXPECTED}, where NAME is a variable of the environment: these files hold no secrets",
    ),
]
# How a publisher describes itself: it stands beside its name, where there is room for a few words.
_MOST_STANCE = 100
Stance = Annotated[
    str,
    _that(
        lambda value: value == line(value).strip() != "" and len(value) <= _MOST_STANCE and not set(value) & set("{}"),
        f"at most {_MOST_STANCE} printable characters in one line, without braces, in the publisher's own words",
    ),
]
SecureAddress = Annotated[
    Address,
    _that(lambda value: value.startswith("https://"), "an https address, of the page on which the publisher says it"),
]
Reachable = Annotated[str, _that(_is_contact, "an e-mail address or the address of a page")]
Email = Annotated[str, _that(is_email, "an e-mail address, such as desk@wire.example")]
Key = Annotated[str, _like(KEY.pattern, KEY_EXPECTED)]
Country = Annotated[str, _like("[A-Z]{2}", 'two capital letters of ISO 3166-1, or "XA" (Africa) or "XW" (the world)')]
Language = Annotated[str, _like(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*", 'a language of BCP 47, such as "fr" or "pt-MZ"')]
Network = Annotated[str, _that(_is_network, 'a CIDR block, such as "127.0.0.0/8"')]
# RFC 9309 section 2.2.1: the product token has only these characters.
RobotsToken = Annotated[str, _like("[A-Za-z_-]+", "a product token of RFC 9309: letters, underscores and hyphens")]
UserAgent = Annotated[str, _like(r"[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?", "one line of printable ASCII")]
# RFC 9110 section 5.1: a token; with an underscore web servers take it for another one, or leave it out.
FieldName = Annotated[str, _like("[A-Za-z0-9-]{1,64}", 'the name of a field of HTTP, such as "Remote-User"')]
Host = Annotated[
    str,
    _that(is_host, 'a valid host, such as "m.daily.example"'),
    _like(r"[a-z0-9-]+(\.[a-z0-9-]+)+", 'a host in small letters, such as "m.daily.example"'),
]
MailHost = Annotated[str, _that(is_host, 'a host or an IP address, such as "mail.wire.example"')]
Listen = Annotated[str, _that(_is_place, 'an address and a port, such as "127.0.0.1:8080" or "[::1]:8080"')]
Prefix = Annotated[str, _like(r"(/[^/?#\s]+)+", 'the beginning of a path without a slash at its end, such as "/print"')]
Parameter = Annotated[str, _like(r"[^\s=&?*]+", 'the name of a parameter, such as "id"')]
Pattern = Annotated[str, _like(r"[^\s=&?*\[]+\*?", 'the name of a parameter, or how names begin, such as "from_*"')]
Mark = Annotated[
    str, _like(f"{KEY.pattern}@[0-9a-f]{{16}}", "KEY@DIGEST, as `aggregator add` writes it; or leave this key out")
]
Clock = Annotated[str, _like(r"(?:[01]\d|2[0-3]):[0-5]\d", 'a time of the day from "00:00" to "23:59"')]
TimeZone = Annotated[str, AfterValidator(_has_time_zone)]
MarkdownFile = Annotated[
    str,
    _like(r"[A-Za-z0-9_-][A-Za-z0-9_.-]*\.md", 'the name of a Markdown file beside wire.toml, such as "statement.md"'),
]
Minutes = Annotated[float, Field(gt=0, le=527_040, allow_inf_nan=False)]  # at most a year
Found = Annotated[str, AfterValidator(_finds)]  # words of a search

# Words or categories of a rule, none of them twice as long as a headline.
_MOST_WORDS = 200


def _some(values: tuple[str, ...]) -> tuple[str, ...]:
    """A check of how many there are, which is not made where one of them has a fault."""
    if not values:
        raise PydanticCustomError("too_short", "an empty list")
    if len(values) > _MOST_WORDS:
        raise PydanticCustomError("too_long", "a long list", {"max_length": _MOST_WORDS})
    return values


Words = Annotated[tuple[Annotated[Line, Field(max_length=200)], ...], AfterValidator(_some)]

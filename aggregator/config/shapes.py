"""The shapes of the config files in their own words and units; this file alone knows pydantic's models and errors."""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import field as default
from dataclasses import is_dataclass, make_dataclass
from datetime import UTC, datetime, timedelta
from types import UnionType
from typing import Annotated, Any, Generic, Literal, TypeVar, Union, get_args, get_origin, get_type_hints
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct, field
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

from aggregator.model import (
    Channel,
    ComplaintSettings,
    Corrections,
    EngineSettings,
    FetchSettings,
    Group,
    IdentityRules,
    IdTrust,
    Images,
    ItemClass,
    Kind,
    MailSecurity,
    MailSettings,
    MessageFormat,
    NotifySettings,
    PagesMode,
    PicturesSettings,
    PollSettings,
    Rights,
    ServeSettings,
    StoreSettings,
    TakeSettings,
    Template,
    Weekday,
    When,
    WithheldFirst,
)
from aggregator.model.errors import SearchError
from aggregator.model.publisher import Uses
from aggregator.rights import did_you_mean, fault, is_address
from aggregator.text import database_urls, query, timezones
from aggregator.text.emails import is_email
from aggregator.text.printable import line
from aggregator.text.urls import host_fault, is_host

# The rows of parse.PARSERS, and what has yet to be found.
SourceKind = Literal["feed", "jsonfeed", "wordpress", "sitemap", "discover"]

KEY = re.compile("[a-z0-9][a-z0-9-]*")  # of a publisher and of a source: it stands in addresses and on command lines
KEY_EXPECTED = "small letters a-z, digits and hyphens"

# `${NAME}`, for which a variable of the environment is filled in while a request is sent.
_PLACEHOLDER = re.compile(r"\$\{[A-Z_][A-Z0-9_]*\}")
SECRETS = ("username", "password", "bearer")  # keys whose values no fault shows
SIGNING = ("secret", "second_secret")  # likewise, of a subscriber

_MOST_TOLD = 100  # recipients of one search
_LATEST = datetime(9000, 1, 1, tzinfo=UTC)  # so that no time that `changed:` names is in the future
T = TypeVar("T", covariant=True)  # so that a caller may take `T | None` apart
_FETCH = FetchSettings()
_POLL = PollSettings()
_STORE = StoreSettings()
_PICTURES = PicturesSettings()
_SERVE = ServeSettings()
_NOTIFY = NotifySettings()
_ENGINE = EngineSettings()
_COMPLAINTS = ComplaintSettings()
_TAKE = TakeSettings()
_CONFIG = ConfigDict(extra="forbid", strict=True, frozen=True)


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


class Table(BaseModel):
    model_config = _CONFIG


class FetchTable(Table):
    concurrency: Annotated[int, Field(ge=1, le=1000)] = _FETCH.concurrency
    per_domain_concurrency: Annotated[int, Field(ge=1, le=1000)] = _FETCH.per_domain_concurrency
    per_domain_seconds: Annotated[float, Field(ge=0, le=3600)] = _FETCH.per_domain_spacing.total_seconds()
    timeout_seconds: Annotated[float, Field(gt=0, le=3600)] = _FETCH.timeout.total_seconds()
    max_body_bytes: Annotated[int, Field(ge=1024, le=2**30)] = _FETCH.max_body_bytes
    allow_addresses: tuple[Network, ...] = _FETCH.allow_addresses


class PollTable(Table):
    every_minutes: Minutes = _POLL.every.total_seconds() / 60
    shortest_minutes: Minutes = _POLL.shortest.total_seconds() / 60
    longest_minutes: Minutes = _POLL.longest.total_seconds() / 60
    requests_per_hour: Annotated[float, Field(gt=0, le=10_000_000, allow_inf_nan=False)] | None = None
    accept_discovered: bool = _POLL.accept_discovered
    unconditional_every: Annotated[int, Field(ge=1, le=10_000)] = _POLL.unconditional_every
    most_new_per_poll: Annotated[int, Field(ge=1, le=1_000_000)] = _POLL.most_new_per_poll
    most_new_per_day: Annotated[int, Field(ge=1, le=1_000_000)] = _POLL.most_new_per_day


class StoreTable(Table):
    url: DatabaseUrl | None = None  # `pipeline.paths` takes both from the file, before it is known to have no faults
    folder: Argument | None = None
    keep_polls_days: Annotated[int, Field(ge=1, le=36_500)] = _STORE.keep_polls.days


class PicturesTable(Table):
    max_gb: Annotated[float, Field(ge=0, le=1_000_000, allow_inf_nan=False)] = _PICTURES.most_bytes / 1e9


class ServeTable(Table):
    listen: Listen = f"{_SERVE.host}:{_SERVE.port}"
    hosts: tuple[Host, ...] = _SERVE.hosts
    trusted_proxies: tuple[Network, ...] = _SERVE.trusted_proxies
    hub: Address | None = None

    def place(self) -> tuple[str, int]:
        """Host and port."""
        host, _, port = self.listen.rpartition(":")
        return host.strip("[]"), int(port)


class DeskTable(Table):
    user_header: FieldName | None = None


class NotifyTable(Table):
    command: tuple[Argument, ...] = ()
    timeout_seconds: Annotated[float, Field(gt=0, le=600, allow_inf_nan=False)] = _NOTIFY.timeout.total_seconds()


class EngineTable(Table):
    lost_after_seconds: Annotated[float, Field(ge=2, le=3600, allow_inf_nan=False)] = _ENGINE.lost_after.total_seconds()


class MailTable(Table):
    host: MailHost
    port: Annotated[int, Field(ge=1, le=65_535)] | None = None
    security: MailSecurity = "starttls"
    user: Line | None = None
    password: Secret | None = None
    sender: Email = Field(alias="from")
    timeout_seconds: Annotated[float, Field(gt=0, le=600, allow_inf_nan=False)] = 30.0

    def settings(self) -> MailSettings:
        return MailSettings(
            host=self.host,
            port=self.port or {"starttls": 587, "tls": 465, "none": 25}[self.security],
            security=self.security,
            sender=self.sender,
            user=self.user,
            password=Template(self.password) if self.password else None,
            timeout=timedelta(seconds=self.timeout_seconds),
        )


class ComplaintsTable(Table):
    keep_days: Annotated[int, Field(ge=1, le=36_500)] = _COMPLAINTS.keep.days
    withhold_at_once: tuple[WithheldFirst, ...] = _COMPLAINTS.withhold_at_once


class TakeTable(Table):
    keep_days: Annotated[int, Field(ge=1, le=36_500)] = _TAKE.keep.days


class WireFile(Table):
    name: Line
    url: Address
    publisher: Key
    user_agent: UserAgent
    robots_token: RobotsToken
    complaints_url: Address
    complaints_email: Email
    timezone: TimeZone = "UTC"
    statement: MarkdownFile | None = None
    fetch: FetchTable = FetchTable()
    poll: PollTable = PollTable()
    store: StoreTable = StoreTable()
    pictures: PicturesTable = PicturesTable()
    complaints: ComplaintsTable = ComplaintsTable()
    take: TakeTable = TakeTable()
    serve: ServeTable = ServeTable()
    desk: DeskTable = DeskTable()
    notify: NotifyTable = NotifyTable()
    engine: EngineTable = EngineTable()
    mail: MailTable | None = None


class ContactTable(Table):
    corrections: Reachable | None = None
    permissions: Reachable | None = None
    technical: Reachable | None = None
    tell_taken: bool = False


class IdentityTable(Table):
    ids: IdTrust = "learned"
    ignore_parameters: tuple[Pattern, ...] = ()
    keep_parameters: tuple[Parameter, ...] | None = None
    strip_path_prefixes: tuple[Prefix, ...] = ()
    same_hosts: tuple[Host, ...] = ()

    def rules(self, homepage: str) -> IdentityRules:
        """The homepage's host is the one that `same_hosts` are the same as."""
        hosts = (urlsplit(homepage).hostname or "", *self.same_hosts) if self.same_hosts else ()
        return IdentityRules(**self.model_dump() | {"same_hosts": hosts})


class TagsTable(Table):
    language: bool = True
    countries: bool = True
    topics: bool = True
    datelines: bool = True
    bylines: bool = True
    credits: bool = True
    categories: dict[str, Any] = {}  # a topic or false each; checked by `config.tagging`


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


class SourceTable(Table):
    url: SourceAddress
    kind: SourceKind = "feed"
    item_class: ItemClass = Field(default="news", alias="class")
    every_minutes: Minutes | None = None
    key: Key | None = None
    enabled: bool = True
    reason: Line | None = None
    include_words: Words | None = None
    exclude_words: Words | None = None
    include_categories: Words | None = None
    exclude_categories: Words | None = None
    pages: PagesMode = "none"
    username: Secret | None = None
    password: Secret | None = None
    bearer: Secret | None = None


class PublisherFile(Table):
    name: Line
    place: Line | None = None
    country: Country
    kind: Kind
    languages: Annotated[tuple[Language, ...], Field(min_length=1)]
    homepage: Address
    rights_profile: str
    catalogue: Mark | None = None
    contact: ContactTable = ContactTable()
    stance: Stance | None = None
    stance_source: SecureAddress | None = None
    rights: dict[str, Any] = {}  # checked as RIGHTS, merged with the profile
    disclaimers: dict[str, str] = {}
    former_keys: tuple[Key, ...] | None = None
    enabled: bool = True
    reason: Line | None = None
    identity: IdentityTable = IdentityTable()
    tags: TagsTable = TagsTable()
    source: tuple[SourceTable, ...] = ()


_SEVERAL = Field(min_length=1, max_length=1_000)


class SubscriberFile(Table):
    url: SourceAddress
    secret: Secret
    second_secret: Secret | None = None
    publishers: Annotated[tuple[Key, ...], _SEVERAL] | None = None
    countries: Annotated[tuple[Country, ...], _SEVERAL] | None = None
    kinds: Annotated[tuple[Kind, ...], _SEVERAL] | None = None
    groups: Annotated[tuple[Group, ...], _SEVERAL] | None = None
    languages: Annotated[tuple[Language, ...], _SEVERAL] | None = None
    classes: Annotated[tuple[ItemClass, ...], _SEVERAL] | None = None
    topics: Annotated[tuple[Line, ...], _SEVERAL] | None = None
    about: Annotated[tuple[Country, ...], _SEVERAL] | None = None
    search: Key | None = None
    channel: Channel = "api"
    format: MessageFormat = "thin"
    begin: Literal["now", "beginning"] = Field(default="now", alias="from")
    enabled: bool = True
    contact: Reachable | None = None


class TellTable(Table):
    email: Email | None = None
    command: Annotated[tuple[Argument, ...], Field(min_length=1)] | None = None
    when: When = "at_once"
    at: Clock | None = None
    on: Weekday | None = None
    zone: TimeZone | None = None


class SearchFile(Table):
    words: Annotated[str, AfterValidator(_finds)]
    title: Line | None = None
    publishers: Annotated[tuple[Key, ...], _SEVERAL] | None = None
    countries: Annotated[tuple[Country, ...], _SEVERAL] | None = None
    kinds: Annotated[tuple[Kind, ...], _SEVERAL] | None = None
    groups: Annotated[tuple[Group, ...], _SEVERAL] | None = None
    languages: Annotated[tuple[Language, ...], _SEVERAL] | None = None
    classes: Annotated[tuple[ItemClass, ...], _SEVERAL] | None = None
    topics: Annotated[tuple[Line, ...], _SEVERAL] | None = None
    about: Annotated[tuple[Country, ...], _SEVERAL] | None = None
    tell: Annotated[tuple[TellTable, ...], Field(max_length=_MOST_TOLD)] = ()


class Shape(Struct, Generic[T], frozen=True):
    """What a file must look like; `root` and `tables` know the keys of its tables, for "did you mean"."""

    adapter: TypeAdapter[T]
    root: type
    tables: Mapping[str, type] = field(default_factory=dict)

    def known_keys(self, path: tuple[str | int, ...]) -> list[str]:
        names = [step for step in path if isinstance(step, str)]
        table = self.tables.get(names[-1], self.root) if names else self.root
        if issubclass(table, Struct):
            return list(table.__struct_fields__)
        assert issubclass(table, BaseModel)
        return [info.alias or name for name, info in table.model_fields.items()]


WIRE = Shape(
    TypeAdapter(WireFile),
    WireFile,
    {"fetch": FetchTable, "poll": PollTable, "store": StoreTable, "serve": ServeTable, "mail": MailTable},
)
PUBLISHER = Shape(
    TypeAdapter(PublisherFile),
    PublisherFile,
    {"contact": ContactTable, "identity": IdentityTable, "source": SourceTable, "tags": TagsTable},
)
SEARCH = Shape(TypeAdapter(SearchFile), SearchFile, {"tell": TellTable})
SUBSCRIBER = Shape(TypeAdapter(SubscriberFile), SubscriberFile)


def _readable(kind: Any) -> Any:
    """A noun as a dataclass of the same name and fields, because pydantic reads no structs; see `_as_noun`."""
    if get_origin(kind) in (Union, UnionType):
        return Union[tuple(map(_readable, get_args(kind)))]  # noqa: UP007  # `|` takes no tuple
    if not (isinstance(kind, type) and issubclass(kind, Struct)):
        return kind
    hints = get_type_hints(kind)
    parts = [
        (each.name, _readable(hints[each.name]), *([] if each.required else [default(default=each.default)]))
        for each in msgspec.structs.fields(kind)
    ]
    return make_dataclass(kind.__name__, parts, kw_only=True)


_NOUNS = {noun.__name__: noun for noun in (Rights, Images, Corrections, Uses)}


def _as_noun(read: Any) -> Any:
    if not is_dataclass(read):
        return read
    return _NOUNS[type(read).__name__](**{name: _as_noun(value) for name, value in vars(read).items()})


# A noun takes the settings of what stands around it, so unknown keys are refused inside Rights too.
_RIGHTS_BY_NAME: Any = dict.__class_getitem__((str, Annotated[_readable(Rights), AfterValidator(_as_noun)]))
RIGHTS: Shape[dict[str, Rights]] = Shape(
    TypeAdapter(_RIGHTS_BY_NAME, config=_CONFIG),
    Rights,
    {"images": Images, "corrections": Corrections, "ai_use": Uses},
)


def check(shape: Shape[T], table: Mapping[str, Any]) -> tuple[T | None, list[str]]:
    """The table in its shape, or None and its faults, each a line as `rights.fault` words it.

    Through JSON, because that is where pydantic is strict (no "60" for 60) and yet takes a list for a tuple.
    """
    try:
        return shape.adapter.validate_json(json.dumps(table, default=str)), []
    except ValidationError as error:
        return None, _lines(shape, error)


def check_part(shape: Shape[T], table: Mapping[str, Any]) -> list[str]:
    """The faults of a table that another completes: a missing key is none."""
    try:
        shape.adapter.validate_json(json.dumps(table, default=str))
    except ValidationError as error:
        return _lines(shape, error, but="missing")
    return []


def _lines(shape: Shape[T], error: ValidationError, but: str | None = None) -> list[str]:
    """The faults, but those of a type. Of a list that has a faulty item pydantic says that it is too short, too."""
    found = [said for each in error.errors(include_url=False) if (said := _of_uses(each))]
    within = {details["loc"][:depth] for details in found for depth in range(len(details["loc"]))}
    return [
        _line(shape, details)
        for details in found
        if details["type"] != but and not (details["type"] == "too_short" and details["loc"] in within)
    ]


def _of_uses(error: ErrorDetails) -> ErrorDetails | None:
    """`ai_use` is a word or a table, and pydantic says what is wrong with it as either: here as what it looks like."""
    loc = error["loc"]
    if "ai_use" not in loc or loc[-1] == "ai_use":
        return error
    at = loc.index("ai_use") + 1
    if len(loc) == at + 1:  # of the value as a whole
        if isinstance(error["input"], dict) or loc[at] == "Uses":
            return None
        error["loc"] = loc[:at]
        return error
    error["loc"] = (*loc[:at], *loc[at + 1 :])
    return error


_EXPECTED: Mapping[str, str] = {  # by pydantic's type of error, with its `ctx`; other messages of its own serve
    "bool_type": "true or false",
    "dataclass_type": "a table",
    "date_from_datetime_inexact": "a date, such as 2026-12-31",
    "date_from_datetime_parsing": "a date, such as 2026-12-31",
    "date_parsing": "a date, such as 2026-12-31",
    "date_type": "a date, such as 2026-12-31",
    "dict_type": "a table",
    "finite_number": "a number",
    "float_type": "a number",
    "greater_than": "a number above {gt:g}",
    "greater_than_equal": "a number of at least {ge:g}",
    "int_from_float": "a whole number",
    "int_type": "a whole number",
    "less_than_equal": "a number of at most {le:g}",
    "model_type": "a table",
    "string_type": "text in quotes",
    "too_long": "a list of at most {max_length}",
    "too_short": "a list that is not empty",
    "string_too_long": "at most {max_length} characters",
    "tuple_type": "a list in square brackets",
}


def _line(shape: Shape[T], error: ErrorDetails) -> str:
    key, found, context = _dotted(error["loc"]), error["input"], error.get("ctx", {})
    if error["type"] in ("extra_forbidden", "unexpected_keyword_argument"):
        known = shape.known_keys(error["loc"][:-1])
        hint = did_you_mean(str(error["loc"][-1]), known)
        return f"{key}: found an unknown key, expected {'a known one' if hint else 'one of ' + ', '.join(known)}{hint}"
    if error["loc"][-1] in (*SECRETS, *SIGNING) or error["loc"] == ("store", "url"):
        return f"{key}: found a text that is not shown, expected {context.get('expected', 'text in quotes')}"
    if error["type"] == "missing":
        return fault(key, None, "this key to be set")
    if error["type"] == "literal_error":
        expected = context["expected"].replace("'", '"')
        return fault(key, found, expected + did_you_mean(str(found), re.findall(r'"(\w+)"', expected)))
    if error["type"] in _EXPECTED:
        return fault(key, found, _EXPECTED[error["type"]].format(**context))
    return fault(key, found, error["msg"].removeprefix("Input should be "))


def _dotted(path: tuple[str | int, ...]) -> str:
    """`source[1].url`: as in the file, tables and lists counted from 1."""
    steps = [f"[{step + 1}]" if isinstance(step, int) else f".{step}" for step in path]
    return "".join(steps).removeprefix(".")

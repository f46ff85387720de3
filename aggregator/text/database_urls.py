"""The address of a database of PostgreSQL as people write it: checked, filled in, and named without its password."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from urllib.parse import quote, unquote

from aggregator.model import Template
from aggregator.model.errors import StoreError
from aggregator.model.place import PostgresAddress

EXPECTED = "postgresql://USER:${NAME}@HOST:PORT/DATABASE, with %40 for an @ and %2F for a / within a part"

_SCHEMES = ("postgresql:", "postgres:")  # a file of such a name is not meant
# What libpq takes (https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING-URIS), but stricter: for
# a password with a character that ends it libpq takes the rest for a host, and says it in its message.
_HOST = r"(?:\[[0-9A-Fa-f:.]+\]|[^:/?#@\s,\[\]]*)(?::\d*)?"
_URL = re.compile(
    r"postgres(?:ql)?://(?:(?P<user>[^:/?#@\s]*)(?::(?P<password>[^:/?#@\s]*))?@)?"
    rf"(?P<hosts>{_HOST}(?:,{_HOST})*)(?:/(?P<database>[^/?#@\s]*))?(?:\?(?P<parameters>[^?#@\s]*))?"
)
_PLACEHOLDER = re.compile(r"\$\{([A-Z_][A-Z0-9_]*)\}")
_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})|%00")
_SHOWN = ("host", "hostaddr", "port", "dbname", "user", "service")  # parameters that are no secrets
_PASSWORDS = ("password", "sslpassword")


def is_database_url(text: str) -> bool:
    return text.startswith(_SCHEMES)


def is_sound(text: str) -> bool:
    """Whether this is an address that libpq would take apart as whoever wrote it meant it."""
    found = _URL.fullmatch(text)
    if found is None or not text.isprintable() or _PERCENT.search(text) or "${" in _PLACEHOLDER.sub("", text):
        return False
    said = found["parameters"]
    return said is None or all(key and sign and "=" not in value for key, sign, value in _pairs(said))


def holds_password(text: str) -> bool:
    """Whether a sound address has a password in it that is no `${NAME}`."""
    found = _URL.fullmatch(text)
    if found is None:
        return False
    said = [found["password"] or ""]
    said += [value for key, _, value in _pairs(found["parameters"] or "") if unquote(key) in _PASSWORDS]
    return any(value and not _PLACEHOLDER.fullmatch(value) for value in said)


def read(written: Template, environment: Mapping[str, str], where: str) -> PostgresAddress:
    """The address with the variables of the environment filled in. `where` it is written, for StoreError: it is no
    address, or a variable is not set. No message has anything of it, since it may hold a password.
    """
    text = written.text
    found = _URL.fullmatch(text)
    if found is None or not is_sound(text):
        raise StoreError(f"{where}: this is no address of a database, expected {EXPECTED}")
    return PostgresAddress(
        name=_named(found), url=_filled(text, environment, where), database=_database(found, environment, where)
    )


def _filled(text: str, environment: Mapping[str, str], where: str) -> str:
    """What is filled in is percent-encoded (RFC 3986 section 2.1)."""

    def value(name: re.Match[str]) -> str:
        said = environment.get(name[1], "")
        if not said:
            raise StoreError(
                f"{where}: the variable {name[1]} of the environment is not set; set it, for this program too"
            )
        return quote(said, safe="")

    return _PLACEHOLDER.sub(value, text)


def _named(found: re.Match[str]) -> str:
    user = f"{found['user']}@" if found["user"] else ""
    shown = "&".join(
        f"{key}{sign}{value}" for key, sign, value in _pairs(found["parameters"] or "") if unquote(key) in _SHOWN
    )
    database = f"/{found['database']}" if found["database"] is not None else ""
    return f"postgresql://{user}{found['hosts']}{database}{f'?{shown}' if shown else ''}"


def _database(found: re.Match[str], environment: Mapping[str, str], where: str) -> str:
    """Its name, as far as the address says it: that of the user is what libpq takes else."""
    said = {unquote(key): value for key, _, value in _pairs(found["parameters"] or "")}
    name = said.get("dbname") or found["database"] or said.get("service") or said.get("user") or found["user"] or ""
    return unquote(_filled(name, environment, where))


def _pairs(parameters: str) -> Iterator[tuple[str, str, str]]:
    """Key, the sign between and value of each."""
    for each in parameters.split("&") if parameters else ():
        yield each.partition("=")

"""Addresses: whether two of them are the same, and what of one may be asked, stored and shown.

"The same" has five levels, each a form in which addresses are compared; none is shown or followed:

- `steady_of`: what one reading of a page and the next have in common: sessions, and whatever gets around a cache, make
  no difference; nor do host and size of a picture.
- `document_of`: one server answers both with one document: scheme, `www.`, usual port, script and case of the host, dot
  at its end, fragment, final slash, percent-encoding and tracking parameters make no difference.
- `page_of`: a reader finds one page there: its AMP and mobile twins are the same too.
- `host_of`: the host, without `www.`, in ASCII.
- `domain_of`: what somebody registered, by the Public Suffix List.

Whatever came over the network is plain text here. A template is another type (`types.Template`), made of the operator's
own files alone.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from contextlib import suppress
from fnmatch import fnmatchcase
from functools import cache, lru_cache, partial
from urllib.parse import parse_qsl, quote, unquote, urlencode, urljoin, urlsplit, urlunsplit

import idna
from publicsuffixlist import PublicSuffixList

from aggregator.model import IdentityRules

_LONGEST_LABEL, LONGEST_HOST = 63, 253  # octets (RFC 1035 section 2.3.4)

# Parameters that say where a reader came from and nothing about the page. This is the only list of them.
_TRACKING_PREFIXES = ("utm_", "at_", "mc_", "pk_")
_TRACKING = frozenset(("cmpid", "dclid", "fbclid", "feedname", "feedtype", "gclid", "igshid", "msclkid", "xtor"))


def is_tracking(parameter: str) -> bool:
    """Whether a parameter, by its name in any case, says where a reader came from and nothing about the page."""
    name = parameter.lower()
    return name in _TRACKING or name.startswith(_TRACKING_PREFIXES)


def _is_tracking_in_keys(parameter: str) -> bool:
    return parameter in _TRACKING or parameter.startswith(_TRACKING_PREFIXES)


# The same document, the same page

_WWW = re.compile(r"^www\.(?=[^.]+\.)")
_TWIN_HOST = re.compile(r"^(?:www|m|mobile|amp)\.(?=[^.]+\.)")
_TWIN_PATH = re.compile(r"^/amp(?=/)|/amp$|\.amp$")
_TWIN_PARAMETERS = frozenset((("amp", "1"), ("amp", ""), ("outputType", "amp"), ("amp", "true")))
# Most addresses: nothing of it is encoded, left out or in capitals where that makes no difference.
_PLAIN_ADDRESS = re.compile(r"https?://(?P<host>[a-z0-9.-]+)(?P<path>(?:/[A-Za-z0-9/._~!$&'()*+,;=:@-]*)?)")
# Without a match, both spellings of `pages_in_keys` are one.
_SPELLED_TWICE = re.compile(r"^[^/]*//[^/?#]*(?:[^\x00-\x7f]|%|\.(?:[:/?#]|$))|[?&][^=&]*[A-Z%]")
# Paths of front pages, of a language or as a file; nothing: the host alone.
_FRONT = re.compile(
    r"(?i)(?:(?:[a-z]{2}(?:[-_][a-z]{2})?|home|index|default)/?)?(?:(?:index|default|home)\.[a-z]{3,5})?"
)


def document_of(url: str, is_ignored: Callable[[str, str], bool] = lambda name, value: False) -> str:
    """Equal for addresses that one server answers with one document. A relative address stays relative, and what is no
    address stays as it is. `is_ignored`: further parameters, by name and value, that make no difference.
    """
    return _form(url, _WWW, _plain, lambda name, value: is_tracking(name) or is_ignored(name, value))


# Parameters of sessions, caches and signatures; those that are such if their value is as long as a moment or a session;
# and how a picture is wanted.
_PASSING = re.compile(
    r"""(?ix) x-amz-.* | (?:php|asp|j)?sess(?:ion)?_?id | nonce | _wpnonce | token | sig(?:nature)? | hash | expires
    | policy | key-pair-id | _ | cb | cachebust(?:er)? | nocache | rand(?:om)? | rnd | replytocom | share"""
)
_IF_LONG = re.compile(r"(?i)(?:v|ver|version|t|ts|time|timestamp|r|m|mtime|lm)=[\d.]{9,}|s?id=[0-9a-f]{24,}")
_ASKED_OF_A_PICTURE = re.compile(
    r"(?i)w|h|width|height|resize|fit|crop|quality|q|ssl|strip|format|fm|auto|dpr|s|zoom|v|ver|t|ts|r|itok|imwidth"
)
_SESSION = re.compile(r"(?i);jsessionid=[^/;?#]*")
_SIZE = re.compile(r"-\d{2,4}x\d{2,4}(?=\.\w{3,4}$)")
_PLACE = re.compile(r"^//[^/]*")


def steady_of(url: str, *, picture: bool = False) -> str:
    """An address as `document_of` has it, without sessions and parameters that get around a cache, which vary from one
    reading to the next; of a picture without the host (copies take turns) and its size too. For comparing only.
    """
    document = document_of(_SESSION.sub("", "".join(url.split())), partial(_passes, picture=picture))
    if picture:
        place, mark, query = document.partition("?")
        document = _SIZE.sub("", _PLACE.sub("", place)) + mark + query
    return "".join(document.split())


def _passes(name: str, value: str, *, picture: bool) -> bool:
    if _PASSING.fullmatch(name) or (picture and _ASKED_OF_A_PICTURE.fullmatch(name)):
        return True
    return bool(_IF_LONG.fullmatch(f"{name}={value}"))


def page_of(url: str) -> str:
    """Equal for addresses at which a reader finds one page: its twins for AMP and for small screens are the same too.

    Not by courlan (1.4.0): it takes `cid`, `eid`, `uid` and `source` for tracking, so that `?cid=1` and `?cid=2` are
    one page, and keeps scheme, `www.`, fragment, trailing slash and AMP.
    """
    return _page(url, _plain, is_tracking)


def pages_in_keys(url: str) -> tuple[str, ...]:
    """`page_of` as the keys of articles have it: first in the spelling of every version, by which stored articles are
    found, and so never changed: a host stays in its script and with a dot at its end, and a tracking parameter is one
    in small letters only. Then `page_of`, where that is another.
    """
    return _remembered_pages(url) if len(url) <= _LONGEST_REMEMBERED else _pages(url)


def _pages(url: str) -> tuple[str, ...]:
    first = _page(url, str, _is_tracking_in_keys)
    return (first,) if not _SPELLED_TWICE.search(url) else tuple(dict.fromkeys((first, page_of(url))))


# An entry's link is asked for several times: as a key, as a mark, and often as its id too.
_LONGEST_REMEMBERED = 500  # characters
_remembered_pages = lru_cache(1_000)(_pages)


def _page(url: str, host: Callable[[str], str], is_tracked: Callable[[str], bool]) -> str:
    def is_ignored(name: str, value: str) -> bool:
        return is_tracked(name) or (name, value) in _TWIN_PARAMETERS

    return _form(url, _TWIN_HOST, host, is_ignored, _TWIN_PATH)


def _form(
    url: str,
    prefix: re.Pattern[str],
    host_form: Callable[[str], str],
    is_ignored: Callable[[str, str], bool],
    without: re.Pattern[str] | None = None,
) -> str:
    """`prefix` and `without`: what of the host's beginning and of the path is left out."""
    if (plain := _PLAIN_ADDRESS.fullmatch(url)) and (host := prefix.sub("", host_form(plain["host"]))):
        path = plain["path"].rstrip("/")
        return f"//{host}{without.sub('', path) if without else path}"
    try:
        parts = urlsplit(url.strip())
        host, port = prefix.sub("", host_form(parts.hostname or "")), parts.port
    except ValueError:  # not an address at all; it still tells one from another
        return url
    netloc = host if port in (None, 80, 443) else f"{host}:{port}"
    query = parts.query
    if query:
        pairs = parse_qsl(query, keep_blank_values=True)
        said = [(name, value) for name, value in pairs if not is_ignored(name, value)]
        query = urlencode(said, errors="surrogatepass")  # JSON can say a lone surrogate
    path = unquote(parts.path).rstrip("/")
    return urlunsplit(("", netloc, without.sub("", path) if without else path, query, ""))


def _plain(host: str) -> str:
    """A host as `ascii_host` has it, without a dot at its end; one that cannot be written so stays as it is."""
    if not host.isascii() or "%" in host:
        with suppress(ValueError):
            host = ascii_host(host)
    return host.rstrip(".")


def by_rules(url: str, rules: IdentityRules) -> str:
    """An address without what its publisher's file says is nothing of the page; without such rules, as it is."""
    if not (rules.ignore_parameters or rules.strip_path_prefixes or rules.same_hosts) and rules.keep_parameters is None:
        return url
    try:
        parts = urlsplit(url.strip())
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return url
    if _TWIN_HOST.sub("", host) in {_TWIN_HOST.sub("", twin) for twin in rules.same_hosts}:
        host = rules.same_hosts[0]
    netloc = host if port is None else f"{host}:{port}"
    prefix = next((prefix for prefix in rules.strip_path_prefixes if parts.path.startswith(prefix + "/")), "")
    pairs = [pair for pair in parse_qsl(parts.query, keep_blank_values=True) if _says_something(pair[0], rules)]
    return urlunsplit((parts.scheme, netloc, parts.path.removeprefix(prefix), urlencode(pairs), parts.fragment))


def _says_something(parameter: str, rules: IdentityRules) -> bool:
    if rules.keep_parameters is not None and parameter not in rules.keep_parameters:
        return False
    return not any(fnmatchcase(parameter, pattern) for pattern in rules.ignore_parameters)


def is_front_page(page: str) -> bool:
    """Whether an address in one of the forms above, perhaps with its fragment, is where a site begins."""
    host, _, path = page.removeprefix("//").partition("/")
    return page.startswith("//") and not {"?", "#"} & set(host) and is_front_path(path)


def is_front_path(path: str) -> bool:
    """Whether a path is a front page's: none, that of a language, or that of a file with such a name."""
    return _FRONT.fullmatch(path.removeprefix("/")) is not None


def without_fragment(url: str) -> str:
    return url.partition("#")[0]


def fragment_of(url: str) -> str:
    """`#...`; '' where there is none, or it says nothing of the page, only where a reader came from or looks. It is a
    part of keys, so tracking parameters are those in small letters.
    """
    fragment = url.strip().partition("#")[2]
    if not fragment:
        return ""
    names = [name for name, _ in parse_qsl(fragment)] if "=" in fragment else []
    if fragment.startswith(":~:") or (names and all(map(_is_tracking_in_keys, names))):
        return ""
    return "#" + fragment


def is_https_of(old: str, new: str) -> bool:
    """Whether a move is only from http to https: the host (www. counts), port, path and query are the same."""
    before, after = urlsplit(old), urlsplit(new)
    if (before.scheme, after.scheme) != ("http", "https"):
        return False
    return (_plain(before.hostname or ""), _port(before.port, 80), before.path or "/", before.query) == (
        _plain(after.hostname or ""), _port(after.port, 443), after.path or "/", after.query,
    )  # fmt: skip


def _port(port: int | None, usual: int) -> int | None:
    return None if port == usual else port


# The same host, the same domain


def host_of(url: str) -> str:
    """The host of an address in the form in which hosts are compared: in small letters, in ASCII, without `www.` and
    the dot at its end. '': there is none.
    """
    try:
        host = _plain(urlsplit(url).hostname or "").removeprefix("www.")
    except ValueError:
        return ""
    return host if len(host) <= LONGEST_HOST else ""


def domain_of_url(url: str) -> str:
    """As `domain_of`; '' where there is no host."""
    try:
        host = urlsplit(url).hostname
    except ValueError:
        return ""
    return domain_of(host) if host else ""


_ENCODED_HOST = re.compile(r"[a-z0-9._-]+")
# A name's last label is never a number (RFC 3696 section 2), so whatever ends in one is meant for an IPv4 address.
_NUMBER = re.compile(r"[0-9]+|0[xX][0-9a-fA-F]*")
# Underscores are in no host name by RFC 1123 section 2.1, and in many by custom.
_LABEL = re.compile(r"[A-Za-z0-9_-]{1,63}")


def domain_of(host: str) -> str:
    """`b.co.za` for `www.b.co.za`, and `b.blogspot.com` for itself; an address is its own. In ASCII, as `ascii_host`
    has it; a host that cannot be written so stays as it is.
    """
    try:
        host = ascii_host(host)
    except ValueError:
        host = host.lower()
    host = host.rstrip(".")
    try:
        return str(ipaddress.ip_address(host.strip("[]")))
    except ValueError:
        return _suffixes().privatesuffix(host) or host


@lru_cache(10_000)
def ascii_host(host: str) -> str:
    """A host as DNS and the field Host have it: small letters, other scripts by IDNA 2008 after the mapping of UTS 46
    (`journal-été.example` is `xn--journal-t-i4ab.example`). A host in ASCII is only written small, and percent-encoded
    bytes are UTF-8 (RFC 3986 section 3.2.2). Raises ValueError, in words, for a host that DNS cannot hold.
    """
    if ":" in host:  # an address of IPv6, perhaps with its zone
        return host.lower()
    is_plain = host.isascii() and "%" not in host
    host = host.lower() if is_plain else _encoded_host(unquote(host, errors="strict"))
    labels = host.removesuffix(".").split(".")
    if "" in labels:
        raise ValueError("two dots follow each other, or one stands first")
    if longest := next((label for label in labels if len(label) > _LONGEST_LABEL), None):
        raise ValueError(f"{longest[:20]}... has more than {_LONGEST_LABEL} characters")
    if len(host) > LONGEST_HOST:
        raise ValueError(f"it has more than {LONGEST_HOST} characters")
    return host


def host_fault(url: str) -> str | None:
    """Why nobody can look up the host of an address, in words; None: it can be looked up, or is no address at all."""
    try:
        host = urlsplit(url).hostname
    except ValueError:
        return None
    try:
        ascii_host(host or "x")
    except ValueError as error:
        return str(error)
    return None


def _encoded_host(host: str) -> str:
    # Label by label, because many hosts have an underscore beside other scripts, which IDNA alone forbids.
    mapped = idna.uts46_remap(host, std3_rules=False, transitional=False)
    labels = [label if label.isascii() else idna.alabel(label).decode() for label in mapped.split(".")]
    encoded = ".".join(labels)
    if not _ENCODED_HOST.fullmatch(encoded):
        raise ValueError(f"{mapped!r} has characters that no host may have")
    return encoded


def is_host(host: str) -> bool:
    """Whether a host, as `urlsplit` gives it, is valid: an IP address as RFC 3986 section 3.2.2 writes it, or a name
    of labels of 1 to 63 characters, which may lie beyond ASCII. `457.0.0.45` is neither, and `127.1` is ambiguous.
    """
    if ":" in host:
        return _is_ip(host)
    if len(host) > 10 * LONGEST_HOST:  # percent-encoded, or beyond ASCII
        return False
    try:
        name = unquote(host, errors="strict").removesuffix(".").encode("idna").decode()
    except UnicodeError:  # a label that is empty or too long, or what no name can hold
        return False
    labels = name.split(".")
    if _NUMBER.fullmatch(labels[-1]):
        return _is_ip(host)
    return len(name) <= LONGEST_HOST and all(map(_LABEL.fullmatch, labels))


def _is_ip(host: str) -> bool:
    if "%" in host:  # an address with a zone is valid on one machine alone (RFC 4007 section 11)
        return False
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


@cache
def _suffixes() -> PublicSuffixList:
    """The list comes with the package; nothing is downloaded. Reading it takes a tenth of a second."""
    return PublicSuffixList()


# What of an address may be asked, stored and shown

# RFC 3986 has no place for these; of what lies beyond ASCII only what can be printed is kept (RFC 3987).
_FOREIGN = re.compile(r'[^\x21-\x7e]|["<>\\^`{|}]')
# Also where the slashes are missing or backslashes, as browsers read it (https://url.spec.whatwg.org/).
_USER = re.compile(r"^(https?:(?:[/\\]|%5C)*|[^/?#]*//)[^/?#]*@", re.IGNORECASE)


def resolved(base: str, href: str) -> str:
    """The address in full. One that is in full, or is none at all, such as one with a bracket in its host's place, is
    kept as it was said.
    """
    if href.startswith(("http://", "https://")):
        return href
    try:
        return urljoin(base, href)
    except ValueError:
        return href


_HAS_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:(?!\d+(?:[/?#]|$))")  # `host:8080/` has none
_HOST = re.compile(r"[^\s/?#:@]+\.[^\s/?#:@.]+(?::\d+)?(?=[/?#]|$)")


def as_http(address: str) -> str:
    """An address as programs and people write it, in full: `feed:` in all its forms is http, and so is what begins with
    a host. Whatever else is kept as it was said.
    """
    address = address.strip()
    if address[:5].lower() == "feed:":
        address = address[5:]
        if not _HAS_SCHEME.match(address):
            address = address if address.startswith("//") else f"//{address}"
    if address.startswith("//"):
        return f"http:{address}"
    return f"http://{address}" if not _HAS_SCHEME.match(address) and _HOST.match(address) else address


def literal(url: str) -> str:
    """An address that somebody else wrote, as it may be asked, stored, shown and written into a file: without user name
    and password, and with whatever RFC 3986 section 2 has no place for percent-encoded. That includes braces, so that
    nobody can take it for a template: `${NAME}` becomes `$%7BNAME%7D`, the same address. Never raises.
    """
    return without_user(_FOREIGN.sub(_encoded, url.strip()))


def without_user(url: str) -> str:
    """The address without the user name and password before its host: a document has none that we may send or show."""
    return _USER.sub(r"\1", url)


def _encoded(found: re.Match[str]) -> str:
    character = found[0]
    is_kept = not character.isascii() and character.isprintable() and not character.isspace()
    return character if is_kept else quote(character, errors="replace")

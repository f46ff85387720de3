"""The rules between the keys of one Rights, one function a rule; this file alone knows them (WIRE.md section 2)."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from urllib.parse import urlsplit

from aggregator.model import Rights, TextScope
from aggregator.rights.templates import fields_of
from aggregator.text.printable import line
from aggregator.text.urls import is_host

Broken = tuple[str, object, str]  # the dotted key, what was found (None: nothing), what was expected

MOST_EXCERPT_WORDS = 500  # beyond this an excerpt is a copy
PIXEL_FIELDS = ("id", "publisher", "url")  # of a report; what `tracking_pixel` may have in braces

_NARROW_TO_WIDE: tuple[TextScope, ...] = ("none", "headline_only", "excerpt", "full_text")
_SPDX_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+-]*")
_SPDX_CC = re.compile(r"CC-BY(-NC)?(-ND|-SA)?-\d\.\d(-[A-Z0-9-]+)?|CC0-1\.0|CC-PDDC")


# Blanks, delimiters (RFC 3986, appendix C), controls, and characters that are not seen or turn the reading direction.
NOT_IN_ADDRESS = re.compile(r'[\s<>"{}\\\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]')


def broken(rights: Rights) -> Iterator[Broken]:
    """Every broken rule between the keys of `rights`."""
    for rule in _RULES:
        yield from rule(rights)


def wider(scope: TextScope, than: TextScope) -> bool:
    return _NARROW_TO_WIDE.index(scope) > _NARROW_TO_WIDE.index(than)


def is_address(value: str, schemes: Collection[str] = ("http", "https")) -> bool:
    """Whether `value` is an absolute address without a user name (RFC 3986 section 3.2), with a valid host."""
    if NOT_IN_ADDRESS.search(value) or line(value) != value:
        return False
    try:
        parts = urlsplit(value)
        port = parts.port  # urlsplit reads the port only when asked, and raises then
    except ValueError:
        return False
    host = parts.hostname or ""
    if port == 0 or "@" in parts.netloc or ("[" in parts.netloc) != (":" in host):
        return False
    return parts.scheme in schemes and is_host(host)


def _basis(rights: Rights) -> Iterator[Broken]:
    if rights.basis not in ("none", "quotation"):
        return
    because = f'because basis is "{rights.basis}"'
    if wider(rights.text_scope, "excerpt"):
        yield ("rights.text_scope", rights.text_scope, f'at most "excerpt", {because}')
    if rights.images.scope != "none":
        yield ("rights.images.scope", rights.images.scope, f'"none", {because}')


def _own(rights: Rights) -> Iterator[Broken]:
    own = rights.relationship == "own"
    if own != (rights.basis == "own"):
        expected = f'{"" if own else "another than "}"own", because relationship is "{rights.relationship}"'
        yield ("rights.basis", rights.basis, expected)


def _licence(rights: Rights) -> Iterator[Broken]:
    licence, address = rights.licence, rights.licence_url
    because = ', because basis is "open_licence"' if rights.basis == "open_licence" else ""
    if licence is None and because:
        yield ("rights.licence", None, f"the licence's SPDX id, such as CC-BY-4.0{because}")
    if licence is not None and not _is_licence(licence):
        yield ("rights.licence", licence, "an SPDX id, such as CC-BY-4.0 or CC-BY-NC-ND-4.0, or LicenseRef-NAME")
    if (address is None and because) or (address is not None and not is_address(address)):
        yield ("rights.licence_url", address, f"the address of the licence{because}")


def _licence_terms(rights: Rights) -> Iterator[Broken]:
    elements = (rights.licence or "").upper().split("-")
    if "ND" in elements and rights.edits != "none":
        yield ("rights.edits", rights.edits, f'"none", because {rights.licence} allows no derivatives')
    if "ND" in elements and rights.translation != "no":
        yield ("rights.translation", rights.translation, f'"no", because {rights.licence} allows no derivatives')
    if "NC" in elements and rights.commercial_use == "yes":
        yield ("rights.commercial_use", "yes", f'"no" or "ask", because {rights.licence} is non-commercial')


def _holder(rights: Rights) -> Iterator[Broken]:
    named = (rights.copyright_holder or "").strip() or (rights.copyright_notice or "").strip()
    if rights.text_scope == "full_text" and not named:
        expected = 'a holder, or a copyright_notice, because text_scope is "full_text"'
        yield ("rights.copyright_holder", rights.copyright_holder, expected)


def _images(rights: Rights) -> Iterator[Broken]:
    """Text rights never flow to pictures: each scope needs a ground of its own."""
    scope = rights.images.scope
    if scope == "same_as_text" and rights.basis == "open_licence":
        yield ("rights.images.scope", scope, '"none" or "per_image_licence": an open licence covers the text only')
    if scope == "agreement" and rights.basis != "agreement":
        yield ("rights.images.scope", scope, f'another scope, because basis is "{rights.basis}"')
    if scope == "none" and rights.images.hotlink:
        yield ("rights.images.hotlink", True, 'false, because images.scope is "none"')


def _storage(rights: Rights) -> Iterator[Broken]:
    days = rights.retention_days
    if rights.storage == "transient" and days is None:
        yield ("rights.retention_days", None, 'a number of days, because storage is "transient"')
    if rights.storage != "transient" and days is not None:
        yield ("rights.retention_days", days, f'no such key, because storage is "{rights.storage}"')
    if days is not None and not 1 <= days <= 36_500:
        yield ("rights.retention_days", days, "a number of days from 1 to 36500")


def _excerpt(rights: Rights) -> Iterator[Broken]:
    if not 1 <= rights.excerpt_max_words <= MOST_EXCERPT_WORDS:
        yield ("rights.excerpt_max_words", rights.excerpt_max_words, f"a number from 1 to {MOST_EXCERPT_WORDS}")


def _pixel(rights: Rights) -> Iterator[Broken]:
    if rights.tracking_pixel is not None and not _is_https_template(rights.tracking_pixel):
        expected = "an https address, in whose path or query {id}, {publisher} and {url} may stand"
        yield ("rights.tracking_pixel", rights.tracking_pixel, expected)


_RULES: tuple[Callable[[Rights], Iterator[Broken]], ...] = (
    _basis,
    _own,
    _licence,
    _licence_terms,
    _holder,
    _images,
    _storage,
    _excerpt,
    _pixel,
)


def _is_licence(licence: str) -> bool:
    # A misspelt Creative Commons id would hide its ND and NC from the rules that read them.
    pattern = _SPDX_CC if licence.upper().startswith("CC") else _SPDX_ID
    return pattern.fullmatch(licence) is not None


def _is_https_template(template: str) -> bool:
    try:
        host = urlsplit(template).netloc
    except ValueError:
        return False
    if "{" in host or not is_address(re.sub(r"\{[a-z_]+\}", "x", template), ("https",)):
        return False
    return set(fields_of(template)) <= {*PIXEL_FIELDS}

"""Decides which encoding a document is in, and hands it on as UTF-8; it alone knows encodings' names and false claims.

What we believe, strongest first:

1. The bytes. A byte order mark; the pattern of NULs of UTF-16 and UTF-32; and valid UTF-8 with characters beyond ASCII,
   which no other encoding brings forth by chance, so that it outweighs every claim. So does UTF-8 with a few bad bytes:
   each of them becomes U+FFFD, and the rest of the feed stays as it is.
2. The `charset` of the HTTP header, then the XML declaration (RFC 7303, section 3), each only if the bytes decode under
   it. ISO-8859-1 and US-ASCII in a header are what servers say by default, so there the declaration goes first.
3. Without a usable claim: UTF-8 if most of it is; else windows-1252, which is what undeclared bytes mostly are.

Names are read as the WHATWG Encoding Standard reads labels (https://encoding.spec.whatwg.org/#names-and-labels):
`iso-8859-1` is windows-1252, `gb2312` is gb18030, `shift_jis` is windows-31j, and so on. Beyond that standard, every
text codec of Python's goes, because publishers use them (ibm855), but never UTF-7, nor Python's own escapes.

Words change here in two ways, and each is told in the remark: bytes that are no character become U+FFFD; characters
that XML 1.0 forbids (section 2.2: the C0 controls but tab, LF and CR; U+FFFE, U+FFFF) are dropped, for one of them
makes an XML parser refuse the whole document. What stands before the XML declaration (PHP notices) is no word of a
feed and goes too.
"""

from __future__ import annotations

import codecs
import re
from contextlib import suppress

_DECLARATION = '<?xml version="1.0" encoding="utf-8"?>'
_DECLARED = re.compile(rb"""<\?xml\s[^>]*?\bencoding\s*=\s*["']\s*([\w.:-]+)\s*["']""")
_CHARSET = re.compile(r"""(?i);\s*charset\s*=\s*["']?\s*([\w.:-]+)""")
_OPENING = re.compile(r"<\?xml(?:\s[^>]*?)?\?>|<(?=(?:rss|feed|rdf:RDF|urlset|sitemapindex|opml|OPML)[\s>])")
_PROLOG = re.compile(r"(?>\s+|<\?.*?\?>|<!--.*?-->|<!DOCTYPE[^\[>]*(?:\[.*?\]\s*)?>)*+", re.DOTALL)
_HEAD = 4096  # how far we look for a declaration

_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"), (codecs.BOM_UTF32_BE, "utf-32-be"), (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"),
)  # fmt: skip
# The first character of a document, `<` or `{`, followed by an ASCII character (XML 1.0, appendix F).
_PATTERNS = (
    (re.compile(rb"[<{]\0\0\0"), "utf-32-le"), (re.compile(rb"\0\0\0[<{]"), "utf-32-be"),
    (re.compile(rb"[<{]\0[\t-~]\0"), "utf-16-le"), (re.compile(rb"\0[<{]\0[\t-~]"), "utf-16-be"),
    (re.compile(rb"\x4c\x6f\xa7\x94"), "cp037"),  # EBCDIC
)  # fmt: skip

# Labels of the Encoding Standard that Python's codecs do not know.
_LABELS = {
    "unicode11utf8": "utf-8", "unicode20utf8": "utf-8", "x-unicode20utf8": "utf-8", "unicode-1-1-utf-8": "utf-8",
    "csunicode": "utf-16", "iso-10646-ucs-2": "utf-16", "ucs-2": "utf-16", "unicode": "utf-16",
    "unicodefeff": "utf-16", "unicodefffe": "utf-16", "csiso88596e": "iso8859-6", "csiso88596i": "iso8859-6",
    "iso-8859-6-e": "iso8859-6", "iso-8859-6-i": "iso8859-6", "sun_eu_greek": "iso8859-7", "csiso88598e": "iso8859-8",
    "iso-8859-8-e": "iso8859-8", "visual": "iso8859-8", "csiso88598i": "iso8859-8", "iso-8859-8-i": "iso8859-8",
    "logical": "iso8859-8", "csisolatin9": "iso8859-15", "koi": "koi8-r", "koi8": "koi8-r", "koi8-ru": "koi8-u",
    "csmacintosh": "mac-roman", "mac": "mac-roman", "x-mac-ukrainian": "mac-cyrillic", "dos-874": "cp874",
    "windows-874": "cp874", "gb_2312": "gb18030", "gb_2312-80": "gb18030", "cn-big5": "cp950", "x-x-big5": "cp950",
    "cseucpkdfmtjapanese": "euc_jp", "cseuckr": "cp949", "csksc56011987": "cp949", "iso-ir-149": "cp949",
    "ks_c_5601-1989": "cp949", "windows-949": "cp949", "csgb2312": "gb18030", "windows-31j": "cp932",
    "ksc_5601": "cp949",
}  # fmt: skip
_UNHYPHENED = re.compile(r"^iso8859(?=\d)")
# Python's codec -> those that publishers mean by it, the likeliest first.
_MEANT: dict[str, tuple[str, ...]] = {
    "iso8859-1": ("cp1252",), "ascii": ("cp1252",), "iso8859-9": ("cp1254",), "iso8859-11": ("cp874",),
    "tis-620": ("cp874",), "gb2312": ("gb18030",), "gbk": ("gb18030",), "euc_kr": ("cp949",), "shift_jis": ("cp932",),
    "big5": ("cp950", "big5hkscs"), "cp950": ("cp950", "big5hkscs"), "big5hkscs": ("cp950", "big5hkscs"),
    "euc_jp": ("euc_jp", "euc_jis_2004"), "iso2022_jp": ("iso2022_jp", "iso2022_jp_2004", "iso2022_jp_ext"),
}  # fmt: skip
_BY_DEFAULT = ("cp1252",)  # said by servers that know nothing of the document
_NEVER = frozenset(("utf-7", "idna", "punycode", "unicode-escape", "raw-unicode-escape", "undefined", "mbcs", "oem"))

_ASCII = bytes(range(128))
_FORBIDDEN = bytes(set(range(32)) - set(b"\t\n\r"))
_NONCHARACTERS = "\ufffe\uffff"
# Bytes that begin a character of UTF-8 of three bytes and more and do not end it: a text that was cut by bytes.
_BROKEN_UTF8 = re.compile(rb"[\xe0-\xef][\x80-\xbf](?![\x80-\xbf])|[\xf0-\xf4][\x80-\xbf]{1,2}(?![\x80-\xbf])")


def to_utf8(body: bytes, content_type: str | None) -> tuple[bytes, str, str | None]:
    """The document in UTF-8, the name of the codec it was read with, and a remark on what was odd about it, or None.

    The document has no byte order mark and no character that XML forbids. If it is XML, it opens with a declaration
    that says UTF-8. `content_type` is the header of the HTTP answer. Never raises.
    """
    header, declared = _label(_CHARSET.search(content_type or "")), _label(_DECLARED.search(body[:_HEAD]))
    text, codec = _decoded(body, _claims(header, declared))
    text, junk = _opened(text)
    document, dropped = _allowed(text)
    replaced = text.count("\ufffd") - body.count("\ufffd".encode())
    remarks = (
        _disbelief(codec, header, declared),
        f"unreadable bytes replaced: {replaced}" if replaced > 0 else None,
        f"characters that XML forbids dropped: {dropped}" if dropped else None,
        "something stood before the XML declaration" if junk else None,
    )
    return document, codec, "; ".join(filter(None, remarks)) or None


def _allowed(text: str) -> tuple[bytes, int]:
    """UTF-8 without the characters that XML 1.0 forbids, and how many they were."""
    dropped = sum(text.count(character) for character in _NONCHARACTERS)
    if dropped:
        text = text.translate(dict.fromkeys(map(ord, _NONCHARACTERS)))
    document = text.encode("utf-8", "replace")
    allowed = document.translate(None, _FORBIDDEN)
    return allowed, dropped + len(document) - len(allowed)


def _label(found: re.Match[str] | re.Match[bytes] | None) -> str:
    name = found.group(1) if found else ""
    return (name.decode("ascii", "replace") if isinstance(name, bytes) else name).lower()


def _claims(header: str, declared: str) -> list[tuple[str, ...]]:
    """What header and declaration say, the more trustworthy first, as codecs to try; of UTF-8 the bytes tell."""
    said = [codecs_of(header), codecs_of(declared)]
    if said[0] == _BY_DEFAULT:
        said.reverse()
    return [codec for codec in said if codec and not codec[0].startswith("utf-")]


def codecs_of(label: str) -> tuple[str, ...]:
    """The codecs of Python's that stand for a label, the likeliest first; none for a name that nobody knows."""
    try:
        name = codecs.lookup(_LABELS.get(label) or _UNHYPHENED.sub("iso8859-", label.removeprefix("x-"))).name
        b"<\0\0\0".decode(name, "replace")  # raises for codecs that are none of text, such as base64
    except (LookupError, UnicodeError, ValueError):
        return ()
    return () if name.replace("_", "-") in _NEVER else _MEANT.get(name, (name,))


def _decoded(body: bytes, claims: list[tuple[str, ...]]) -> tuple[str, str]:
    """The text and the codec that was used."""
    for mark, codec in _MARKS:
        if body.startswith(mark):
            if codec == "utf-8":
                return _narrow(body[len(mark) :], claims)
            text = body[len(mark) :].decode(codec, "replace")
            if "<" in text or "{" in text:
                return text, codec
            return _narrow(body[len(mark) :], claims)  # a mark before bytes of another kind
    start = body[:64].lstrip(b"\t\n\r ")
    for pattern, codec in _PATTERNS:
        if pattern.match(start):
            return body.decode(codec, "replace"), codec
    return _narrow(body, claims)


def _narrow(body: bytes, claims: list[tuple[str, ...]]) -> tuple[str, str]:
    """As `_decoded`, for encodings in which ASCII stands for itself."""
    if body.isascii():
        return _seven_bit(body, claims)
    with suppress(UnicodeDecodeError):
        return body.decode("utf-8"), "utf-8"
    lenient = body.decode("utf-8", "replace")
    bad = lenient.count("\ufffd") - body.count("\ufffd".encode())
    good = len(lenient) - bad - (len(body) - len(body.translate(None, _ASCII)))  # characters beyond ASCII
    if good > 3 * bad:
        return lenient, "utf-8"
    for codec in (codec for claim in claims for codec in claim):
        try:
            return body.decode(codec), codec
        except UnicodeError:
            continue
    if claims:
        readings = [(lenient, "utf-8"), *((body.decode(claim[0], "replace"), claim[0]) for claim in claims)]
        return min(readings, key=lambda reading: reading[0].count("\ufffd"))
    if good >= bad or _BROKEN_UTF8.search(body):
        return lenient, "utf-8"
    return body.decode("cp1252", "replace"), "cp1252"


def _seven_bit(body: bytes, claims: list[tuple[str, ...]]) -> tuple[str, str]:
    """ASCII, unless a claim names one of the encodings that put their letters into seven bits (iso-2022-jp, hz)."""
    if b"\x1b" in body or b"~{" in body:
        for codec in (codec for claim in claims for codec in claim if codec.startswith(("iso2022", "hz"))):
            try:
                return body.decode(codec), codec
            except UnicodeError:
                continue
    return body.decode("ascii"), "ascii"


def _opened(text: str) -> tuple[str, bool]:
    """The text without byte order mark and with our own XML declaration if it is XML; whether junk stood before it."""
    text = text.lstrip("\ufeff\0\t\n\r ")
    found = _OPENING.search(text, 0, _HEAD)
    if found is None:
        return (_DECLARATION + text if text.startswith("<") else text), False
    before, has_declaration = text[: found.start()], found.group() != "<"
    if before.startswith(("{", "[")) or "<!doctype html" in before.lower() or "<html" in before.lower():
        return text, False
    if has_declaration:
        return _DECLARATION + text[found.end() :], bool(before)
    if _PROLOG.fullmatch(before):  # comments, a DOCTYPE: part of the document
        return _DECLARATION + text, False
    return _DECLARATION + text[found.start() :], bool(before)


def _disbelief(codec: str, header: str, declared: str) -> str | None:
    """A remark if the document is not in any encoding that it claims to be in."""
    said = [label for label in (header, declared) if label]
    believed = [name for label in said for name in codecs_of(label)]
    if codec == "ascii" or codec in believed or (not believed and codec.startswith("utf-")):
        return None
    return f"said to be {' and '.join(said) or 'utf-8'}, read as {codec}"

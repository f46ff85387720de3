"""Who made a picture and whose it is, as the XMP beside its pixels states it (ISO 16684-1; IPTC Photo Metadata)."""

from __future__ import annotations

from lxml import etree

_MOST = 256 * 1024  # bytes; what one segment of a JPEG file can hold is a quarter of that
_DC = "http://purl.org/dc/elements/1.1/"
_ITEM = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}li"
_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"


def notices_of(packet: bytes) -> tuple[str, str]:
    """The creators, `; ` between them as EXIF has it, and the copyright notice; '' for what is not stated, and where
    the packet cannot be read.
    """
    if not 0 < len(packet) <= _MOST:
        return "", ""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(packet.strip(b"\0 \t\r\n"), parser)
    except etree.XMLSyntaxError:
        return "", ""
    if root.getroottree().docinfo.doctype:  # which XMP has not; entities are defined there
        return "", ""
    creators = [said for _, said in _items(root, "creator")]
    notices = dict(reversed(_items(root, "rights")))  # of one language the first
    return "; ".join(dict.fromkeys(creators)), notices.get("x-default") or next(reversed(notices.values()), "")


def _items(root: etree._Element, name: str) -> list[tuple[str, str]]:
    """What the items of a property say, with their languages: of a list, of one notice a language, or of one value."""
    for found in root.iter(f"{{{_DC}}}{name}"):
        items = list(found.iter(_ITEM)) or [found]
        said = [(each.get(_LANGUAGE) or "", " ".join("".join(each.itertext()).split())) for each in items]
        if any(words for _, words in said):
            return [each for each in said if each[1]]
    return []

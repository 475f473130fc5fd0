"""XMP: what an XML block in the file says about its making, in both of its spellings (attribute and element)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ipynemo.concepts.statements import Statement, clean, source_type, unreadable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from xml.etree.ElementTree import Element

__all__ = ["from_xmp"]

MAX_ELEMENTS = 50_000  # a long history in Photoshop has a few thousand
MAX_STATEMENTS = 50

_RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
_IPTC_EXT = "{http://iptc.org/std/Iptc4xmpExt/2008-02-29/}"
# Namespace and name -> how the field is called. No names of people, no places, no titles: only what made the picture.
_FIELDS: dict[str, str] = {
    f"{_IPTC_EXT}DigitalSourceType": "DigitalSourceType",
    f"{_IPTC_EXT}DigitalSourcefileType": "DigitalSourceType",
    f"{_IPTC_EXT}AISystemUsed": "AISystemUsed",
    f"{_IPTC_EXT}AISystemVersionUsed": "AISystemVersionUsed",
    "{http://ns.adobe.com/photoshop/1.0/}Credit": "photoshop:Credit",
    "{http://ns.adobe.com/xap/1.0/}CreatorTool": "xmp:CreatorTool",
    "{http://ns.adobe.com/xap/1.0/sType/ResourceEvent#}softwareAgent": "xmpMM:softwareAgent",
    "{http://ns.adobe.com/tiff/1.0/}Make": "tiff:Make",
    "{http://ns.adobe.com/tiff/1.0/}Model": "tiff:Model",
    "{http://ns.adobe.com/tiff/1.0/}Software": "tiff:Software",
}
_MEANINGS = {
    "AISystemUsed": "the AI system that made it",
    "photoshop:Credit": "who asks to be credited",
    "xmp:CreatorTool": "the software that made the file first",
    "xmpMM:softwareAgent": "software that changed the file",
}


def from_xmp(block: bytes) -> list[Statement]:
    """Return the statements of one XMP block; a note where it is broken or hostile."""
    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import ParseError, fromstring

    start = block.find(b"<")
    text = block[max(0, start) :].rstrip(b"\x00 \t\r\n")
    if not text:
        return []
    try:
        root = fromstring(text, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError):  # LookupError: an encoding that nobody knows
        return [unreadable("XMP", "the XMP block")]
    found: dict[Statement, None] = {}
    for name, value in _values(root):
        field = _FIELDS[name]
        if value.strip() and len(found) < MAX_STATEMENTS:
            statement = (
                source_type("XMP", value, "stated")
                if field == "DigitalSourceType"
                else Statement("XMP", field, clean(value), _MEANINGS.get(field), "stated")
            )
            found.setdefault(statement)
    return list(found)


def _values(root: Element) -> Iterator[tuple[str, str]]:
    for count, element in enumerate(root.iter()):
        if count >= MAX_ELEMENTS:
            return
        for name, value in element.attrib.items():
            if name in _FIELDS:
                yield name, value
        if element.tag in _FIELDS:
            yield element.tag, element.get(f"{_RDF}resource") or element.text or _first_item(element)


def _first_item(element: Element) -> str:
    """Return the text of the first item where the value is a list or a choice of languages."""
    item = element.find(f".//{_RDF}li")
    return (item.text or item.get(f"{_RDF}resource") or "") if item is not None else ""

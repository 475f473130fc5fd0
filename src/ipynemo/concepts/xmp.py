"""XMP: what an XML block in the file says about its making, in both of its spellings (attribute and element).

The XML is listened to and not built into a tree, so that a large or deeply nested one takes no memory.
"""

from __future__ import annotations

import re
from typing import Any

from ipynemo.concepts.generators import aigc_label, from_text, speaks_of_ai
from ipynemo.concepts.statements import Statement, clean, source_type, unreadable

__all__ = ["from_xmp"]

MAX_ELEMENTS = 50_000  # a long history in Photoshop has a few thousand
MAX_STATEMENTS = 50
MAX_TEXT_CHARS = 1 << 20

_RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
_IPTC_EXT = "{http://iptc.org/std/Iptc4xmpExt/2008-02-29/}"
# Namespace and name -> how the field is called. No names of people, no places, no titles, no serial numbers: only what
# made the picture.
_FIELDS: dict[str, str] = {
    f"{_IPTC_EXT}DigitalSourceType": "DigitalSourceType",
    f"{_IPTC_EXT}DigitalSourcefileType": "DigitalSourceType",
    f"{_IPTC_EXT}AISystemUsed": "AISystemUsed",
    f"{_IPTC_EXT}AISystemVersionUsed": "AISystemVersionUsed",
    f"{_IPTC_EXT}AIPromptInformation": "AIPromptInformation",
    "{http://ns.adobe.com/photoshop/1.0/}Credit": "photoshop:Credit",
    "{http://ns.adobe.com/xap/1.0/}CreatorTool": "xmp:CreatorTool",
    "{http://ns.adobe.com/xap/1.0/sType/ResourceEvent#}softwareAgent": "xmpMM:softwareAgent",
    "{http://ns.adobe.com/tiff/1.0/}Make": "tiff:Make",
    "{http://ns.adobe.com/tiff/1.0/}Model": "tiff:Model",
    "{http://ns.adobe.com/tiff/1.0/}Software": "tiff:Software",
    "{http://ns.adobe.com/exif/1.0/}UserComment": "exif:UserComment",
    "{http://purl.org/dc/elements/1.1/}description": "dc:description",
}
_MEANINGS = {
    "AISystemUsed": "the AI system that made it",
    "AISystemVersionUsed": "the version of the AI system that made it",
    "photoshop:Credit": "who asks to be credited",
    "xmp:CreatorTool": "the software that made the file first",
    "xmpMM:softwareAgent": "software that changed the file",
}
_RECORDS = ("AIPromptInformation", "exif:UserComment", "dc:description")
# The mark that Chinese law asks for (GB 45438-2025), under whichever prefix its namespace is bound to.
_AIGC = re.compile(r"\{[^}]{0,200}tc260[^}]{0,200}\}AIGC", re.IGNORECASE)


class _Listener:
    """Collects the wanted values from the events of a parser."""

    def __init__(self) -> None:
        self.values: list[tuple[str, str]] = []
        self.cut = False
        self._count = 0
        self._field = ""  # the wanted element that is open, and what has been heard in it
        self._depth = 0
        self._text: list[str] = []
        self._chars = 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self._count += 1
        if self._count > MAX_ELEMENTS:
            self.cut = True
            return
        for name, value in attributes.items():
            if field := _field(name):
                self._keep(field, value)
        if self._depth:
            self._depth += 1
        elif field := _field(tag):
            self._field, self._depth, self._text, self._chars = field, 1, [], 0
        if self._depth and (resource := attributes.get(f"{_RDF}resource")):
            self._text.append(resource)

    def data(self, text: str) -> None:
        if self._depth and self._chars < MAX_TEXT_CHARS:
            self._chars += len(text)
            self._text.append(text)

    def end(self, tag: str) -> None:
        if not self._depth:
            return
        heard = "".join(self._text)
        if tag == f"{_RDF}li" and heard.strip():  # the first of a list, or of a choice of languages
            self._keep(self._field, heard)
            self._field, self._text = "", []
        self._depth -= 1
        if not self._depth and self._field:
            self._keep(self._field, heard)

    def close(self) -> None:
        """Be done."""

    def _keep(self, field: str, value: str) -> None:
        if field and value.strip() and len(self.values) < MAX_STATEMENTS:
            self.values.append((field, value))


def _field(name: str) -> str:
    return _FIELDS.get(name) or ("AIGC" if _AIGC.fullmatch(name) else "")


def from_xmp(block: bytes) -> list[Statement]:
    """Return the statements of one XMP block; a note where it is broken or hostile, behind what stood before."""
    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import DefusedXMLParser, ParseError

    start = block.find(b"<")
    text = block[max(0, start) :].rstrip(b"\x00 \t\r\n")
    if not text:
        return []
    listener = _Listener()
    broken = False
    try:
        parser = DefusedXMLParser(target=listener, forbid_dtd=True)
        for at in range(0, len(text), 1 << 16):
            parser.feed(text[at : at + (1 << 16)])
            if listener.cut:
                break
        else:
            parser.close()
    except (ParseError, DefusedXmlException, ValueError, LookupError):  # LookupError: an encoding that nobody knows
        broken = True
    if broken:
        return [unreadable("XMP", "the XMP block")]
    found = [statement for field, value in listener.values if (statement := _statement(field, value))]
    notes = [unreadable("XMP", "the rest of the XMP block")] if listener.cut else []
    return [*dict.fromkeys(found), *notes]


def _statement(field: str, value: str) -> Statement | None:
    made: Any = None
    if field == "DigitalSourceType":
        made = source_type("XMP", value, "stated")
    elif field == "AIGC":
        made = aigc_label("XMP", value)
    elif field in _RECORDS:
        made = from_text("XMP", field, value)
    elif field != "photoshop:Credit" or speaks_of_ai(value):  # else it is a person's or an agency's name
        made = Statement("XMP", field, clean(value), _MEANINGS.get(field), "stated")
    found: Statement | None = made
    return found

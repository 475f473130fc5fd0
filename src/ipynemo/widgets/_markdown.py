"""Markdown from elsewhere as a small tree of what may be shown: the page builds elements from it, and never HTML.

The text comes from a server, so it counts as hostile. HTML in it stays text; links lead to the web or to mail, and say
where when their words pretend another place; pictures become links, so that nothing is fetched; characters that turn
the direction of what stands around them are dropped. What cannot be laid out is shown as it came.

A node is a string, or `{"t": kind, "c": [nodes], …}`; kinds are p, h (`level`), strong, em, s, code, pre (`lang`), ul,
ol (`start`), li, quote, a (`href`), table, tr, th and td (`align`), hr, br.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import urlsplit

from markdown_it import MarkdownIt
from markdown_it.token import Token

__all__ = ["PART_LENGTH", "Node", "clean", "cut", "part_tree", "tree"]

Node = str | dict[str, Any]

PART_LENGTH: Final = 8000  # characters that are laid out at once; the next part comes on demand
MAX_NESTING: Final = 40  # quotes in lists in quotes; markdown-it drops what lies deeper
MAX_HREF: Final = 2000

_ENGINE: Final = MarkdownIt("commonmark", {"html": False, "maxNesting": MAX_NESTING}).enable(["table", "strikethrough"])

_LINE_ENDS = re.compile(r"\r\n?|[\x85\u2028\u2029]")
# Controls, lone surrogates, what turns the direction of text, invisible tags. Joiners stay: emoji are spelt with them.
_UNSHOWABLE = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069\ufeff\ufff9-\ufffb"
    r"\U000e0000-\U000e007f]"
)
_BARE_LINK = re.compile(r"https?://[^\s<>\"'`，。；、）】」]+[^\s<>\"'`，。；、）】」.,;:!?)\]*_~]", re.IGNORECASE)
_ADDRESS_LIKE = re.compile(r"[\w-]\.[a-z]{2,}|://", re.IGNORECASE)
_FENCE = re.compile(r"^ {0,3}(```|~~~)", re.MULTILINE)

_BLOCKS: Final = {
    "paragraph_open": "p",
    "heading_open": "h",
    "bullet_list_open": "ul",
    "ordered_list_open": "ol",
    "list_item_open": "li",
    "blockquote_open": "quote",
    "table_open": "table",
    "tr_open": "tr",
    "th_open": "th",
    "td_open": "td",
}
_MARKS: Final = {"strong_open": "strong", "em_open": "em", "s_open": "s"}


def clean(text: str) -> str:
    r"""Return a text without what cannot be shown or turns its surroundings; line ends are `\n`.

    Examples
    --------
    >>> clean("a\x00\u202eb\r\nc")
    'ab\nc'
    """
    return _UNSHOWABLE.sub("", _LINE_ENDS.sub("\n", text))


def tree(text: str) -> list[Node]:
    """Return a text as nodes.

    Examples
    --------
    >>> tree("**Hi** <b>")
    [{'t': 'p', 'c': [{'t': 'strong', 'c': ['Hi']}, ' <b>']}]
    """
    text = clean(text)
    tokens = _ENGINE.parse(text)
    if any(token.level >= MAX_NESTING - 1 for token in tokens):
        return [_as_it_came(text)]
    root: list[Node] = []
    open_lists = [root]
    for token in tokens:
        if token.nesting < 0:
            open_lists.pop()
        elif token.nesting > 0:
            open_lists.append(_opened(token, open_lists[-1]))
        else:
            open_lists[-1].extend(_leaf(token))
    return root


def _as_it_came(text: str) -> Node:
    return {"t": "p", "c": list(_with_breaks(text.strip("\n")))}


def _with_breaks(text: str) -> Iterator[Node]:
    for number, line in enumerate(text.split("\n")):
        if number:
            yield {"t": "br"}
        if line:
            yield line


def _opened(token: Token, around: list[Node]) -> list[Node]:
    """Add the node that a token opens; return the list that its children go to."""
    kind = _BLOCKS.get(token.type)
    if kind is None or token.hidden:
        return around  # the halves of a table; the paragraph of a tight list's item
    node: dict[str, Any] = {"t": kind, "c": []}
    if kind == "h":
        node["level"] = int(token.tag[1:])
    elif kind == "ol" and (start := token.attrGet("start")) is not None:
        node["start"] = int(start)
    elif kind in ("th", "td") and (align := str(token.attrGet("style") or "").removeprefix("text-align:")):
        node["align"] = align
    around.append(node)
    return list_of(node)


def list_of(node: dict[str, Any]) -> list[Node]:
    """Return a node's children."""
    children: list[Node] = node["c"]
    return children


def _leaf(token: Token) -> list[Node]:
    if token.type == "inline":
        return _inline(token.children or [])
    if token.type in ("fence", "code_block"):
        language = (token.info or "").split(maxsplit=1)
        return [{"t": "pre", "lang": language[0][:20] if language else "", "c": [token.content.removesuffix("\n")]}]
    if token.type == "hr":
        return [{"t": "hr"}]
    return [token.content] if token.content else []


def _inline(tokens: list[Token]) -> list[Node]:
    root: list[Node] = []
    open_lists = [root]
    links: list[str] = []
    for token in tokens:
        here = open_lists[-1]
        if token.type in _MARKS:
            node: dict[str, Any] = {"t": _MARKS[token.type], "c": []}
            here.append(node)
            open_lists.append(list_of(node))
        elif token.type == "link_open":
            links.append(str(token.attrGet("href") or ""))
            open_lists.append([])
        elif token.type == "link_close":
            words = open_lists.pop()
            open_lists[-1].extend(_link(links.pop(), words))
        elif token.nesting < 0:
            open_lists.pop()
        elif token.type == "image":
            here.extend(_link(str(token.attrGet("src") or ""), [token.content] if token.content else []))
        elif token.type in ("softbreak", "hardbreak"):
            here.append({"t": "br"})
        elif token.type == "code_inline":
            here.append({"t": "code", "c": [token.content]})
        elif token.content:
            here.extend([token.content] if links else _with_links(token.content))
    return root


def _with_links(text: str) -> Iterator[Node]:
    """Make links of the addresses in a text."""
    end = 0
    for found in _BARE_LINK.finditer(text):
        if found.start() > end:
            yield text[end : found.start()]
        yield from _link(found[0], [found[0]])
        end = found.end()
    if end < len(text):
        yield text[end:]


def _link(href: str, words: list[Node]) -> list[Node]:
    """Return a link; where it leads to no allowed place, its words and the address as text."""
    label = _plain(words)
    host = _allowed_host(href)
    if host is None:
        return [*words, f" ({href})" if label.strip() else href] if href and href != label else words
    node: Node = {"t": "a", "href": href, "c": words if label.strip() else [href]}
    pretends = _ADDRESS_LIKE.search(label) and host not in label.lower()
    return [node, f" ({host})"] if pretends else [node]


def _plain(nodes: list[Node]) -> str:
    return "".join(node if isinstance(node, str) else _plain(node.get("c", [])) for node in nodes)


def _allowed_host(href: str) -> str | None:
    """Return where a link leads, None where it may not."""
    if len(href) > MAX_HREF or re.search(r"\s", href):
        return None
    try:
        parts = urlsplit(href)
        host = parts.hostname or ""
    except ValueError:
        return None
    if parts.scheme == "mailto" and "@" in parts.path:
        return parts.path.partition("@")[2].lower()
    return host if parts.scheme in ("http", "https") and host else None


def cut(text: str, length: int = PART_LENGTH) -> list[str]:
    """Cut a long text into parts, between paragraphs or lines or words where there are some; joined, they are the text.

    Examples
    --------
    >>> cut("one two three", 8)
    ['one two ', 'three']
    """
    parts = []
    begin = 0
    while len(text) - begin > length:
        window = text[begin : begin + length]
        ends = (window.rfind(mark) + len(mark) for mark in ("\n\n", "\n", " ") if mark in window[length // 2 :])
        end = begin + next(ends, length)
        parts.append(text[begin:end])
        begin = end
    return [*parts, text[begin:]]


def part_tree(parts: list[str], number: int) -> list[Node]:
    """Return one part of a cut text as nodes; a code block that was cut goes on as one."""
    before = _FENCE.findall("".join(parts[:number]))
    mark = before[-1] if len(before) % 2 else ""
    return tree(f"{mark}\n{parts[number]}" if mark else parts[number])

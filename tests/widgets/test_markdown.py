"""Markdown from elsewhere becomes nodes that a page may show, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ipynemo.widgets._markdown import Node, clean, cut, part_tree, tree

KINDS = {"p", "h", "strong", "em", "s", "code", "pre", "ul", "ol", "li", "quote", "a", "table", "tr", "th", "td"}
KINDS |= {"hr", "br"}


def p(*children: Node) -> Node:
    return {"t": "p", "c": list(children)}


def words(nodes: list[Node]) -> str:
    return "".join(node if isinstance(node, str) else words(node.get("c", [])) for node in nodes)


def every(nodes: list[Node]) -> list[dict[str, Any]]:
    own = [node for node in nodes if isinstance(node, dict)]
    return [*own, *(inner for node in own for inner in every(node.get("c", [])))]


@pytest.mark.parametrize(
    ("text", "nodes"),
    [
        ("Hi *a* **b** ~~c~~ `d`", [p("Hi ", {"t": "em", "c": ["a"]}, " ", {"t": "strong", "c": ["b"]}, " ",
                                       {"t": "s", "c": ["c"]}, " ", {"t": "code", "c": ["d"]})]),
        ("## Two", [{"t": "h", "level": 2, "c": ["Two"]}]),
        ("one\ntwo", [p("one", {"t": "br"}, "two")]),
        ("- a\n- b", [{"t": "ul", "c": [{"t": "li", "c": ["a"]}, {"t": "li", "c": ["b"]}]}]),
        ("3. a", [{"t": "ol", "start": 3, "c": [{"t": "li", "c": ["a"]}]}]),
        ("> q", [{"t": "quote", "c": [p("q")]}]),
        ("---", [{"t": "hr"}]),
        ("```py\nx = 1\n```", [{"t": "pre", "lang": "py", "c": ["x = 1"]}]),
        (
            "|a|b|\n|-|-:|\n|1|2|",
            [{"t": "table", "c": [
                {"t": "tr", "c": [{"t": "th", "c": ["a"]}, {"t": "th", "align": "right", "c": ["b"]}]},
                {"t": "tr", "c": [{"t": "td", "c": ["1"]}, {"t": "td", "align": "right", "c": ["2"]}]},
            ]}],
        ),
    ],
)  # fmt: skip
def test_what_markdown_means(text: str, nodes: list[Node]) -> None:
    assert tree(text) == nodes


@pytest.mark.parametrize(
    "text",
    [
        "<img src=x onerror=alert(1)>",
        "<script>alert(1)</script>",
        "a <b onclick='x'>b</b> c",
        "<!-- comment -->",
        "<details open ontoggle=alert(1)>",
        "[x](javascript:alert(1))",
        "[x](JaVaScRiPt:alert(1))",
        "[x](data:text/html;base64,PHNjcmlwdD4=)",
        "[x](vbscript:msgbox)",
        "<javascript:alert(1)>",
        "![x](javascript:alert(1))",
    ],
)
def test_what_could_run_is_text_as_it_came(text: str) -> None:
    assert words(tree(text)) == text
    assert [node for node in every(tree(text)) if node["t"] == "a"] == []


def test_links_lead_to_the_web_and_to_mail_alone() -> None:
    link = {"t": "a", "href": "https://example.org/a?b=1", "c": ["here"]}
    assert tree("[here](https://example.org/a?b=1)") == [p(link)]
    assert tree("[mail](mailto:a@example.org)") == [p({"t": "a", "href": "mailto:a@example.org", "c": ["mail"]})]
    assert tree("[f](ftp://example.org/x) [r](../x) [h](//example.org)") == [
        p("f", " (ftp://example.org/x)", " ", "r", " (../x)", " ", "h", " (//example.org)")
    ]


def test_a_bare_address_is_a_link_without_the_full_stop_behind_it() -> None:
    link = {"t": "a", "href": "https://example.org/a_b", "c": ["https://example.org/a_b"]}
    assert tree("See https://example.org/a_b.") == [p("See ", link, ".")]
    assert tree("`https://example.org`") == [p({"t": "code", "c": ["https://example.org"]})]


def test_a_link_that_pretends_to_lead_elsewhere_says_where_it_leads() -> None:
    link = {"t": "a", "href": "https://evil.example/login", "c": ["https://bank.example"]}
    assert tree("[https://bank.example](https://evil.example/login)") == [p(link, " (evil.example)")]


def test_a_picture_is_a_link_to_it() -> None:
    assert tree("![a robot](https://example.org/r.png)") == [
        p({"t": "a", "href": "https://example.org/r.png", "c": ["a robot"]})
    ]
    assert tree("![](https://example.org/r.png)") == [
        p({"t": "a", "href": "https://example.org/r.png", "c": ["https://example.org/r.png"]})
    ]


def test_controls_and_what_turns_the_direction_are_dropped() -> None:
    assert clean("a\u202egnp\u202c\u2067b\u2069\x07\x00\ud800c\ufeff\x9b") == "agnpbc"
    assert clean("one\r\ntwo\rthree\u2028four\x85five") == "one\ntwo\nthree\nfour\nfive"
    assert clean("שלום 👩\u200d🎨 مرحبا\ttab") == "שלום 👩\u200d🎨 مرحبا\ttab"


@pytest.mark.parametrize(
    "text", ["> " * 60 + "deep", "- " * 60 + "deep", "\n".join("  " * n + "- a" for n in range(60))]
)
def test_what_is_nested_too_deep_is_shown_as_it_came(text: str) -> None:
    assert words(tree(text)) == text.replace("\n", "")


def test_a_long_text_is_cut_between_paragraphs_and_nothing_is_lost() -> None:
    text = "".join(f"Paragraph {n}.\n\n" for n in range(2000))
    parts = cut(text)
    assert "".join(parts) == text
    assert {part[-2:] for part in parts} == {"\n\n"}
    assert max(len(part) for part in parts) <= 8000
    assert cut("x" * 20_001)[0] == "x" * 8000
    assert cut("") == [""]


def test_a_code_block_that_was_cut_goes_on_as_code() -> None:
    parts = ["```py\na = 1\n", "<b>\n```\nafter"]
    assert part_tree(parts, 0) == [{"t": "pre", "lang": "py", "c": ["a = 1"]}]
    assert part_tree(parts, 1) == [{"t": "pre", "lang": "", "c": ["<b>"]}, p("after")]


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.sampled_from([*"[]()<>*_~`#|-:!\\&\n >1.ax", "](", "http://a.b", "javascript:", "```"]), max_size=60)
)
def test_whatever_comes_is_made_of_known_nodes_and_allowed_links(pieces: list[str]) -> None:
    for node in every(tree("".join(pieces))):
        assert node["t"] in KINDS
        assert node.get("href", "https://").startswith(("http://", "https://", "mailto:"))


@given(st.text(max_size=300), st.integers(1, 50))
def test_a_cut_text_is_the_text(text: str, length: int) -> None:
    parts = cut(text, length)
    assert "".join(parts) == text
    assert all(0 < len(part) <= length for part in parts) or text == ""

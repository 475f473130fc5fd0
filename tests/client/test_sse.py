"""Bytes in, payloads out: every chunk boundary, every line end, and whatever else servers do."""

from __future__ import annotations

import json
from itertools import pairwise

import httpx
import pytest
from httpx_sse import EventSource
from hypothesis import given
from hypothesis import strategies as st

from ipynemo.client.sse import SSEParser
from ipynemo.errors import ProtocolError

# Each awkward thing once: BOM, CRLF, CR, LF, comment, several data lines, characters of 2, 3 and 4 bytes, U+2028 & co.
AWKWARD = (
    '\ufeffdata: {"a": "é剪🎬"}\r\n\r\n: a comment\r\rdata: {"b":\ndata:  "\u2028\u2029\x85"}\n\n'
    "id: 7\nevent: message\nretry: 10\ndata:{}\r\n\n\nunknown: x\ndata\n\n"
).encode()
AWKWARD_PAYLOADS = ['{"a": "é剪🎬"}', None, '{"b":\n "\u2028\u2029\x85"}', "{}", None]


def payloads_of(*chunks: bytes) -> list[str | None]:
    parser = SSEParser()
    out = [payload for chunk in chunks for payload in parser.feed(chunk)]
    rest, cut = parser.close()
    assert not cut
    return out + rest


def test_the_awkward_stream_in_one_piece() -> None:
    assert payloads_of(AWKWARD) == AWKWARD_PAYLOADS


@pytest.mark.parametrize("size", [1, 2, 3, 5, 7])
def test_the_awkward_stream_in_small_pieces(size: int) -> None:
    chunks = [AWKWARD[i : i + size] for i in range(0, len(AWKWARD), size)]
    assert payloads_of(*chunks) == AWKWARD_PAYLOADS


def test_the_awkward_stream_cut_at_every_place() -> None:
    for first in range(len(AWKWARD) + 1):
        for second in range(first, len(AWKWARD) + 1):
            chunks = AWKWARD[:first], AWKWARD[first:second], AWKWARD[second:]
            assert payloads_of(*chunks) == AWKWARD_PAYLOADS, (first, second)


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n"])
def test_each_line_end_ends_a_line(end: str) -> None:
    assert payloads_of(f"data: 1{end}data: 2{end}{end}data: 3{end}{end}".encode()) == ["1\n2", "3"]


def test_an_event_that_ends_in_cr_does_not_wait_for_more() -> None:
    parser = SSEParser()
    assert parser.feed(b"data: 1\r\n\r") == ["1"]
    assert parser.feed(b"\ndata: 2\r\r") == ["2"]


def test_a_crlf_cut_in_two_is_one_line_end() -> None:
    assert payloads_of(b"data: 1\r", b"\ndata: 2\r", b"\n\r", b"\n") == ["1\n2"]


def test_a_byte_order_mark_cut_in_pieces_is_dropped_and_only_at_the_start() -> None:
    assert payloads_of(b"\xef", b"\xbb", b"", b"\xbfdata: 1\n\n") == ["1"]
    assert payloads_of(b"data: 1\n\n\xef\xbb\xbfdata: 2\n\n") == ["1"]  # there it is part of a field's name


def test_the_first_bytes_of_a_byte_order_mark_alone_are_no_event() -> None:
    assert payloads_of(b"\xef\xbb") == []


def test_empty_data_and_comments_are_signs_of_life() -> None:
    assert payloads_of(b"data:\n\n: ping\n:\n\nevent: ping\n\ndata: \n\n") == [None, None, None, None, None]


def test_only_one_space_behind_the_colon_is_dropped() -> None:
    assert payloads_of(b"data:  x \n\n") == [" x "]


def test_nul_and_control_characters_pass() -> None:
    assert payloads_of(b"data: a\x00b\x0b\x0c\x1c\x1d\x1e\n\n") == ["a\x00b\x0b\x0c\x1c\x1d\x1e"]


def test_broken_utf8_is_replaced_and_hurts_nothing_else() -> None:
    assert payloads_of(b"data: \xff\xc3\n\ndata: ok\n\n") == ["\ufffd\ufffd", "ok"]


def test_an_event_of_ten_megabytes_in_small_packets() -> None:
    payload = json.dumps({"x": "剪" * 3_500_000}, ensure_ascii=False)
    data = b"data: " + payload.encode() + b"\n\n"
    assert len(data) > 10_000_000
    assert payloads_of(*(data[i : i + 16_384] for i in range(0, len(data), 16_384))) == [payload]


def test_an_event_beyond_the_limit_is_refused_however_it_is_made_up() -> None:
    with pytest.raises(ProtocolError, match="larger than 67108864 bytes"):
        payloads_of(*[b"data: " + b"x" * (1 << 20)] * 65)
    for chunk in (b"data: 0123456789\n", b"data: 0123", b"data:\n", b"0123456789", b": 0123456789"):
        parser = SSEParser(max_event_bytes=100)
        with pytest.raises(ProtocolError, match="larger than 100 bytes"):
            [parser.feed(chunk) for _ in range(200)]


def test_many_events_below_the_limit_are_not_added_up() -> None:
    parser = SSEParser(max_event_bytes=100)
    assert [parser.feed(b"data: 0123456789\n\n") for _ in range(200)] == [["0123456789"]] * 200


def test_a_last_event_without_its_blank_line_counts_when_it_is_whole() -> None:
    assert payloads_of(b'data: {"a": 1}') == ['{"a": 1}']
    assert payloads_of(b'data: {"a": 1}\n') == ['{"a": 1}']


@pytest.mark.parametrize("rest", [b"d", b"dat", b"data", b"data:", b"data: ", b'data: {"a"', b'data: {"a": 1\n'])
def test_a_body_that_ends_inside_an_event_was_cut(rest: bytes) -> None:
    parser = SSEParser()
    assert parser.feed(b"data: 1\n\n" + rest) == ["1"]
    assert parser.close() == ([], True)


@pytest.mark.parametrize("rest", [b"", b"\r", b": comment", b"id: 5", b"event: done\n", b"data:\n\n"])
def test_a_body_that_ends_between_events_was_not_cut(rest: bytes) -> None:
    parser = SSEParser()
    parser.feed(b"data: 1\n\n" + rest)
    assert parser.close()[1] is False


def test_every_prefix_of_a_stream_is_a_cut_or_a_whole_number_of_events() -> None:
    data = 'data: {"a": "é"}\n\ndata: {"b": 2}\r\n\r\n'.encode()
    for end in range(len(data)):
        parser = SSEParser()
        got = parser.feed(data[:end])
        rest, cut = parser.close()
        inside = end not in (0, 17, 18, 19, 33, 34, 35, 36)
        assert cut is inside, (end, data[:end])
        assert [*got, *rest] == ['{"a": "é"}', '{"b": 2}'][: len(got) + len(rest)]


def test_pending_bytes_grow_with_an_event_and_not_with_a_comment() -> None:
    parser = SSEParser()
    parser.feed(b"data: 12345")
    assert parser.pending_bytes == 11
    parser.feed(b"\n\n: 123456789")
    assert parser.pending_bytes == 0


lines = st.text(st.characters(exclude_characters="\r\n", codec="utf-8"), max_size=12)
events = st.lists(st.lists(lines, min_size=1, max_size=3), max_size=6)
ends = st.sampled_from(["\n", "\r\n", "\r"])


@given(events=events, end=ends, bom=st.booleans(), cuts=st.lists(st.integers(0, 400), max_size=8))
def test_any_chunking_of_any_events_gives_the_same_payloads(
    events: list[list[str]], end: str, bom: bool, cuts: list[int]
) -> None:
    body = "".join("".join(f"data: {line}{end}" for line in event) + end for event in events)
    data = (("\ufeff" if bom else "") + body).encode()
    places = sorted({0, *(cut for cut in cuts if cut < len(data)), len(data)})
    parser = SSEParser()
    got = [p for a, b in pairwise(places) for p in parser.feed(data[a:b])]
    assert [p for p in got if p is not None] == ["\n".join(e) for e in events if "\n".join(e).strip()]
    assert parser.close() == ([], False)


fields = st.sampled_from(["data", "event", "id", "retry", "", "dat", "DATA"])
words = st.text(st.characters(exclude_characters="\r\n", codec="utf-8"), max_size=8)


@given(st.lists(st.tuples(fields, st.sampled_from([":", ": ", ""]), words), max_size=12), ends)
def test_the_parser_agrees_with_httpx_sse(parts: list[tuple[str, str, str]], end: str) -> None:
    text = "".join(end if not name and not colon else f"{name}{colon}{value}{end}" for name, colon, value in parts)
    text += f"data: last{end}{end}"
    answer = httpx.Response(200, headers={"Content-Type": "text/event-stream"}, content=text.encode())
    theirs = [event.data for event in EventSource(answer).iter_sse() if event.data.strip()]
    assert [payload for payload in payloads_of(text.encode()) if payload is not None] == theirs

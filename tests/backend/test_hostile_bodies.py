"""What strangers send: never a 5xx, always an envelope that says what is wrong."""

from __future__ import annotations

import json
import random
import socket
from typing import Any

import pytest
from serving import ServerProcess, User, title_draft, turn

DEEP = "[" * 100_000 + "]" * 100_000
HUGE = "9" * 5_000

BODIES: list[bytes] = [
    b"",
    b"{",
    b"null",
    b"[]",
    b'"text"',
    b"1",
    b"\xff\xfe",
    b"\xef\xbb\xbf{}",
    DEEP.encode(),
    b'{"a":' * 90_000 + b"1" + b"}" * 90_000,
    f'{{"session_id": {HUGE}}}'.encode(),
    b'{"session_id": 1e999}',
    b'{"session_id": NaN}',
    b'{"session_id": Infinity, "draft": -Infinity}',
    b'{"session_id": "\\ud800"}',
    b'{"session_id": "\\u0000"}',
    b'{"\\ud800": 1}',
    b'{"task_name": "\\u0000"}',
    b'{"task_name": {"a": 1}, "language": ["en"]}',
    b'{"session_id": 18446744073709551616}',
    b'{"sessionId": true, "id": 5, "draft": []}',
    b"{" + b",".join(b'"k%d": %d' % (n, n) for n in range(20_000)) + b"}",
]
PATHS = [
    "/api/tasks/me/with-session/nemo_agent",
    "/api/auth/claim-token",
    "/api/render/proxy/lambda",
    "/run_sse",
    "/api/upload-video/nemo_agent/me/{sid}",
]


@pytest.mark.parametrize("path", PATHS)
def test_no_body_is_a_server_error(somebody: User, path: str) -> None:
    for body in BODIES:
        for content_type in ("application/json", "text/plain", ""):
            answer = somebody.http.post(
                path.replace("{sid}", somebody.session_id), content=body, headers={"Content-Type": content_type}
            )
            assert answer.status_code in {200, 400, 415, 422}, (body[:60], answer.text)
            assert answer.json()["code"] in {0, 400, 4001, 422}
            assert len(answer.content) < 5_000
    assert somebody.http.get("/api/credits/balance/simple").status_code == 200


def draft_with(value: Any) -> dict[str, Any]:
    draft = title_draft()
    draft["t"][0]["sg"][0].update(value)
    return draft


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = {"m": value}
    return value


@pytest.mark.parametrize(
    ("draft", "reason"),
    [
        ({"tx": "half \ud800"}, "half a character"),
        ({"tx": "nul \x00"}, "NUL"),
        ({"m": nested(100)}, "nested deeper than 100"),
    ],
)
def test_a_draft_that_cannot_be_kept_is_refused_with_its_reason(
    somebody: User, draft: dict[str, Any], reason: str
) -> None:
    order = json.dumps({"id": "render_x", "sessionId": somebody.session_id, "draft": draft_with(draft)})
    answer = somebody.http.post(
        "/api/render/proxy/lambda", content=order.encode(), headers={"Content-Type": "application/json"}
    )
    assert (answer.status_code, answer.json()["code"]) == (400, 400)
    assert reason in answer.json()["message"]


def test_odd_segments_never_break_the_server(somebody: User) -> None:
    rng = random.Random(7)
    odd: list[Any] = [
        None,
        True,
        -1,
        0,
        1e308,
        -5e-324,
        2**62,
        "",
        "x" * 5000,
        [],
        {},
        [[]],
        {"a": [1]},
        "\u202e",
        "\U0010ffff",
    ]
    for n in range(60):
        segment = {key: rng.choice(odd) for key in ("id", "st", "d", "tx", "src", "in", "vol", "m", "n")}
        draft = {"t": [{"tt": rng.choice([0, 1, 7, 99, None, "x"]), "sg": [segment]}], "m": rng.choice(odd)}
        answer = somebody.export(draft, f"render_odd_{somebody.session_id}_{n}")
        assert answer.status_code == 200, answer.text
        somebody.http.post(f"/api/render/proxy/lambda/render_odd_{somebody.session_id}_{n}/cancel")


@pytest.mark.parametrize(
    "path",
    [
        "/api/state/nemo_agent/me/{}/latest",
        "/api/render/proxy/lambda/{}",
        "/api/render/proxy/{}/download",
        "/api/files/asset/{}?expires=1&signature=x",
    ],
)
@pytest.mark.parametrize(
    "odd", ["%00", "a%2Fb", "..%2f..", "x" * 5000, "%ff", "%E7%81%AB", "a b", "'--", "%F0%9F%98%80"]
)
def test_odd_ids_are_4xx(somebody: User, path: str, odd: str) -> None:
    answer = somebody.http.get(path.format(odd))
    assert answer.status_code in {403, 404, 422}
    assert answer.json()["success"] is False


@pytest.mark.parametrize(
    "query",
    [
        "expires=9999999999999999999999&signature=x",
        "expires=x&signature=x",
        "expires=-1&signature=x",
        "expires=5&signature=%00",
        "expires=5&signature=%ed%a0%80",
        "",
        "expires=1e5&signature=y",
    ],
)
def test_odd_links_are_4xx(somebody: User, query: str) -> None:
    answer = somebody.http.get(f"/api/files/render/x?{query}")
    assert answer.status_code in {403, 422}


def test_a_json_body_beyond_32_mib_is_413(server: ServerProcess, somebody: User) -> None:
    for content in (b"x" * ((32 << 20) + 1), iter([b"x" * (1 << 20)] * 33)):
        answer = somebody.http.post(
            "/api/render/proxy/lambda", content=content, headers={"Content-Type": "application/json"}
        )
        assert (answer.status_code, answer.json()["code"]) == (413, 413)
        assert answer.json()["message"] == "The body is larger than 32 MiB."


@pytest.mark.parametrize("number", ["1e999", "-1e999", "9" * 5_000, "NaN"])
def test_a_number_beyond_all_use_is_refused(somebody: User, number: str) -> None:
    order = json.dumps({"id": "render_x", "sessionId": somebody.session_id, "draft": draft_with({"d": 123454321})})
    content = order.replace("123454321", number).encode()
    answer = somebody.http.post(
        "/api/render/proxy/lambda", content=content, headers={"Content-Type": "application/json"}
    )
    assert (answer.status_code, answer.json()["code"]) == (400, 400)


def test_a_large_draft_below_the_limit_is_taken(somebody: User) -> None:
    draft = title_draft()
    draft["note"] = "x" * (20 << 20)
    answer = somebody.export(draft)
    assert answer.status_code == 200
    somebody.http.post(f"/api/render/proxy/lambda/{answer.json()['id']}/cancel")


def raw(server: ServerProcess, request: bytes) -> bytes:
    host, port = server.base_url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        connection.sendall(request)
        connection.shutdown(socket.SHUT_WR)
        answer = b""
        while block := connection.recv(65536):
            answer += block
    return answer


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"nonsense\r\n\r\n",
        b"POST /run_sse HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",
        b"POST /run_sse HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999999999\r\n\r\n",
        b"POST /run_sse HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\nzz",
        b"GET /health HTTP/1.1\r\nHost: " + b"x" * 100_000 + b"\r\n\r\n",
        b"GET /\xff\xfe HTTP/1.1\r\nHost: x\r\n\r\n",
    ],
)
def test_broken_http_does_not_break_the_server(server: ServerProcess, somebody: User, request_bytes: bytes) -> None:
    answer = raw(server, request_bytes)
    assert answer == b"" or answer[9:10] in {b"2", b"4"}, answer[:100]
    assert somebody.http.get("/health").status_code == 200


def test_a_body_that_is_cut_off_does_not_begin_a_turn(server: ServerProcess, somebody: User) -> None:
    body = json.dumps(turn(somebody.session_id, "hello")).encode()
    head = (
        f"POST /run_sse HTTP/1.1\r\nHost: x\r\nAuthorization: {somebody.http.headers['authorization']}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body) + 10}\r\n\r\n"
    )
    assert b"200 OK" not in raw(server, head.encode() + body)
    assert somebody.state()["timeline_version"] == 0

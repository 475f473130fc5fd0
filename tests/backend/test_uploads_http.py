"""Uploads over HTTP: streamed, limited, judged by content, and never half."""

from __future__ import annotations

import hashlib
import http.server
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from serving import ServerProcess, User, png

MIB = 1 << 20


def spooled(server: ServerProcess) -> list[Path]:
    return list((server.data / "spool").iterdir())


def stored(server: ServerProcess, user: User) -> list[Path]:
    folder = server.data / "files" / user.session_id
    return list(folder.iterdir()) if folder.exists() else []


def test_several_files_keep_their_order(somebody: User) -> None:
    answer = somebody.upload(("b.png", png("red")), ("a.png", png("blue")), ("c.png", png("green")))
    assert [file["filename"] for file in answer.json()["data"]["files"]] == ["b.png", "a.png", "c.png"]
    assert [info["filename"] for info in somebody.state()["video_infos"]] == ["b.png", "a.png", "c.png"]


def test_names_are_never_paths(server: ServerProcess, somebody: User) -> None:
    answer = somebody.upload(("../../../etc/pass\u202ewd.png", png()))
    [file] = answer.json()["data"]["files"]
    assert "/" not in file["filename"]
    assert "\u202e" not in file["filename"]
    [path] = stored(server, somebody)
    assert path.name == f"{file['id']}.png"
    assert path.stat().st_mode & 0o077 == 0 or path.parent.stat().st_mode & 0o077 == 0


def test_the_content_decides_what_a_file_is(somebody: User) -> None:
    [file] = somebody.upload(("film.mp4", png())).json()["data"]["files"]
    assert file["file_type"] == "image"


@pytest.mark.parametrize("content", [b"hello", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"%PDF-1.7"])
def test_what_is_no_picture_film_or_sound_is_4001(server: ServerProcess, somebody: User, content: bytes) -> None:
    answer = somebody.upload(("a.png", content))
    assert (answer.status_code, answer.json()["code"]) == (415, 4001)
    assert spooled(server) == stored(server, somebody) == []


def test_an_empty_file_is_refused(server: ServerProcess, somebody: User) -> None:
    answer = somebody.upload(("a.png", b""))
    assert (answer.status_code, answer.json()["code"]) == (400, 400)
    assert "empty" in answer.json()["message"]


def test_one_bad_file_refuses_the_whole_upload(server: ServerProcess, somebody: User) -> None:
    answer = somebody.upload(("good.png", png()), ("bad.png", b"nothing"))
    assert (answer.status_code, answer.json()["code"]) == (415, 4001)
    assert "bad.png" in answer.json()["message"]
    assert somebody.state()["video_infos"] == []
    assert spooled(server) == stored(server, somebody) == []


def zeros(size: int) -> Iterator[bytes]:
    block = bytes(MIB)
    for _ in range(size // MIB):
        yield block
    yield block[: size % MIB]


def body(size: int) -> Iterator[bytes]:
    yield b'--cut\r\nContent-Disposition: form-data; name="files"; filename="big.mp4"\r\n\r\n'
    yield from zeros(size)
    yield b"\r\n--cut--\r\n"


MULTIPART = {"Content-Type": "multipart/form-data; boundary=cut"}


def test_more_than_200_mib_is_4002_and_leaves_nothing(server: ServerProcess, somebody: User) -> None:
    answer = somebody.http.post(
        f"/api/upload-video/nemo_agent/me/{somebody.session_id}", content=body(200 * MIB + 1), headers=MULTIPART
    )
    assert (answer.status_code, answer.json()["code"]) == (413, 4002)
    assert "200 MB" in answer.json()["message"]
    assert spooled(server) == []


def test_exactly_200_mib_are_read_in_little_memory(server: ServerProcess, somebody: User) -> None:
    process = psutil.Process(server.process.pid)
    before = process.memory_info().rss
    most = before
    done = threading.Event()

    def look() -> None:
        nonlocal most
        while not done.wait(0.02):
            most = max(most, process.memory_info().rss)

    looking = threading.Thread(target=look)
    looking.start()
    answer = somebody.http.post(
        f"/api/upload-video/nemo_agent/me/{somebody.session_id}", content=body(200 * MIB), headers=MULTIPART
    )
    done.set()
    looking.join()
    assert (answer.status_code, answer.json()["code"]) == (415, 4001)  # 200 MiB of zeros are no film: read to the end
    assert most - before < 50 * MIB
    assert spooled(server) == []


def test_a_client_that_goes_away_in_the_middle_leaves_nothing(server: ServerProcess, somebody: User) -> None:
    host, port = somebody.http.base_url.host, somebody.http.base_url.port
    with socket.create_connection((host, port)) as connection:
        head = (
            f"POST /api/upload-video/nemo_agent/me/{somebody.session_id} HTTP/1.1\r\nHost: x\r\n"
            f"Authorization: {somebody.http.headers['authorization']}\r\n"
            "Content-Type: multipart/form-data; boundary=cut\r\nContent-Length: 9000000\r\n\r\n"
        )
        connection.sendall(head.encode())
        for block in body(4 * MIB):
            if not block.startswith(b"\r\n--cut"):
                connection.sendall(block)
        until = time.monotonic() + 20
        while not spooled(server):
            assert time.monotonic() < until
            time.sleep(0.01)
    while spooled(server):
        assert time.monotonic() < until
        time.sleep(0.01)


FORM = "multipart/form-data; boundary=cut"


def part(disposition: str, content: bytes = b"x", end: bytes = b"\r\n--cut--\r\n") -> bytes:
    return f"--cut\r\nContent-Disposition: form-data; {disposition}\r\n\r\n".encode() + content + end


@pytest.mark.parametrize(
    ("content_type", "content", "status", "code"),
    [
        ("multipart/form-data", b"", 400, 400),
        (FORM, b"", 400, 400),
        (FORM, b"nonsense", 400, 400),
        (FORM, b"--cut--\r\n", 400, 400),
        (FORM, part('name="files"; filename="a"', end=b""), 400, 400),
        (FORM, part('name="other"; filename="a"'), 400, 400),
        (FORM, part('name="files"'), 400, 400),
        (FORM, part('name="a"', b"y" * 70_000), 400, 400),
        (FORM, b"--cut\r\nX: " + b"y" * 20_000 + b"\r\n\r\nx\r\n--cut--\r\n", 400, 400),
        ("multipart/form-data; boundary=" + "b" * 300, b"x", 400, 400),
        ("text/plain", b"x", 415, 4001),
        ("", b"x", 415, 4001),
        ("application/json", b"{", 400, 400),
        ("application/json", b"[]", 422, 422),
        ("application/json", b'{"urls": []}', 422, 422),
        ("application/json", b'{"urls": ["file:///etc/passwd"]}', 422, 422),
        ("application/json", b'{"urls": ["http://127.0.0.1:1/a.png"], "source_type": "url"}', 400, 400),
        ("application/json", b'{"urls": ["http://a/", 5]}', 422, 422),
    ],
)
def test_a_wrong_upload_is_refused(
    server: ServerProcess, somebody: User, content_type: str, content: bytes, status: int, code: int
) -> None:
    answer = somebody.http.post(
        f"/api/upload-video/nemo_agent/me/{somebody.session_id}",
        content=content,
        headers={"Content-Type": content_type},
    )
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert spooled(server) == stored(server, somebody) == []


def test_too_many_files_in_one_request_are_refused(server: ServerProcess, somebody: User) -> None:
    answer = somebody.upload(*[(f"{n}.png", png()) for n in range(51)])
    assert (answer.status_code, answer.json()["code"]) == (400, 400)
    assert spooled(server) == stored(server, somebody) == []


class _Pictures(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "image/png")
        self.end_headers()
        self.wfile.write(png("purple"))

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


@pytest.fixture
def site() -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Pictures)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_file_is_fetched_from_its_address(start_server, site: str) -> None:  # type: ignore[no-untyped-def]
    user = start_server("--allow-private-urls").user()
    answer = user.http.post(
        f"/api/upload-video/nemo_agent/me/{user.session_id}",
        json={"urls": [f"{site}/photos/cat.png"], "source_type": "url"},
    )
    assert answer.status_code == 200, answer.text
    [file] = answer.json()["data"]["files"]
    assert (file["filename"], file["file_type"]) == ("cat.png", "image")
    assert file["hash"] == hashlib.sha256(png("purple")).hexdigest()


def test_an_address_in_the_private_network_is_refused_by_default(somebody: User, site: str) -> None:
    answer = somebody.http.post(
        f"/api/upload-video/nemo_agent/me/{somebody.session_id}", json={"urls": [f"{site}/cat.png"]}
    )
    assert (answer.status_code, answer.json()["code"]) == (400, 400)
    assert somebody.state()["video_infos"] == []

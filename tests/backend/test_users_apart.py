"""Who may see what: nobody without a token, and nobody anything of somebody else."""

from __future__ import annotations

import httpx
import pytest
from serving import ServerProcess, User, new_render_id, png, title_draft, turn

CALLS = [
    ("POST", "/api/tasks/me/with-session/nemo_agent"),
    ("POST", "/api/auth/claim-token"),
    ("POST", "/api/upload-video/nemo_agent/me/ses_x"),
    ("GET", "/api/credits/balance/simple"),
    ("GET", "/api/state/nemo_agent/me/ses_x/latest"),
    ("PUT", "/api/state/nemo_agent/me/ses_x/draft"),
    ("POST", "/api/render/proxy/lambda"),
    ("GET", "/api/render/proxy/lambda/r"),
    ("POST", "/api/render/proxy/lambda/r/cancel"),
    ("GET", "/api/render/proxy/r/download"),
    ("HEAD", "/api/render/proxy/r/download"),
    ("POST", "/run_sse"),
    ("GET", "/openapi.json"),
    ("GET", "/nothing"),
]


@pytest.mark.parametrize(("method", "path"), CALLS)
@pytest.mark.parametrize("authorization", [None, "", "Bearer", "Bearer wrong", "Basic bm12Og==", "Bearer " + "x" * 600])
def test_every_call_demands_the_token(server: ServerProcess, method: str, path: str, authorization: str | None) -> None:
    headers = {} if authorization is None else {"Authorization": authorization}
    answer = httpx.request(method, server.base_url + path, headers=headers)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    if method != "HEAD":
        assert answer.json()["code"] == 1001


def test_a_token_that_is_not_latin_is_refused(server: ServerProcess) -> None:
    answer = httpx.get(
        server.base_url + "/api/credits/balance/simple", headers=[(b"Authorization", "Bearer ключ".encode())]
    )
    assert (answer.status_code, answer.json()["code"]) == (401, 1001)


def test_nobody_sees_the_sessions_of_somebody_else(server: ServerProcess) -> None:
    mine, other = server.stranger(), server.stranger()
    sid = mine.session_id
    for answer in (
        other.http.get(f"/api/state/nemo_agent/me/{sid}/latest"),
        other.http.put(f"/api/state/nemo_agent/me/{sid}/draft", json={"draft": title_draft()}),
        other.http.post(f"/api/upload-video/nemo_agent/me/{sid}", files={"files": ("a.png", png())}),
        other.http.post("/run_sse", json=turn(sid, "hello")),
        other.http.post("/api/auth/claim-token", json={"task_id": mine.task_id, "session_id": sid}),
        other.http.post(
            "/api/render/proxy/lambda", json={"id": new_render_id(), "sessionId": sid, "draft": title_draft()}
        ),
    ):
        assert (answer.status_code, answer.json()["code"]) == (404, 1002)
    assert mine.state()["video_infos"] == []


def test_somebody_elses_session_reads_like_one_that_never_was(server: ServerProcess) -> None:
    mine, other = server.stranger(), server.stranger()
    foreign = other.http.get(f"/api/state/nemo_agent/me/{mine.session_id}/latest")
    unknown = other.http.get("/api/state/nemo_agent/me/ses_00000000000000000000000000000000/latest")
    assert foreign.json() == unknown.json()


def test_nobody_sees_the_renders_of_somebody_else(server: ServerProcess) -> None:
    mine, other = server.stranger(), server.stranger()
    render_id = new_render_id()
    mine.export(title_draft(), render_id)
    unknown = other.http.get("/api/render/proxy/lambda/render_none").json()
    for method, path in (
        ("GET", f"/api/render/proxy/lambda/{render_id}"),
        ("POST", f"/api/render/proxy/lambda/{render_id}/cancel"),
        ("GET", f"/api/render/proxy/{render_id}/download"),
    ):
        answer = other.http.request(method, path)
        assert answer.status_code == 404
        assert answer.json() == unknown
    assert mine.wait(render_id, "completed")["status"] == "completed"


def test_a_foreign_file_in_a_draft_is_a_missing_one(server: ServerProcess) -> None:
    mine, other = server.stranger(), server.stranger()
    asset = mine.upload(("a.png", png())).json()["data"]["files"][0]["id"]
    draft = {"t": [{"tt": 0, "sg": [{"id": "s", "d": 300, "src": asset}]}], "m": title_draft()["m"]}
    render_id = new_render_id()
    assert other.export(draft, render_id).status_code == 200
    assert asset in other.wait(render_id, "failed")["error"]


def test_a_turn_for_another_user_is_refused(server: ServerProcess, somebody: User) -> None:
    order = {**turn(somebody.session_id, "hello"), "user_id": "usr_served"}
    answer = somebody.http.post("/run_sse", json=order)
    assert (answer.status_code, answer.json()["code"]) == (403, 403)


def test_the_fixed_token_and_an_anonymous_user_are_two_people(server: ServerProcess, somebody: User) -> None:
    fixed = server.user()
    assert fixed.http.get(f"/api/state/nemo_agent/me/{somebody.session_id}/latest").status_code == 404
    assert somebody.http.get(f"/api/state/nemo_agent/me/{fixed.session_id}/latest").status_code == 404


def test_anonymous_tokens_are_off_by_default(start_server) -> None:  # type: ignore[no-untyped-def]
    server = start_server()
    headers = {"X-Client-Id": "7b4f1a52-8a44-4f0e-9a44-0d6a0b7c1f11"}
    answer = httpx.post(server.base_url + "/api/auth/anonymous-token", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (403, 403)
    assert "--anonymous" in answer.json()["message"]


def test_an_anonymous_token_expires_and_the_same_client_gets_a_new_one_with_fresh_credits(start_server) -> None:  # type: ignore[no-untyped-def]
    server = start_server("--anonymous", "--anonymous-days=0.00001")  # 0.9 s
    client = {"X-Client-Id": "7b4f1a52-8a44-4f0e-9a44-0d6a0b7c1f11"}
    url = server.base_url + "/api/auth/anonymous-token"
    first = httpx.post(url, headers=client).json()["data"]
    user = server.user(first["token"], begin=False)
    while (answer := user.http.get("/api/credits/balance/simple")).status_code == 200:
        pass
    assert (answer.status_code, answer.json()["code"]) == (401, 1001)
    second = httpx.post(url, headers=client).json()["data"]
    assert second["user_id"] == first["user_id"]
    assert second["token"] != first["token"]


def test_too_many_new_users_in_an_hour_are_429(start_server) -> None:  # type: ignore[no-untyped-def]
    server = start_server("--anonymous", "--anonymous-per-hour=2")  # the fixed user is one of them
    url = server.base_url + "/api/auth/anonymous-token"
    known = {"X-Client-Id": "00000000-0000-4000-8000-000000000001"}
    assert httpx.post(url, headers=known).status_code == 200
    answer = httpx.post(url, headers={"X-Client-Id": "00000000-0000-4000-8000-000000000002"})
    assert (answer.status_code, answer.json()["code"], answer.headers["retry-after"]) == (429, 429, "600")
    assert httpx.post(url, headers=known).status_code == 200


def test_no_token_lies_in_the_data_folder_or_the_log(start_server) -> None:  # type: ignore[no-untyped-def]
    server = start_server("--anonymous")
    stranger = server.stranger()
    tokens = [server.token, stranger.http.headers["authorization"].removeprefix("Bearer ")]
    stranger.upload(("a.png", png()))
    stranger.say("hello")
    server.end()
    written = b"".join(path.read_bytes() for path in server.data.rglob("*") if path.is_file()) + server.log.read_bytes()
    for token in tokens:
        assert token.encode() not in written


def test_the_data_folder_is_private_to_the_user(start_server) -> None:  # type: ignore[no-untyped-def]
    server = start_server()
    assert (server.data / "secret.key").stat().st_mode & 0o777 == 0o600
    assert (server.data / "ipynemo.sqlite3").stat().st_mode & 0o777 == 0o600
    assert (server.data / "files").stat().st_mode & 0o777 == 0o700

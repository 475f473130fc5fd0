"""Each call of the protocol, as a client of the cloud would make it."""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime, timedelta

import httpx
from serving import ServerProcess, User, new_render_id, png, title_draft


def test_health_needs_no_token(server: ServerProcess) -> None:
    answer = httpx.get(server.base_url + "/health")
    assert answer.status_code == 200
    assert answer.json() == {"status": "ok", "version": "0.1.0"}


def test_an_anonymous_token_has_a_hundred_credits_and_lives_for_seven_days(server: ServerProcess) -> None:
    client = {"X-Client-Id": "7b4f1a52-8a44-4f0e-9a44-0d6a0b7c1f11"}
    answer = httpx.post(server.base_url + "/api/auth/anonymous-token", headers=client)
    assert answer.status_code == 200
    body = answer.json()
    assert body["code"] == 0
    assert body["message"] == "success"
    assert re.fullmatch(r"nmv_usr_[A-Za-z0-9_-]{43}", body["data"]["token"])
    assert body["data"]["user_id"].startswith("usr_")
    assert body["data"]["credits"] == 100
    left = datetime.fromisoformat(body["data"]["expires_at"]) - datetime.now(UTC)
    assert timedelta(days=6, hours=23) < left <= timedelta(days=7)


def test_the_same_client_id_gets_the_same_user_and_token(server: ServerProcess) -> None:
    client = {"X-Client-Id": "0F0E0D0C-0000-4000-8000-000000000001"}
    first, second = (
        httpx.post(server.base_url + "/api/auth/anonymous-token", headers=client).json()["data"] for _ in range(2)
    )
    assert first == second


def test_an_anonymous_token_without_a_client_id_is_refused_with_400(server: ServerProcess) -> None:
    for headers in ({}, {"X-Client-Id": ""}, {"X-Client-Id": "me"}):
        answer = httpx.post(server.base_url + "/api/auth/anonymous-token", headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (400, 400)
        assert "X-Client-Id" in answer.json()["message"]


def test_a_new_session_says_its_ids(somebody: User) -> None:
    answer = somebody.http.post(
        "/api/tasks/me/with-session/nemo_agent", json={"task_name": "What is an AI image?", "language": "en"}
    )
    assert answer.status_code == 200
    data = answer.json()["data"]
    assert sorted(data) == ["expires_at", "session_id", "task_id", "user_id"]
    assert data["session_id"].startswith("ses_")
    assert data["task_id"].startswith("tsk_")


def test_the_body_of_the_seed_makes_a_session_in_english(somebody: User) -> None:
    somebody.begin(task_name="project")
    data = somebody.http.get(f"/api/state/nemo_agent/me/{somebody.session_id}/latest").json()["data"]
    assert (data["task_name"], data["language"]) == ("project", "en")


def test_task_names_and_languages_are_limited(somebody: User) -> None:
    call = "/api/tasks/me/with-session/nemo_agent"
    assert somebody.http.post(call, json={"task_name": "x" * 200, "language": "zh-Hant-TW"}).status_code == 200
    for body in ({"task_name": "x" * 201}, {"task_name": " "}, {"language": "English!"}, {"language": "e" * 40}):
        answer = somebody.http.post(call, json=body)
        assert (answer.status_code, answer.json()["code"]) == (422, 422)


def test_a_new_session_has_an_empty_state(somebody: User) -> None:
    assert somebody.state() == {
        "draft": {},
        "video_infos": [],
        "canvas_config": {"width": 1920, "height": 1080, "ratio": "16:9"},
        "generated_media": [],
        "video_analyses": [],
        "messages": [],
        "timeline_version": 0,
    }


def test_an_upload_says_what_the_file_is_and_the_state_knows_it(somebody: User) -> None:
    picture = png("navy", (80, 60))
    answer = somebody.upload(("robot.png", picture))
    assert answer.status_code == 200
    data = answer.json()["data"]
    assert data["session_state_applied"] is True
    [file] = data["files"]
    assert file["filename"] == "robot.png"
    assert file["file_type"] == "image"
    assert (file["duration"], file["width"], file["height"], file["fps"]) == (None, 80, 60, None)
    assert file["hash"] == hashlib.sha256(picture).hexdigest()
    assert file["size"] == len(picture)
    assert httpx.get(file["cdn_url"]).content == picture
    [info] = somebody.state()["video_infos"]
    assert {**info, "cdn_url": ""} == {**file, "cdn_url": ""}


def test_the_balance_of_a_new_user_is_a_hundred(somebody: User) -> None:
    answer = somebody.http.get("/api/credits/balance/simple")
    assert answer.json() == {
        "code": 0,
        "message": "success",
        "data": {"available": 100, "frozen": 0, "total": 100},
    }


def test_a_claim_token_is_no_bearer_token(server: ServerProcess, somebody: User) -> None:
    order = {"task_id": somebody.task_id, "session_id": somebody.session_id}
    answer = somebody.http.post("/api/auth/claim-token", json=order)
    assert answer.json()["data"]["expires_in"] == 600
    claim = answer.json()["data"]["claim_token"]
    assert claim.startswith("clm_")
    refused = server.user(claim, begin=False).http.get("/api/credits/balance/simple")
    assert refused.status_code == 401


def test_a_claim_needs_the_task_of_the_session(somebody: User) -> None:
    answer = somebody.http.post(
        "/api/auth/claim-token", json={"task_id": "tsk_other", "session_id": somebody.session_id}
    )
    assert (answer.status_code, answer.json()["code"]) == (404, 1002)


def test_a_render_answers_in_both_shapes_of_the_protocol(somebody: User) -> None:
    render_id = new_render_id()
    first = somebody.export(title_draft(width=1920, height=1080), render_id).json()
    assert first["success"] is True
    assert first["id"] == first["data"]["id"] == render_id
    assert first["status"] in {"pending", "processing"}
    assert (first["output"], first["data"]["outputUrl"]) == (None, None)
    done = somebody.wait(render_id, "completed")
    assert done["progress"] == done["data"]["progress"] == 100.0
    assert done["data"]["status"] == "completed"
    assert done["output"]["url"].startswith(str(somebody.http.base_url))
    assert done["data"]["outputUrl"].startswith(str(somebody.http.base_url))
    assert done["data"]["sessionId"] == somebody.session_id
    assert (done["output"]["width"], done["output"]["height"], done["output"]["format"]) == (1920, 1080, "mp4")


def test_a_session_that_nobody_made_is_1002(somebody: User) -> None:
    for answer in (
        somebody.http.get("/api/state/nemo_agent/me/ses_none/latest"),
        somebody.http.post("/api/upload-video/nemo_agent/me/ses_none", files={"files": ("a.png", png())}),
        somebody.http.post(
            "/run_sse",
            json={
                "app_name": "nemo_agent",
                "user_id": "me",
                "session_id": "ses_none",
                "new_message": {"parts": [{"text": "hi"}]},
            },
        ),
        somebody.http.post(
            "/api/render/proxy/lambda", json={"id": "r1", "sessionId": "ses_none", "draft": title_draft()}
        ),
    ):
        assert (answer.status_code, answer.json()["code"]) == (404, 1002)
        assert answer.json()["success"] is False


def test_an_unknown_call_is_an_envelope_too(somebody: User) -> None:
    answer = somebody.http.get("/api/nothing/here")
    assert (answer.status_code, answer.json()["code"]) == (404, 404)
    answer = somebody.http.delete("/run_sse")
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")

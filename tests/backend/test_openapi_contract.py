"""The OpenAPI document tells the truth: schemathesis calls everything in it, with good and with bad data."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    ignored_auth,
    missing_required_header,
    negative_data_rejection,
    positive_data_acceptance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)
from serving import HEADERS, ServerProcess, User, new_render_id, png, title_draft

EXAMPLES = 15
CHECKS = [
    schemathesis.checks.not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
    positive_data_acceptance,
    missing_required_header,
    unsupported_method,
    ignored_auth,
]


def document(server: ServerProcess) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {server.token}"}
    answer: dict[str, Any] = httpx.get(server.base_url + "/openapi.json", headers=headers).json()
    return answer


def test_every_call_has_a_tag_an_answer_and_documented_errors(server: ServerProcess) -> None:
    spec = document(server)
    calls = {(method.upper(), path): call for path, item in spec["paths"].items() for method, call in item.items()}
    assert sorted(calls) == [
        ("GET", "/api/credits/balance/simple"),
        ("GET", "/api/files/{kind}/{file_id}"),
        ("GET", "/api/render/proxy/lambda/{render_id}"),
        ("GET", "/api/render/proxy/{render_id}/download"),
        ("GET", "/api/state/nemo_agent/me/{session_id}/latest"),
        ("GET", "/health"),
        ("POST", "/api/auth/anonymous-token"),
        ("POST", "/api/auth/claim-token"),
        ("POST", "/api/preview/nemo_agent/me/{session_id}"),
        ("POST", "/api/render/proxy/lambda"),
        ("POST", "/api/render/proxy/lambda/{render_id}/cancel"),
        ("POST", "/api/tasks/me/with-session/nemo_agent"),
        ("POST", "/api/upload-video/nemo_agent/me/{session_id}"),
        ("POST", "/run_sse"),
        ("PUT", "/api/state/nemo_agent/me/{session_id}/draft"),
    ]
    named = {tag["name"] for tag in spec["tags"]}
    for name, call in calls.items():
        assert set(call["tags"]) <= named, name
        assert "200" in call["responses"], name
        for status, response in call["responses"].items():
            if status.startswith("4") or status == "507":
                schema = response["content"]["application/json"]["schema"]
                assert schema == {"$ref": "#/components/schemas/ErrorAnswer"}, (name, status)
        is_open = name[1] in {"/health", "/api/auth/anonymous-token", "/api/files/{kind}/{file_id}"}
        assert ("security" in call, "401" in call["responses"]) == (not is_open, not is_open), name


def test_multipart_and_event_stream_are_in_the_document(server: ServerProcess) -> None:
    paths = document(server)["paths"]
    upload = paths["/api/upload-video/nemo_agent/me/{session_id}"]["post"]
    assert sorted(upload["requestBody"]["content"]) == ["application/json", "multipart/form-data"]
    assert list(paths["/run_sse"]["post"]["responses"]["200"]["content"]) == ["text/event-stream"]


@pytest.fixture(scope="module")
def caller(server: ServerProcess) -> tuple[User, str]:
    user = server.stranger()
    render_id = new_render_id()
    user.export(title_draft(), render_id)
    user.wait(render_id, "completed")
    user.upload(("a.png", png()))
    return user, render_id


def operations(server: ServerProcess) -> list[schemathesis.APIOperation]:
    schema = schemathesis.openapi.from_dict(document(server))
    schema.config.update(base_url=server.base_url)
    schema.config.generation.update(allow_x00=False)
    return [result.ok() for result in schema.get_all_operations()]


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=["good", "bad"])
def test_schemathesis_finds_nothing(server: ServerProcess, caller: tuple[User, str], mode: GenerationMode) -> None:
    user, render_id = caller
    known = {"session_id": user.session_id, "render_id": render_id}
    done = 0
    for operation in operations(server):
        if mode is GenerationMode.NEGATIVE and operation.path in {"/health", "/api/credits/balance/simple"}:
            continue  # nothing is sent there, so nothing can be bad
        for fixed in (known, {}):  # what exists, then anything
            parameters = {name: value for name, value in fixed.items() if "{" + name + "}" in operation.path}
            if fixed and not parameters:
                continue
            run(operation, mode, parameters, user)
            done += 1
    assert done >= 13


def run(operation: schemathesis.APIOperation, mode: GenerationMode, parameters: dict[str, str], user: User) -> None:
    headers = {**HEADERS, "Authorization": user.http.headers["authorization"]}
    # A schema cannot say that the bytes are to be a picture, or that a draft is to show something.
    is_open = any(word in operation.path for word in ("upload", "preview"))
    checks = [check for check in CHECKS if not (is_open and check is positive_data_acceptance)]
    strategy = operation.as_strategy(mode, **({"path_parameters": parameters} if parameters else {}))

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.explicit, Phase.generate],
    )
    @given(case=strategy)
    def call(case: schemathesis.Case) -> None:
        if isinstance(case.body, dict):
            for name in ("session_id", "sessionId"):
                if case.body.get(name) and mode is GenerationMode.POSITIVE:
                    case.body[name] = user.session_id
            if isinstance(case.body.get("urls"), list):  # no test asks the internet for names
                case.body["urls"] = ["http://127.0.0.1/" if isinstance(url, str) else url for url in case.body["urls"]]
        case.call_and_validate(headers=headers, checks=checks)

    call()

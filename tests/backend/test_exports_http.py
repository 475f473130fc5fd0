"""Exports over HTTP: queue, progress, cancel, the same id twice, links that expire, ranges."""

from __future__ import annotations

import time
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from serving import ServerProcess, User, new_render_id, png, title_draft


@pytest.fixture(scope="module")
def exported(server: ServerProcess) -> tuple[User, str, str]:
    """A user, a finished render, and the signed link to its clip."""
    user = server.stranger()
    render_id = new_render_id()
    user.export(title_draft("Done"), render_id)
    return user, render_id, user.wait(render_id, "completed")["output"]["url"]


@pytest.mark.parametrize(
    "draft", [{}, {"t": []}, {"t": [{"tt": 0, "sg": []}]}, {"t": [{"tt": 0}]}, {"t": "x"}, {"t": [None, 5]}]
)
def test_a_draft_without_a_segment_is_nothing_to_export(somebody: User, draft: dict[str, object]) -> None:
    answer = somebody.export(draft)
    assert (answer.status_code, answer.json()["code"]) == (400, 400)
    assert "nothing to export" in answer.json()["message"]


@pytest.mark.parametrize("header", ["X-Skill-Source", "X-Skill-Version", "X-Skill-Platform"])
def test_a_missing_attribution_header_makes_export_fail_with_402(somebody: User, header: str) -> None:
    del somebody.http.headers[header]
    answer = somebody.export(title_draft())
    assert (answer.status_code, answer.json()["code"]) == (402, 402)
    assert header in answer.json()["message"]


def test_the_same_order_twice_is_one_render(somebody: User) -> None:
    render_id = new_render_id()
    draft = title_draft(duration_ms=300)
    assert somebody.export(draft, render_id).status_code == 200
    somebody.wait(render_id, "completed")
    again = somebody.export(draft, render_id)
    assert (again.status_code, again.json()["status"]) == (200, "completed")


def test_a_taken_id_is_a_conflict_that_says_the_same_to_everyone(server: ServerProcess, somebody: User) -> None:
    render_id = new_render_id()
    somebody.export(title_draft("one", 300), render_id)
    own = somebody.export(title_draft("two", 300), render_id)
    foreign = server.stranger().export(title_draft("one", 300), render_id)
    assert own.status_code == foreign.status_code == 409
    assert own.json() == foreign.json()
    assert own.json()["code"] == 409


def test_one_render_runs_in_a_session_and_the_others_wait_in_order(start_server) -> None:  # type: ignore[no-untyped-def]
    somebody = start_server("--renders-at-once=3").user()
    ids = [new_render_id() for _ in range(3)]
    for n, render_id in enumerate(ids):
        somebody.export(title_draft(f"{n}", 20_000), render_id)
    seen = []
    while "completed" not in (answer := somebody.render(ids[2]))["status"]:
        statuses = [somebody.render(render_id)["status"] for render_id in ids]
        seen.append((statuses, answer["data"]["queuePosition"]))
        assert statuses.count("processing") <= 1
        assert "failed" not in statuses
    assert any(statuses[2] == "pending" and position >= 1 for statuses, position in seen)
    assert [somebody.render(render_id)["status"] for render_id in ids] == ["completed"] * 3


def test_progress_rises_from_0_to_100(somebody: User) -> None:
    render_id = new_render_id()
    somebody.export(title_draft(duration_ms=60_000), render_id)
    seen = [0.0]
    while (answer := somebody.render(render_id))["status"] != "completed":
        assert answer["status"] in {"pending", "processing"}
        seen.append(answer["progress"])
        time.sleep(0.05)
    assert seen == sorted(seen)
    assert any(0 < progress < 100 for progress in seen)
    assert answer["progress"] == 100


def test_cancel_stops_a_running_render_and_the_next_one_runs(server: ServerProcess, somebody: User) -> None:
    long, short = new_render_id(), new_render_id()
    somebody.export(title_draft(duration_ms=1_500_000), long)
    somebody.export(title_draft("short", 300), short)
    somebody.wait(long, "processing")
    answer = somebody.http.post(f"/api/render/proxy/lambda/{long}/cancel")
    assert (answer.status_code, answer.json()["status"]) == (200, "cancelled")
    assert somebody.wait(short, "completed")["status"] == "completed"
    assert somebody.render(long)["status"] == "cancelled"
    assert somebody.http.get(f"/api/render/proxy/{long}/download").status_code == 404
    clips = list((server.data / "clips" / somebody.session_id).iterdir())
    assert [clip.suffix for clip in clips] == [".mp4"]  # nothing of the cancelled one is left


def test_cancel_takes_a_waiting_render_out_and_leaves_a_finished_one(somebody: User) -> None:
    first, second = new_render_id(), new_render_id()
    somebody.export(title_draft(duration_ms=20_000), first)
    somebody.export(title_draft("two", 300), second)
    assert somebody.http.post(f"/api/render/proxy/lambda/{second}/cancel").json()["status"] == "cancelled"
    somebody.wait(first, "completed")
    assert somebody.http.post(f"/api/render/proxy/lambda/{first}/cancel").json()["status"] == "completed"
    assert somebody.render(second)["status"] == "cancelled"


def test_a_missing_file_fails_the_render_and_is_named(somebody: User) -> None:
    render_id = new_render_id()
    draft = {"t": [{"tt": 0, "sg": [{"id": "s", "d": 500, "src": "ast_gone"}]}], "m": title_draft()["m"]}
    somebody.export(draft, render_id)
    answer = somebody.wait(render_id, "failed")
    assert "ast_gone" in answer["error"]
    assert answer["data"]["error"] == answer["error"]
    assert answer["output"] is None


def test_the_signed_link_needs_no_header(exported: tuple[User, str, str]) -> None:
    user, render_id, url = exported
    plain = httpx.get(url)
    assert plain.status_code == 200
    assert plain.headers["content-type"] == "video/mp4"
    assert plain.headers["accept-ranges"] == "bytes"
    assert plain.content[4:8] == b"ftyp"
    assert len(plain.content) == int(plain.headers["content-length"])
    with_token = user.http.get(f"/api/render/proxy/{render_id}/download")
    assert with_token.content == plain.content


def test_head_says_the_size_and_sends_nothing(exported: tuple[User, str, str]) -> None:
    user, render_id, url = exported
    size = str(len(httpx.get(url).content))
    for answer in (httpx.head(url), user.http.head(f"/api/render/proxy/{render_id}/download")):
        assert (answer.status_code, answer.headers["content-length"], answer.content) == (200, size, b"")


def test_ranges_are_served_for_a_download_that_goes_on(exported: tuple[User, str, str]) -> None:
    _, _, url = exported
    whole = httpx.get(url)
    body, etag = whole.content, whole.headers["etag"]
    size = len(body)

    def part(**headers: str) -> httpx.Response:
        return httpx.get(url, headers={name.replace("_", "-"): value for name, value in headers.items()})

    first = part(Range="bytes=0-99")
    assert (first.status_code, first.content) == (206, body[:100])
    assert first.headers["content-range"] == f"bytes 0-99/{size}"
    rest = part(Range="bytes=100-", If_Range=etag)
    assert (rest.status_code, rest.content) == (206, body[100:])
    assert part(Range="bytes=-10").content == body[-10:]
    assert part(Range="bytes=10-999999999").content == body[10:]
    assert part(Range="bytes=100-", If_Range='"another"').status_code == 200
    assert part(Range="bytes=100-", If_Range=whole.headers["last-modified"]).status_code == 206
    beyond = part(Range=f"bytes={size}-")
    assert (beyond.status_code, beyond.json()["code"]) == (416, 416)
    assert beyond.headers["content-range"] == f"bytes */{size}"
    for odd in ("bytes=5-2", "bytes=a-b", "bytes=0-1,5-6", "pages=1-2", "bytes=-", "", "bytes=" + "9" * 400 + "-"):
        assert part(Range=odd).status_code == 200
    assert part(Range="bytes=-0").status_code == 416
    assert part(If_None_Match=etag).status_code == 304


def test_behind_a_tls_proxy_on_this_computer_links_are_https(exported: tuple[User, str, str]) -> None:
    user, render_id, url = exported
    headers = {"X-Forwarded-Proto": "https", "Host": "nemo.school.example"}
    answer = user.http.get(f"/api/render/proxy/lambda/{render_id}", headers=headers)
    assert answer.json()["output"]["url"].startswith(f"https://nemo.school.example/api/files/render/{render_id}?")
    assert url.startswith("http://127.0.0.1:")


def test_a_changed_link_is_refused(exported: tuple[User, str, str], server: ServerProcess) -> None:
    _, render_id, url = exported
    parts = urlsplit(url)
    query = {key: values[0] for key, values in parse_qs(parts.query).items()}
    bare = f"{parts.scheme}://{parts.netloc}"
    signature = query["signature"]
    other = ("A" if signature[0] != "A" else "B") + signature[1:]
    for path, changed in (
        (parts.path, {**query, "signature": other}),
        (parts.path, {**query, "signature": signature[:-1]}),
        (parts.path, {**query, "expires": str(int(query["expires"]) + 1)}),
        (parts.path, {**query, "expires": "0" + query["expires"] + "0"}),
        (f"/api/files/render/{render_id}0", query),
        (f"/api/files/asset/{render_id}", query),
    ):
        answer = httpx.get(bare + path, params=changed)
        assert (answer.status_code, answer.json()["code"]) == (403, 403)
    for missing in ("signature", "expires"):
        answer = httpx.get(bare + parts.path, params={k: v for k, v in query.items() if k != missing})
        assert answer.status_code == 422


def test_a_link_expires(start_server) -> None:  # type: ignore[no-untyped-def]
    user = start_server("--link-ttl-s=1").user()
    url = user.upload(("a.png", png())).json()["data"]["files"][0]["cdn_url"]
    while (answer := httpx.get(url)).status_code == 200:
        assert answer.content == png()
    assert (answer.status_code, answer.json()["code"]) == (403, 403)
    assert "expired" in answer.json()["message"]


def test_export_is_402_where_the_plan_has_none(start_server) -> None:  # type: ignore[no-untyped-def]
    user = start_server("--no-plan-export").user()
    answer = user.export(title_draft())
    assert (answer.status_code, answer.json()["code"]) == (402, 402)
    assert "plan" in answer.json()["message"]


def test_the_draft_that_was_sent_is_rendered_not_the_one_of_the_session(somebody: User) -> None:
    render_id = new_render_id()
    somebody.export(title_draft(duration_ms=500, width=1080, height=1080), render_id)
    output = somebody.wait(render_id, "completed")["output"]
    assert (output["width"], output["height"], output["duration"]) == (1080, 1080, 0.5)
    assert somebody.state()["draft"] == {}

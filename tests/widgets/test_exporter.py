"""Exporter on the real embedded backend: a file beside the notebook, cancel, a second try, taking up what was begun."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from widget_kit import Wire, say, say_control, until

from ipynemo import Clip, Draft, Nemo, Session
from ipynemo.errors import NothingToExportError, PlanError, RenderFailedError
from ipynemo.widgets._pace import Pace
from ipynemo.widgets._rendering import running, wanted_name
from ipynemo.widgets.exporter import Exporter


def small(seconds: float, title: str = "Small") -> Draft:
    """Return a draft that renders fast."""
    segment = {"id": "s1", "st": 0, "d": round(seconds * 1000), "tx": "Hello"}
    meta = {"title": title, "width": 320, "height": 180, "fps": 30}
    return Draft({"t": [{"tt": 7, "sg": [segment]}], "d": segment["d"], "m": meta})


@pytest.fixture(scope="module")
def nemo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nemo]:
    with Nemo("local", data=tmp_path_factory.mktemp("data")) as nemo:
        yield nemo


@pytest.fixture
def session(nemo: Nemo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Session:
    """A new session, in a notebook's folder of its own."""
    monkeypatch.chdir(tmp_path)
    return nemo.create_session("What is an AI image?", language="en")


def stages(wire: Wire) -> list[str]:
    """Return the stages that the page was shown, each once."""
    seen = [view["stage"] for view in wire.states("view")]
    return [stage for place, stage in enumerate(seen) if place == 0 or seen[place - 1] != stage]


def test_a_clip_lands_beside_the_notebook_and_replaces_nothing(session: Session, tmp_path: Path) -> None:
    (tmp_path / "robot.mp4").write_bytes(b"mine")
    exporter = Exporter(session, draft=small(1))
    wire = Wire(exporter)
    seen: list[Clip] = []
    exporter.observe(lambda change: seen.append(change["new"]), "clip")
    say(exporter, kind="export", filename="../robot.mp4")
    until(lambda: exporter.view["stage"] == "done")
    assert [clip.path.name for clip in seen] == ["robot-2.mp4"]
    assert (tmp_path / "robot.mp4").read_bytes() == b"mine"
    assert exporter.clip is seen[0]
    assert exporter.view["clip"]["href"] == "robot-2.mp4"
    assert "starting" in stages(wire)
    assert stages(wire)[-1] == "done"
    percents = [view["percent"] for view in wire.states("view")]
    assert percents == sorted(percents)
    until(lambda: not exporter.busy)
    assert "robot-2.mp4 (1.0 s · 320×180 · " in exporter._fallback_text()
    assert '<a href="robot-2.mp4" download>robot-2.mp4</a>' in exporter._fallback_html()


def test_without_a_name_it_is_called_after_the_draft(session: Session) -> None:
    exporter = Exporter(session, draft=small(0.5, title="What is an AI image?"))
    assert exporter.view["name"] == "What-is-an-AI-image.mp4"
    exporter.export()
    until(lambda: exporter.clip is not None)
    assert exporter.clip is not None
    assert exporter.clip.path.name == "What-is-an-AI-image.mp4"


def test_nothing_can_be_exported_before_there_is_something(session: Session) -> None:
    exporter = Exporter(session)
    assert (exporter.view["stage"], exporter.view["can_export"]) == ("empty", False)
    exporter.export()
    until(lambda: exporter.error is not None)
    assert exporter.error is not None
    assert exporter.error["message"] == "There is nothing to export yet."
    assert exporter.view["stage"] == "empty"
    exporter.draft = small(1)
    assert (exporter.view["stage"], exporter.view["can_export"]) == ("ready", True)
    exporter.draft = Draft()
    assert (exporter.view["stage"], exporter.view["can_export"]) == ("empty", False)


def test_a_second_export_does_not_begin_beside_the_first(session: Session, tmp_path: Path) -> None:
    exporter = Exporter(session, draft=small(1))
    for _ in range(3):
        exporter.export("clip")
    until(lambda: exporter.view["stage"] == "done")
    assert [path.name for path in tmp_path.glob("*.mp4")] == ["clip.mp4"]


def test_cancel_ends_it_and_leaves_nothing(session: Session, tmp_path: Path) -> None:
    exporter = Exporter(session, draft=small(900))
    exporter.export("clip")
    until(lambda: exporter.view["stage"] == "render")
    say_control(exporter, kind="cancel")
    until(lambda: exporter.view["stage"] == "cancelled")
    assert exporter.error is None
    assert exporter.clip is None
    until(lambda: not exporter.busy)
    assert list(tmp_path.glob("*.mp4*")) == []
    [render] = session.renders()
    assert render.is_cancelled


def test_cancel_before_the_order_has_arrived_cancels_it_then(session: Session) -> None:
    exporter = Exporter(session, draft=small(900))
    exporter.export("clip")
    exporter.cancel()
    until(lambda: exporter.view["stage"] == "cancelled")
    assert all(render.is_cancelled for render in session.renders())


def test_a_page_that_comes_later_sees_the_export_as_it_stands(session: Session) -> None:
    exporter = Exporter(session, draft=small(900))
    exporter.export("clip")
    until(lambda: exporter.view["stage"] == "render")
    assert exporter.get_state()["view"]["stage"] == "render"
    exporter.cancel()
    until(lambda: exporter.view["stage"] == "cancelled")


def test_what_a_kernel_that_is_gone_began_is_taken_up_under_its_name(session: Session, nemo: Nemo) -> None:
    render = session.submit(small(1), path="robot.mp4")
    exporter = Exporter(nemo.session(session.session_id))
    wire = Wire(exporter)
    until(lambda: exporter.clip is not None)
    assert exporter.clip is not None
    assert (exporter.clip.path.name, exporter.clip.render_id) == ("robot.mp4", render.id)
    until(lambda: exporter.view["stage"] == "done")
    assert exporter.view["taken_up"] is True
    assert stages(wire)[-1] == "done"
    later = Exporter(nemo.session(session.session_id))
    until(lambda: later._known is not None)
    assert later.clip is None


def test_a_cell_that_runs_again_joins_the_export_that_is_under_way(session: Session, tmp_path: Path) -> None:
    first = Exporter(session, draft=small(6), filename="one")
    first.export()
    until(lambda: running(session._twin) is not None)
    second = Exporter(session)
    wire = Wire(second)
    until(lambda: first.clip is not None and second.clip is not None)
    assert second.clip is first.clip
    until(lambda: second.view["stage"] == "done")
    assert any(view["taken_up"] and view["percent"] > 0 for view in wire.states("view"))
    assert [path.name for path in tmp_path.glob("*.mp4")] == ["one.mp4"]


def test_what_was_joined_can_be_cancelled_from_either(session: Session, tmp_path: Path) -> None:
    first = Exporter(session, draft=small(60))
    first.export()
    until(lambda: running(session._twin) is not None)
    second = Exporter(session)
    until(lambda: second.view["taken_up"])
    second.cancel()
    until(lambda: first.view["stage"] == "cancelled" and second.view["stage"] == "cancelled")
    until(lambda: not first.busy and not second.busy)
    assert (first.clip, second.clip, first.error, second.error) == (None, None, None, None)
    assert list(tmp_path.glob("*.mp4*")) == []


def test_a_render_that_failed_is_ordered_once_more_and_then_said(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    exporter = Exporter(session, draft=small(1), language="en")
    twin, orders = session._twin, []
    submit = twin.submit

    async def counted(draft: Draft, *, path: str) -> Any:
        orders.append(path)
        return await submit(draft, path=path)

    async def failing(*_: Any, **_options: Any) -> Any:
        raise RenderFailedError("The export failed: robot.png is missing.", hint="Look at the draft.")

    with monkeypatch.context() as faulty:
        faulty.setattr(twin, "submit", counted)
        faulty.setattr(twin, "resume", failing)
        exporter.export("clip")
        until(lambda: exporter.error is not None and not exporter.busy)
        assert orders == ["clip.mp4", "clip.mp4"]
        assert exporter.error is not None
        assert exporter.error["message"] == "The export failed: robot.png is missing."
        assert exporter.view["stage"] == "ready"
    say(exporter, kind="action", action="retry")
    until(lambda: exporter.view["stage"] == "done")
    assert exporter.error is None


def test_a_plan_without_exports_is_said_without_a_button_that_would_not_help(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refused(*_: Any, **_options: Any) -> Any:
        raise PlanError("This plan does not include exports (HTTP 402).", hint="This needs another subscription.")

    monkeypatch.setattr(session._twin, "submit", refused)
    exporter = Exporter(session, draft=small(1), language="en")
    exporter.export("clip")
    until(lambda: exporter.error is not None)
    assert exporter.error is not None
    assert (exporter.error["message"], exporter.error["action"]) == (
        "This plan does not include exports (HTTP 402).",
        None,
    )


def test_errors_are_said_in_the_language_of_the_widget() -> None:
    exporter = Exporter(language="zh")
    exporter._fail(NothingToExportError("There is nothing to export yet: the draft has no segment."))
    assert exporter.error is not None
    assert exporter.error["message"] == "还没有可导出的内容。"


def test_nothing_of_this_computer_reaches_the_page(session: Session, tmp_path: Path) -> None:
    exporter = Exporter(session, draft=small(0.5))
    exporter.export("clip")
    until(lambda: exporter.clip is not None and not exporter.busy)
    shown = str({name: value for name, value in exporter.get_state().items() if name not in ("_esm", "_css")})
    shown += str(exporter._repr_mimebundle_())
    assert str(tmp_path) not in shown
    assert session.session_id not in shown


@pytest.mark.parametrize(
    ("typed", "title", "name"),
    [
        ("my robot", "", "my-robot.mp4"),
        ("robot.MP4", "", "robot.mp4"),
        ("../../etc/passwd", "", "etcpasswd.mp4"),
        ("C:\\x\\y", "", "Cxy.mp4"),
        ("   ", "Urban Dreams", "Urban-Dreams.mp4"),
        ("机器人", "", "机器人.mp4"),
        ("...", "", "clip.mp4"),
        ("", "a ../ b", "a-b.mp4"),
    ],
)
def test_a_name_is_never_a_way_elsewhere(typed: str, title: str, name: str) -> None:
    assert wanted_name(typed, title) == name


def test_time_left_goes_by_the_last_half_minute() -> None:
    clock = iter([0.0, 1.0, 10.0, 50.0, 60.0])
    pace = Pace(lambda: next(clock))
    left = [pace.left_s(percent) for percent in (0, 10, 20, 30, 50)]
    assert left == [None, None, 40.0, 280.0, pytest.approx(83.3, abs=0.1)]

"""Where clips go, what the agent is asked, how errors are told: what needs no backend."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer

from ipynemo.cli.endings import complain, ends_well, error_entry, one_line
from ipynemo.cli.labbing import copy_notebooks
from ipynemo.cli.targets import stem_of, targets
from ipynemo.cli.work import Wish, wording
from ipynemo.client.secret import Secret
from ipynemo.errors import BackendStartError, InvalidRequestError, NemoError


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def names(sources: list[str], out: Path | None = None) -> list[str]:
    return [str(path) for path in targets(sources, out)]


def test_a_clip_is_named_after_its_picture_and_replaces_nothing() -> None:
    Path("robot.mp4").touch()
    Path("robot-2.mp4").touch()
    assert names(["class/robot.png"]) == ["robot-3.mp4"]


def test_pictures_of_one_name_get_clips_of_different_names() -> None:
    assert names(["a/cat.png", "b/cat.png", "c/cat.jpg", "cat-2.png"]) == [
        "cat.mp4",
        "cat-2.mp4",
        "cat-3.mp4",
        "cat-2-2.mp4",
    ]


def test_a_named_file_is_taken_as_it_is_also_where_it_exists() -> None:
    Path("out.mp4").touch()
    assert names(["robot.png"], Path("out.mp4")) == ["out.mp4"]
    assert names(["robot.png"], Path("final")) == ["final.mp4"]


def test_a_folder_is_filled_and_for_several_pictures_made() -> None:
    Path("there").mkdir()
    assert names(["robot.png"], Path("there")) == ["there/robot.mp4"]
    assert names(["a.png", "b.png"], Path("new/clips")) == ["new/clips/a.mp4", "new/clips/b.mp4"]
    assert Path("new/clips").is_dir()


def test_an_address_names_a_clip_too() -> None:
    assert stem_of("https://example.org/pictures/cat%20one.jpg?size=2") == "cat one"
    assert names(["https://example.org/"]) == ["picture.mp4"]


@pytest.mark.parametrize(
    ("sources", "out", "says"),
    [
        (["a.png", "b.png"], "one.mp4", "one.mp4 cannot hold 2 clips"),
        (["a.png"], "a.gif", "a.gif is not the name of an MP4"),
        (["a.png"], "missing/a.mp4", "There is no folder missing"),
        (["film.mp4"], "film.mp4", "film.mp4 is the picture itself"),
    ],
)
def test_a_place_that_cannot_be_used_is_refused_before_any_work(sources: list[str], out: str, says: str) -> None:
    Path("film.mp4").touch()
    with pytest.raises(InvalidRequestError, match=says):
        targets(sources, Path(out))


@pytest.mark.parametrize(
    ("wish", "language", "expected"),
    [
        (Wish(), "en", "explain what an AI image is and how it was created"),
        (Wish(), "fr", "explain what an AI image is and how it was created"),
        (Wish(), "zh", "解释什么是AI图像，以及它是如何生成的"),
        (Wish(seconds=60, aspect="1:1"), "zh", "解释什么是AI图像，以及它是如何生成的，60秒，1:1"),
        (Wish("explain this", seconds=60, aspect="9:16"), "zh", "explain this, 60 seconds, 9:16"),
        (
            Wish("explain this", narration=True, reduced_motion=True),
            "en",
            "explain this, with narration, without motion",
        ),
        (Wish("讲解这张图", narration=True, reduced_motion=True), "zh", "讲解这张图，加上旁白，减少动态"),
    ],
)
def test_wishes_are_said_in_the_language_of_the_message(wish: Wish, language: str, expected: str) -> None:
    assert wording(wish, language) == expected


def test_an_error_is_one_line_without_control_characters_and_secrets() -> None:
    Secret("nmv_usr_very_secret")
    error = NemoError("two\nlines\x1b[31m with nmv_usr_very_secret", hint="Try again.", session_id="s1")
    assert one_line(error) == "two lines [31m with [secret] Try again."
    assert one_line(OSError("disk full")) == "OSError: disk full"
    assert error_entry(error)["session_id"] == "s1"


def test_the_advice_survives_a_long_message() -> None:
    hint = 'Install it: pip install "ipynemo[local]"'
    told = one_line(BackendStartError("It said: " + "trace " * 1000, hint=hint))
    assert len(told) <= 1000
    assert told.endswith(hint)


@pytest.mark.parametrize(
    ("error", "status"), [(NemoError("no"), 1), (ZeroDivisionError("a fault"), 1), (KeyboardInterrupt(), 130)]
)
def test_a_command_ends_with_a_status_and_one_line(
    error: BaseException, status: int, capsys: pytest.CaptureFixture[str]
) -> None:
    @ends_well
    def command(as_json: bool = True) -> None:
        raise error

    with pytest.raises(typer.Exit) as ended:
        command(as_json=True)
    out, err = capsys.readouterr()
    assert (ended.value.exit_code, err.count("\n")) == (status, 1)
    assert json.loads(out)["error"]["type"] == type(error).__name__


def test_a_traceback_is_there_for_who_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IPYNEMO_DEBUG", "1")

    @ends_well
    def command() -> None:
        raise NemoError("no")

    with pytest.raises(NemoError):
        command()


def test_a_complaint_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    complain("What happened.")
    assert capsys.readouterr().err == "ipynemo: What happened.\n"


def test_notebooks_are_copied_once_and_then_left_alone(tmp_path: Path) -> None:
    folder = tmp_path / "class" / "one"
    shipped = ["01_quickstart.ipynb", "02_studio.ipynb", "03_explore_a_draft.ipynb", "04_classroom.ipynb"]
    shipped += ["05_what_is_an_ai_image.ipynb", "06_make_a_real_one.ipynb"]
    assert copy_notebooks(folder) == (shipped, [])
    (folder / "01_quickstart.ipynb").write_text("mine")
    assert copy_notebooks(folder) == ([], shipped)
    assert (folder / "01_quickstart.ipynb").read_text() == "mine"

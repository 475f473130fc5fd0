"""What a batch came to: as a list, as a table, as a page, in a cell."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest

from ipynemo import Clip, Explained
from ipynemo.client.results import Explanations
from ipynemo.errors import InvalidRequestError, UnsupportedFileError


def clip_at(path: Path) -> Clip:
    return Clip(path, 6.0, 640, 360, 1_500_000, session_id="s", render_id="r")


@pytest.fixture
def results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Explanations:
    monkeypatch.chdir(tmp_path)
    error = UnsupportedFileError("<b>'tom.heic'</b> cannot be used.", hint="Save it as JPEG.")
    return Explanations(
        [
            Explained("class/小明.png", clip=clip_at(tmp_path / "clips" / "小 明.mp4"), session_id="s-1"),
            Explained("class/<i>tom</i>.heic", error=error, session_id="s-2"),
            Explained("https://example.org/a/big%20cat.png?size=2", clip=clip_at(Path("/elsewhere/cat.mp4"))),
        ]
    )


def test_it_is_a_list_that_knows_what_is_done_and_what_is_not(results: Explanations) -> None:
    assert [result.name for result in results] == ["小明", "i>", "big cat"]
    assert [result.name for result in results.done] == ["小明", "big cat"]
    assert [type(result.error).__name__ for result in results.failed] == ["UnsupportedFileError"]
    assert results[:1][0].ok


def test_the_table_has_a_row_for_each_picture_with_what_to_do(results: Explanations) -> None:
    table = results.to_frame()
    assert list(table.columns) == [
        *("name", "picture", "clip", "duration_s", "size_mb", "problem", "what_to_do", "session_id"),
    ]
    assert table["clip"].fillna("-").tolist() == ["小 明.mp4", "-", "cat.mp4"]
    assert table["duration_s"].fillna(0).tolist() == [6.0, 0, 6.0]
    assert table["size_mb"].sum() == pytest.approx(3.0)
    assert table["what_to_do"].fillna("-").tolist() == ["-", "Save it as JPEG.", "-"]
    assert table["session_id"].fillna("-").tolist() == ["s-1", "s-2", "-"]
    assert table["problem"].isna().tolist() == [True, False, True]


def test_no_pictures_are_an_empty_table_and_a_sentence() -> None:
    assert len(Explanations().to_frame()) == 0
    assert Explanations().to_frame()["duration_s"].dtype == "float64"
    assert isinstance(Explanations().to_frame()["clip"].dtype, pd.StringDtype)
    assert repr(Explanations()) == "0 of 0 pictures have their clips."


def test_in_a_terminal_it_says_what_went_wrong_with_whom(results: Explanations) -> None:
    assert repr(results) == (
        "2 of 3 pictures have their clips.\n  i>.heic: <b>'tom.heic'</b> cannot be used. Save it as JPEG."
    )


def test_in_a_cell_clips_play_by_relative_paths_and_names_run_nothing(results: Explanations, tmp_path: Path) -> None:
    shown = results._repr_html_()
    assert 'src="clips/%E5%B0%8F%20%E6%98%8E.mp4#t=1"' in shown
    assert "<video controls" in shown
    assert "&lt;b&gt;&#x27;tom.heic&#x27;&lt;/b&gt; cannot be used." in shown
    assert "Save it as JPEG." in shown
    assert "<i>" not in shown
    assert str(tmp_path) not in shown
    assert "/elsewhere" not in shown  # it cannot be played from here, and is told by its name
    assert "big cat</b> · 6 s, 1.5 MB" in shown


def test_the_page_refers_to_the_clips_from_where_it_lies(results: Explanations, tmp_path: Path) -> None:
    page = results.save_page("out/class", title="Robots & <us>")
    assert page == Path("out/class.html")
    written = page.read_text("utf-8")
    # there is nothing to decode here, so the page plays the clip itself
    assert re.findall(r'<video [^>]*src="([^"]+)"', written)[0] == "../clips/%E5%B0%8F%20%E6%98%8E.mp4#t=1"
    assert re.findall(r'<a href="([^"]+)"', written)[0] == "../clips/%E5%B0%8F%20%E6%98%8E.mp4"
    assert "<h1>Robots &amp; &lt;us&gt;</h1>" in written
    assert "<b>小明</b>" in written
    assert "tom" not in written  # a sheet of clips; what has none is in the table
    assert written.count("<figure") == 2
    assert str(tmp_path) not in written
    assert re.findall(r"https?:", written) == []


def test_a_page_that_cannot_be_written_is_said(results: Explanations, tmp_path: Path) -> None:
    (tmp_path / "class.html").mkdir()
    with pytest.raises(InvalidRequestError, match=r"The page 'class\.html' cannot be written"):
        results.save_page()

"""The sampler in machine code: exactly what its formula says, nothing outside, and never in the way where it is not."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from ipynemo.backend.render import native
from ipynemo.backend.render.native import resample

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def _asked_anew() -> Iterator[None]:
    native._library.cache_clear()
    yield
    native._library.cache_clear()


def can_be_built() -> bool:
    x86 = platform.machine().lower() in ("x86_64", "amd64") and sys.platform != "win32"
    return x86 and any(shutil.which(name) for name in ("cc", "gcc", "clang"))


def has_avx2() -> bool:
    told = Path("/proc/cpuinfo")
    return told.exists() and " avx2 " in told.read_text()


def reference(
    plane: np.ndarray, across: tuple[float, float], down: tuple[float, float], shape: tuple[int, int]
) -> np.ndarray:
    """The same in numpy, in whole numbers."""
    x, y = (start + step * np.arange(count) for (start, step), count in ((across, shape[1]), (down, shape[0])))
    left, top = np.floor(x).astype(int), np.floor(y).astype(int)
    part = np.rint((x - left) * 64).astype(int)
    share = np.minimum(np.rint((y - top) * 32768), 32767).astype(int)[:, None]
    pixels = plane.astype(int)
    upper, lower = (pixels[row][:, left] * (64 - part) + pixels[row][:, left + 1] * part for row in (top, top + 1))
    whole: np.ndarray = (upper + ((lower - upper) * share + 16384 >> 15) + 32) >> 6
    return whole.astype(np.uint8)


def noise(height: int, width: int) -> np.ndarray:
    return np.random.default_rng(height).integers(0, 256, (height, width), np.uint8)


@pytest.mark.skipif(
    not ("IPYNEMO_REQUIRE_NATIVE" in os.environ or (can_be_built() and has_avx2())),
    reason="no compiler, or another kind of processor",
)
def test_it_is_there_where_it_can_be_built_or_is_required() -> None:
    assert native.is_there()


needed = pytest.mark.skipif(not native.is_there(), reason="the sampler in machine code is not there")


@needed
@pytest.mark.parametrize("step", [0.31, 1.0, 1.7639, 2.0, 2.2, 4.0])
@pytest.mark.parametrize("shape", [(1, 16), (37, 17), (9, 333), (64, 480)])
def test_every_sample_is_what_the_formula_says(step: float, shape: tuple[int, int]) -> None:
    plane = noise(int(shape[0] * step) + 8, int(shape[1] * step) + 30)
    out = np.full((shape[0] + 2, shape[1] + 5), 77, np.uint8)
    inner = out[1:-1, 2:-3]
    assert resample(plane, (3.3, step), (2.71, step), inner)
    assert np.array_equal(inner, reference(plane, (3.3, step), (2.71, step), shape))
    inner[:] = 77
    assert (out == 77).all()  # nothing was drawn beside it


@needed
def test_a_part_of_a_plane_is_read_with_its_own_rows() -> None:
    wide = noise(60, 200)
    out = np.empty((20, 40), np.uint8)
    assert resample(wide[5:50, 20:150], (1.5, 1.9), (0.25, 1.9), out)
    assert np.array_equal(out, reference(wide[5:50, 20:150], (1.5, 1.9), (0.25, 1.9), (20, 40)))


@needed
@pytest.mark.parametrize(
    ("across", "down", "shape"),
    [
        ((-0.1, 1.0), (0.0, 1.0), (8, 32)),  # left of the plane
        ((0.0, 1.0), (-0.1, 1.0), (8, 32)),  # above it
        ((17.0, 1.0), (0.0, 1.0), (8, 32)),  # 16 bytes from column 48 are one more than there are
        ((0.0, 1.0), (23.0, 1.0), (8, 32)),  # below row 30 there is no other
        ((0.0, 1.0), (0.0, 1.0), (8, 15)),  # fewer than one block
        ((0.0, 4.1), (0.0, 1.0), (1, 16)),  # further apart than one load
        ((0.0, float("nan")), (0.0, 1.0), (8, 32)),
    ],
)
def test_what_it_cannot_draw_it_leaves_alone(
    across: tuple[float, float], down: tuple[float, float], shape: tuple[int, int]
) -> None:
    out = np.full(shape, 77, np.uint8)
    assert not resample(noise(31, 63), across, down, out)
    assert (out == 77).all()


@needed
def test_the_last_place_that_can_be_read_is_read() -> None:
    plane = noise(32, 63)
    out = np.empty((8, 32), np.uint8)
    assert resample(plane, (16.0, 1.0), (23.0, 1.0), out)
    assert np.array_equal(out, plane[23:31, 16:48])


@needed
def test_planes_of_another_kind_are_refused() -> None:
    out = np.empty((8, 32), np.uint8)
    assert not resample(noise(31, 63).astype(np.float32), (0.0, 1.0), (0.0, 1.0), out)
    assert not resample(noise(31, 126)[:, ::2], (0.0, 1.0), (0.0, 1.0), out)


@needed
def test_a_library_of_another_source_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    changed = tmp_path / "resample.c"
    changed.write_bytes(native.SOURCE.read_bytes() + b"\n")
    monkeypatch.setattr(native, "SOURCE", changed)
    assert not native.is_there()


def test_a_file_that_is_no_library_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = tmp_path / "resample.library"
    broken.write_bytes(b"not a library")
    monkeypatch.setattr(native, "LIBRARY", broken)
    assert not native.is_there()
    assert not resample(noise(31, 63), (0.0, 1.0), (0.0, 1.0), np.empty((8, 32), np.uint8))


def test_it_can_be_switched_off() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from ipynemo.backend.render import native; print(native.is_there())"],
        env=os.environ | {"IPYNEMO_NATIVE": "0"}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout == "False\n"

from __future__ import annotations

import numpy as np
import pytest

from ipynemo.concepts.charts import AXIS, GROUND, NOISE, SIGNAL, NoisingChart


def luminance(colour: tuple[int, int, int]) -> float:
    unit = np.array(colour) / 255
    linear = np.where(unit <= 0.04045, unit / 12.92, ((unit + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


@pytest.mark.parametrize("colour", [SIGNAL, NOISE, AXIS])
def test_every_line_stands_out_from_the_ground(colour: tuple[int, int, int]) -> None:
    assert (luminance(colour) + 0.05) / (luminance(GROUND) + 0.05) > 4.5


@pytest.mark.parametrize("t", [0, 150, 999])
def test_the_dots_lie_on_their_curves(t: int) -> None:
    chart = NoisingChart(640, 360)
    across, signal, noise = chart.place(t)
    marked = chart.at(t)
    assert (marked.shape, marked.dtype) == ((360, 640, 3), np.uint8)
    assert marked[int(signal), int(across)].tolist() == list(SIGNAL)
    assert marked[int(noise), int(across)].tolist() == list(NOISE)


def test_signal_falls_and_noise_rises() -> None:
    chart = NoisingChart(640, 360)
    assert [round(value) for value in chart.place(0)] == [24, 24, 336]
    assert [round(value) for value in chart.place(250)] == [172, 110, 121]
    assert [round(value) for value in chart.place(999)] == [616, 334, 24]


def test_frames_differ_only_at_the_mark() -> None:
    chart = NoisingChart(640, 360)
    moved = (chart.at(300) != chart.at(310)).any(axis=(0, 2))
    assert moved.any()
    assert not moved[:180].any()
    assert not moved[230:].any()


def test_a_chart_too_small_to_read_is_refused() -> None:
    with pytest.raises(ValueError, match="64 × 48 pixels or more"):
        NoisingChart(63, 48)

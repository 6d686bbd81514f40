"""Tests of two cameras whose colours part: measured at the seam, and taken out of the finished picture."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from pipeline.analysis.colour_history import DEAD_ZONE, ColourHistory
from pipeline.analysis.colour_watch import EVERY_NS, ColourWatch, log_ratio, neighbours
from pipeline.analysis.learned_seams import SeamLines, read_learned_seams
from pipeline.optics.angles import Array
from pipeline.optics.colour import YuvGain
from pipeline.optics.frame import Frame
from pipeline.optics.lens import RectilinearLens
from pipeline.optics.render import Renderer
from pipeline.optics.rig import Camera, Rig
from pipeline.optics.surface import Surface
from pipeline.optics.view import View
from pipeline.timebase import NS_PER_S, Nanoseconds

WIDTH, HEIGHT = 320, 180
LENS = RectilinearLens((WIDTH, HEIGHT), 200.0, (159.5, 89.5))
GROUND = Surface("ground-capped", 8.0, 80.0)
RIG = Rig((Camera("left", LENS, -25.0, -12.0), Camera("right", LENS, 25.0, -12.0)), GROUND)
NAMES, PAIRS = ["left", "right"], [(0, 1)]
TURF = 95, 118, 122
VIEW = View(0.0, -10.0, 40.0)

Bgr = tuple[float, float, float]


def frame(gain: Bgr = (1.0, 1.0, 1.0), seed: int = 0, bodies: int = 0) -> Frame:
    """Both cameras look at turf; the right one's colours are multiplied, and bodies stand before it."""
    random, both = np.random.default_rng(seed), []
    for index in range(2):
        luma = np.clip(TURF[0] + random.normal(0, 3, (HEIGHT, WIDTH)), 0, 255).astype(np.uint8)
        u, v = (np.full((HEIGHT // 2, WIDTH // 2), level, np.uint8) for level in TURF[1:])
        if index:
            YuvGain.of(gain).apply(luma, u, v)
        for _ in range(bodies):
            row, column = random.integers(40, HEIGHT - 40), random.integers(0, WIDTH - 12)
            luma[row : row + 40, column : column + 12] = random.choice([40, 220])
        both.append((luma, u, v))
    return Frame("I420", tuple(np.concatenate(planes) for planes in zip(*both, strict=True)))


def measured(gain_at: Callable[[float], Bgr], seconds: float = 8.0, bodies: int = 0) -> ColourHistory:
    history = ColourHistory(NAMES, neighbours(RIG), 60.0)
    colour_watch = ColourWatch(RIG, history)
    for n in range(int(seconds * NS_PER_S / EVERY_NS)):
        time_ns = n * EVERY_NS
        colour_watch.look(frame(gain_at(time_ns / NS_PER_S), n, bodies), Nanoseconds(time_ns))
    history.finish()
    return history


def step(gain: Bgr, history: ColourHistory, at_s: float) -> Array:
    """By how many levels of Y, U and V the finished picture is different on the two sides of the seam."""
    renderer = Renderer(RIG, 320, 180, "I420")
    shown = renderer.render(VIEW, frame(gain, 77), gains=history.gains_at(round(at_s * NS_PER_S)))
    sides = []
    for plane in shown.planes:
        middle, rows = plane.shape[1] // 2, slice(plane.shape[0] * 2 // 3, None)
        sides.append(
            [plane[rows, middle - 24 : middle - 8].mean(), plane[rows, middle + 8 : middle + 24].mean()]
        )
    found: Array = np.abs(np.diff(np.array(sides), axis=1))[:, 0]
    return found


CASES: dict[str, Callable[[float], Bgr]] = {
    "a camera of automatic exposure": lambda at_s: (1.2, 1.2, 1.2) if at_s >= 3 else (1.0, 1.0, 1.0),
    "a camera of automatic white balance": lambda at_s: (0.9, 1.0, 1.1) if at_s >= 3 else (1.0, 1.0, 1.0),
    "a cloud before one camera": lambda at_s: (1 - 0.4 * min(max((at_s - 3) / 0.5, 0), 1),) * 3,
    "a slow evening": lambda at_s: (1 - 0.02 * at_s, 1 - 0.01 * at_s, 1.0),
}


@pytest.mark.parametrize("name", CASES)
def test_the_step_at_the_seam_is_taken_out(name: str) -> None:
    gain_at = CASES[name]
    history = measured(gain_at)
    assert step(gain_at(7.5), ColourHistory(NAMES, PAIRS, 1.0), 7.5).max() > 3, "it shows if nothing is done"
    for at_s in (1.0, 2.5, 4.0, 5.0, 6.0, 7.5):
        assert step(gain_at(at_s), history, at_s).max() < 1.5


def test_both_cameras_bear_half_of_it_and_nothing_pumps() -> None:
    history = measured(lambda _at_s: (1.2, 1.2, 1.2), bodies=12)
    gains = [history.gains_at(round(at_s * NS_PER_S)) for at_s in np.arange(0.5, 7.5, 0.04)]
    left, right = (np.array([each[i] for each in gains if each is not None]) for i in (0, 1))
    assert len(left) == len(gains)
    assert np.median(left) == pytest.approx(1.2**0.5, abs=0.01)
    assert left * right == pytest.approx(1.0, abs=1e-9)
    assert np.abs(np.diff(left, axis=0)).max() < 0.002
    assert left.max() - left.min() < 0.01
    assert "differed by up to" in history.notes[0]


def test_cameras_that_agree_are_left_as_they_are() -> None:
    history = measured(lambda _at_s: (1.0, 1.0, 1.0), 3.0)
    assert history.gains_at(NS_PER_S) is None
    assert history.notes == ()
    assert [each.gain_bgr for each in history.state()] == [(1.0, 1.0, 1.0)] * 2


def test_a_flash_and_a_wrong_measurement_do_not_show() -> None:
    history = ColourHistory(NAMES, PAIRS, 60.0)
    for n in range(60):
        wrong = np.full(3, 0.4) if n in (20, 21, 35) else np.full(3, 0.05)
        history.add(Nanoseconds(n * EVERY_NS), [wrong])
    for n in range(60):
        gains = history.gains_at(n * EVERY_NS)
        assert gains is not None
        assert gains[1] is not None
        assert np.log(gains[1][0]) == pytest.approx(-(0.05 - DEAD_ZONE) / 2, abs=1e-9)


@pytest.mark.parametrize("what", ["dark", "bright", "noise", "elsewhere", "few"])
def test_what_tells_no_colour_is_not_measured(what: str) -> None:
    random = np.random.default_rng(2)
    turf = np.tile([60.0, 110.0, 90.0], (400, 1)) * random.normal(1, 0.02, (400, 1))
    other = {
        "dark": turf * 0.1,
        "bright": np.minimum(turf * 4, 255.0),
        "noise": random.uniform(10, 220, (400, 3)),
        "elsewhere": turf * np.exp(random.normal(0, 0.6, (400, 1))),
        "few": turf,
    }[what]
    count = 40 if what == "few" else 400
    assert log_ratio(turf[:count], other[:count]) is None


def test_without_measurements_the_last_gains_stay_and_it_is_told() -> None:
    history = ColourHistory(NAMES, PAIRS, 60.0)
    for n in range(120):
        history.add(Nanoseconds(n * EVERY_NS), [np.full(3, 0.1) if n < 40 else None])
    before, later = history.gains_at(30 * EVERY_NS), history.gains_at(115 * EVERY_NS)
    assert before == later
    assert before is not None
    assert [each.is_kept for each in history.state()] == [True, True]


def test_of_three_cameras_each_seam_agrees() -> None:
    row = tuple(Camera(str(yaw), LENS, yaw, -12.0) for yaw in (-50.0, 0.0, 50.0))
    history = ColourHistory(["a", "b", "c"], neighbours(Rig(row, GROUND)), 60.0)
    for n in range(20):
        history.add(Nanoseconds(n * EVERY_NS), [np.full(3, 0.2), np.full(3, -0.1)])
    gains = history.gains_at(10 * EVERY_NS)
    assert gains is not None
    logs = np.log([(1.0, 1.0, 1.0) if gain is None else gain for gain in gains])[:, 0]
    assert logs[0] - logs[1] == pytest.approx(0.2, abs=2 * DEAD_ZONE)
    assert logs[1] - logs[2] == pytest.approx(-0.1, abs=2 * DEAD_ZONE)
    assert logs.sum() == pytest.approx(0, abs=1e-9)


def test_another_run_knows_the_colours_from_the_first_frame(tmp_path: Path) -> None:
    path, lines = tmp_path / "learned.jsonl", SeamLines(NAMES, PAIRS)
    first, again = ColourHistory(NAMES, PAIRS, 60.0), ColourHistory(NAMES, PAIRS, 1e6)
    written = []
    for n in range(40):
        ratio = None if n == 7 else np.array([0.1, 0.05, -0.08]) * (1 + n / 40)
        first.add(Nanoseconds(n * EVERY_NS), [ratio])
        written.append(lines.colours(n * EVERY_NS, [ratio]))
    path.write_text("\n".join(written) + "\n")
    learned = read_learned_seams(path, NAMES, PAIRS)
    again.recall(learned.colours)
    again.begin(Nanoseconds(3 * NS_PER_S))
    for n in range(0, 40, 5):
        one, two = first.gains_at(n * EVERY_NS), again.gains_at(3 * NS_PER_S + n * EVERY_NS)
        assert one is not None
        assert two is not None
        assert np.array(one, float) == pytest.approx(np.array(two, float), abs=1e-4)

"""How often the motion detector sees the ball, and what else it takes for one; figures, no rival.

    foresight bench ball_sight            or: python -m benchmarks.ball_sight [--json FILE]

Two real films and one panorama with the ball known, and the built-in match with seeds and balls that no model was
trained on. `left_right_ball.csv` holds the ball of the two films in rig angles, as the association over the whole
film gives it, checked by eye; it is free in 79 frames, otherwise at a foot. Without the shared data the films are
left out. A candidate counts with a score over 0.3.
"""

from __future__ import annotations

import csv
import time
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np

from benchmarks.harness import Row, main
from benchmarks.sight import EVERY, FPS
from pipeline.analysis.detector import Detection
from pipeline.analysis.field import Field
from pipeline.analysis.motion import RATE_HZ, MotionDetector
from pipeline.match.match import Match
from pipeline.match.settings import MatchSettings
from pipeline.match.truth import MatchTruth, frame_time_ns
from pipeline.optics.frame import Frame, Plane
from pipeline.optics.rig import Rig
from pipeline.timebase import Nanoseconds

HERE = Path(__file__).resolve().parent
DATA = HERE.parents[1] / "shared" / "data"
PAIR, SIDELINE = "pair", "sideline_panorama"
LEFT_AHEAD = 4
"""The left camera's film begins so many frames earlier."""
SURE = 0.3
NEAR_DEG = {PAIR: 0.45, SIDELINE: 1.2}
MATCHES = ((0, "white"), (9, "white"), (5, "red"), (12, "orange"))
SECONDS = 20
GOALS = {PAIR: 90.0}

Ball = tuple[float, float, bool]
"""Yaw and tilt in degrees, and whether it is free."""
Frames = Iterator[tuple[int, int, Frame]]


def film_rig(film: str) -> Rig:
    """The rig of a film."""
    return Rig.load(DATA / ("rig.toml" if film == PAIR else f"{film}.rig.toml"))


def film_frames(film: str) -> Frames:
    """Number, time in nanoseconds and rig frame of what the detector takes from a film; none without the data."""
    names = ("left", "right") if film == PAIR else (film,)
    if not (DATA / f"{names[0]}.mp4").exists():
        return
    readers = [cv2.VideoCapture(str(DATA / f"{name}.mp4")) for name in names]
    for _ in range(LEFT_AHEAD if film == PAIR else 0):
        readers[0].grab()
    fps = readers[0].get(cv2.CAP_PROP_FPS)
    every, number = round(fps / RATE_HZ), 0
    while all(reader.grab() for reader in readers):
        if number % every == 0:
            parts = [_planes(reader) for reader in readers]
            planes = tuple(np.vstack(plane) for plane in zip(*parts, strict=True))
            yield number, round(number * 1e9 / fps), Frame("I420", planes)
        number += 1


def pair_ball() -> dict[int, Ball]:
    """The ball in the frames of the two films in which it is known."""
    with (HERE / "left_right_ball.csv").open(newline="") as file:
        return {
            int(row["frame"]): (float(row["yaw_deg"]), float(row["pitch_deg"]), row["free"] == "1")
            for row in csv.DictReader(file)
        }


def known_ball(film: str, rig: Rig) -> dict[int, Ball]:
    """The ball in the frames of a film in which it is known."""
    if film == PAIR:
        return pair_ball()
    with (DATA / f"{film}_ball.csv").open(newline="") as file:
        rows = [(int(r["frame"]), float(r["x_px"]), float(r["y_px"])) for r in csv.DictReader(file)]
    yaw_deg, tilt_deg = rig.pixels_to_angles(0, np.array([row[1:] for row in rows]))
    return {
        row[0]: (float(yaw), float(tilt), True)
        for row, yaw, tilt in zip(rows, yaw_deg, tilt_deg, strict=True)
    }


def match_frames(settings: MatchSettings) -> Frames:
    """Number, time and frame of what the detector takes from a match."""
    match = Match(settings)
    frame = Frame.empty("NV12", settings.width, settings.height)
    for index in range(0, SECONDS * FPS, EVERY):
        match.render(index, frame)
        yield index, frame_time_ns(index, settings), frame


def counted(
    frames: Frames, rig: Rig, field: Field | None, balls: dict[int, Ball], near_deg: float
) -> tuple[int, int, int, int, int, float]:
    """Frames with a free ball, those in which it is found, those in which it has the highest score; other
    candidates, in so many frames; and the milliseconds of processor time per frame."""
    detector = MotionDetector(rig, field)
    free = found = first = others = count = 0
    spent_s = 0.0
    for number, time_ns, frame in frames:
        begun_s = time.thread_time()
        seen = [
            d for d in detector.detect(frame, Nanoseconds(time_ns)) if d.label == "ball" and d.score > SURE
        ]
        spent_s += time.thread_time() - begun_s
        ball = balls.get(number)
        hits = [ball is not None and _is_at(one, ball, near_deg) for one in seen]
        others += len(hits) - sum(hits)
        count += 1
        if ball is not None and ball[2]:
            free += 1
            found += any(hits)
            first += bool(hits) and hits[0]
    return free, found, first, others, count, 1e3 * spent_s / max(1, count)


def rows_of(name: str, figures: tuple[int, int, int, int, int, float], goal: float | None) -> list[Row]:
    """The figures as rows of the table."""
    free, found, first, others, count, spent_ms = figures
    share = 100 * found / max(1, free)
    return [
        Row(f"{name}: free ball found, of {free} frames", share, "%",
            goal="" if goal is None else f">= {goal:g}", met=None if goal is None else share >= goal),
        Row(f"{name}: it has the highest score", 100 * first / max(1, free), "%"),
        Row(f"{name}: taken for a ball besides", others / max(1, count), "a frame"),
        Row(f"{name}: processor time", spent_ms, "ms a frame"),
    ]  # fmt: skip


def run() -> Sequence[Row]:
    """The ball found and missed, false balls, and what they cost."""
    cv2.setNumThreads(1)
    rows = []
    for film in (PAIR, SIDELINE) if DATA.exists() else ():
        rig = film_rig(film)
        field = None if rig.pitch is None else Field.of_pitch(rig)
        figures = counted(film_frames(film), rig, field, known_ball(film, rig), NEAR_DEG[film])
        rows += rows_of(film, figures, GOALS.get(film))
    for seed, colour in MATCHES:
        settings = MatchSettings(seed=seed, fps=Fraction(FPS), ball=colour)
        truth = [frame[0] for frame in MatchTruth(settings).frames(SECONDS * FPS)]
        balls = {i: (ball.yaw_deg, ball.tilt_deg, True) for i, ball in enumerate(truth)}
        rig = Match(settings).rig
        figures = counted(match_frames(settings), rig, Field.of_pitch(rig), balls, NEAR_DEG[PAIR])
        rows += rows_of(f"match, seed {seed}, {colour} ball", figures, None)
    return rows


def _is_at(one: Detection, ball: Ball, near_deg: float) -> bool:
    return float(np.hypot(one.yaw_deg - ball[0], one.tilt_deg - ball[1])) < near_deg


def _planes(reader: cv2.VideoCapture) -> tuple[Plane, Plane, Plane]:
    """The planes of the picture that a reader has grabbed."""
    picture = reader.retrieve()[1]
    height, width = picture.shape[:2]
    planes = cv2.cvtColor(picture, cv2.COLOR_BGR2YUV_I420).astype(np.uint8)
    u, v = planes[height:].reshape(2, height // 2, width // 2)
    return planes[:height], u, v


if __name__ == "__main__":
    main(run)

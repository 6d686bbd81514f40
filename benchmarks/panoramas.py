"""People found by the motion detector on two real panoramas, against people marked by eye; figures, no rival.

    foresight bench panoramas            or: python -m benchmarks.panoramas [--json FILE]

`panorama_people.csv` holds the feet of 24 people in each of six frames of each film, in pixels; those hidden behind
the graphics burnt into the films are marked, and count neither way. A box fits a person if its middle is within
about half a body of theirs. Empty without the shared films.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from benchmarks.harness import Row, main
from pipeline.analysis.detector import Detection
from pipeline.analysis.field import Field
from pipeline.analysis.motion import RATE_HZ, MotionDetector
from pipeline.optics.frame import Frame
from pipeline.optics.rig import Rig
from pipeline.timebase import Nanoseconds

HERE = Path(__file__).resolve().parent
DATA = HERE.parents[1] / "shared" / "data"
FILMS = ("sideline_panorama", "wide_panorama")
PERSON_M, ACROSS, ALONG = 1.75, 0.45, 0.6
"""A person's height, and how far off the middle of a box may be, in heights."""
FAR = 1e3


def marked(film: str) -> dict[int, list[tuple[float, float, bool]]]:
    """The people marked in each frame: x and y of the feet in pixels, and whether they are hidden."""
    people = defaultdict(list)
    with (HERE / "panorama_people.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            if row["film"] == film:
                people[int(row["frame"])].append(
                    (float(row["x_px"]), float(row["y_px"]), row["hidden"] == "1")
                )
    return people


def analysed(film: str) -> Iterator[tuple[int, Sequence[Detection], Rig]]:
    """The number and the detections of each frame that the detector takes from a film."""
    rig = Rig.load(DATA / f"{film}.rig.toml")
    detector = MotionDetector(rig, Field.of_pitch(rig))
    reader = cv2.VideoCapture(str(DATA / f"{film}.mp4"))
    fps = reader.get(cv2.CAP_PROP_FPS)
    every, number = round(fps / RATE_HZ), 0
    while reader.grab():
        if number % every == 0:
            _, picture = reader.retrieve()
            height, width = picture.shape[:2]
            planes = cv2.cvtColor(picture, cv2.COLOR_BGR2YUV_I420).astype(np.uint8)
            u, v = planes[height:].reshape(2, height // 2, width // 2)
            frame = Frame("I420", (planes[:height], u, v))
            yield number, detector.detect(frame, Nanoseconds(round(number * 1e9 / fps))), rig
        number += 1


def compared(
    rig: Rig, people: Sequence[tuple[float, float, bool]], found: Sequence[Detection]
) -> NDArray[np.int64]:
    """How many people there are, were found, and how many boxes there are and hold nobody."""
    feet = np.array([person[:2] for person in people])
    hidden = np.array([person[2] for person in people])
    yaw_deg, tilt_deg = rig.pixels_to_angles(0, feet)
    head_deg = rig.metres_to_angles(*rig.angles_to_metres(yaw_deg, tilt_deg), PERSON_M)[1]
    high_deg, middle_deg = head_deg - tilt_deg, (head_deg + tilt_deg) / 2
    boxes = np.array([(one.yaw_deg, one.tilt_deg) for one in found if one.label != "ball"]).reshape(-1, 2)
    across = np.abs(yaw_deg[:, None] - boxes[:, 0]) * np.cos(np.radians(middle_deg))[:, None]
    along = np.abs(middle_deg[:, None] - boxes[:, 1])
    fits = (across < ACROSS * high_deg[:, None]) & (along < ALONG * high_deg[:, None])
    off = np.hypot(across, along) / high_deg[:, None] + 5.0 * hidden[:, None]
    one, other = linear_sum_assignment(np.where(fits, off, FAR))
    kept = fits[one, other]
    return np.array([(~hidden).sum(), (kept & ~hidden[one]).sum(), len(boxes), len(boxes) - kept.sum()])


def run() -> Sequence[Row]:
    """People found, and boxes with nobody in them, of each film, percent."""
    cv2.setNumThreads(1)
    rows = []
    for film in FILMS if DATA.exists() else ():
        people = marked(film)
        sums = np.sum(
            [compared(rig, people[n], found) for n, found, rig in analysed(film) if n in people], axis=0
        )
        there, seen, boxes, false = sums.tolist()
        share, wrong = 100 * seen / there, 100 * false / max(1, boxes)
        rows.append(Row(f"{film}: people found", share, "%", goal=">= 70", met=share >= 70))
        rows.append(Row(f"{film}: boxes with nobody", wrong, "%", goal="<= 10", met=wrong <= 10))
    return rows


if __name__ == "__main__":
    main(run)

"""A recording that is damaged in several places, from outside."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

from tests.faults.record import Area, fault

RUN = [sys.executable, "-m", "pipeline", "run", "--offline", "--detector", "none", "--size", "320x108"]


@fault(
    Area.CAMERAS,
    "a damaged recording as the source",
    seen="a note with the number of missing frames",
    lost="those frames",
)
def test_frames_that_a_damaged_recording_lacks_are_told(tmp_path: Path) -> None:
    source, damaged = tmp_path / "whole.ts", tmp_path / "damaged.ts"
    make = [*RUN, "match?size=320x108&fps=25", "--duration", "6", "-o", str(source)]
    subprocess.run(make, check=True, capture_output=True, timeout=60)
    content = bytearray(source.read_bytes())
    length = len(content) // 12
    for share in (0.2, 0.5, 0.8):
        begin = round(len(content) * share)
        content[begin : begin + length] = bytes(length)
    damaged.write_bytes(content)
    run = subprocess.run(
        [*RUN, str(damaged), "--delay", "1", "-o", str(tmp_path / "out.mkv"), "--json"],
        check=False, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    report = json.loads(run.stdout)
    notes = " ".join(report["notes"])
    said = re.search(r"(\d+) of (\d+) frames are missing", notes)
    assert said is not None, report
    missing, expected = int(said[1]), int(said[2])
    assert report["frames_in"] == expected - missing
    refused = sum(int(count) for count in re.findall(r"(\d+) with (?:the|a) time", notes))
    unshown = sum(int(count) for count in re.findall(r"(\d+) captured frames were not shown", notes))
    assert report["frames_in"] == report["frames_out"] + report["dropped"] + refused + unshown, notes

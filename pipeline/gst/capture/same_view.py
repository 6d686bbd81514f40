"""Finds sources that are given as two cameras and are chapters of one recording, or the same file."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations, permutations

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.errors import SourceError
from pipeline.gst.capture.inspect_file import FileFacts, inspect
from pipeline.gst.core.elements import chain, make, make_appsink, static_pad
from pipeline.gst.runtime import Gst
from pipeline.media.file_series import names_follow, times_follow
from pipeline.media.source_spec import JOINT, SourceSpec
from pipeline.timebase import NS_PER_S

SAME = 0.75
"""Two stills whose structure correlates this much show the same view; two cameras of one pitch reach 0.2."""

_MOST_FRAMES = 60
"""From the last keyframe on, so many frames are decoded at most to find the last one."""

_WIDTH, _HEIGHT = 192, 108
_END_NS = NS_PER_S
_TIMEOUT_NS = 5 * NS_PER_S

Still = NDArray[np.uint8]


def refuse_same_view(sources: Sequence[SourceSpec], *, has_rig: bool) -> None:
    """Raise SourceError if two of the cameras `sources` are evidently one: their names or times follow each other,
    and the second begins with the view with which the first ends; or, unless a rig says that they are two
    (`has_rig`), they begin with the same view. Only files are looked at. Blocks for some tenths of a second a file.
    """
    files = [source for source in sources if source.kind == "file" and source.path is not None]
    if len(files) < 2:
        return
    facts = {file: inspect(file) for file in files}
    for first, second in permutations(files, 2):
        follows = _follow(first, second, facts[first], facts[second])
        if follows and _alike(still(first, at_end=True), still(second, at_end=False)):
            raise SourceError(
                f"{first.name} and {second.name} are chapters of one recording, not two cameras: they follow each "
                f"other and show the same view; write them as one source: {first.name}{JOINT}{second.name}"
            )
    if has_rig:
        return
    begins = {file: still(file, at_end=False) for file in files}
    for first, second in combinations(files, 2):
        if _alike(begins[first], begins[second]):
            raise SourceError(
                f"{first.name} and {second.name} show the same view, so they are not two cameras of one rig; "
                f"if they are one recording, write them as one source: {first.name}{JOINT}{second.name}"
            )


def _follow(
    first: SourceSpec, second: SourceSpec, of_first: FileFacts | None, of_second: FileFacts | None
) -> bool:
    if first.path is not None and second.path is not None and names_follow(first.path, second.path):
        return True
    if of_first is None or of_second is None:
        return False
    return times_follow(of_first.recorded_s, of_first.length_s, of_second.recorded_s)


def _alike(one: Still | None, other: Still | None) -> bool:
    return one is not None and other is not None and likeness(one, other) >= SAME


def likeness(one: Still, other: Still) -> float:
    """How much the structure of two stills is the same: 1 for the same picture, near 0 for two others."""
    first, second = (_structure(picture) for picture in (one, other))
    scale = float(np.linalg.norm(first) * np.linalg.norm(second))
    return float((first * second).sum()) / scale if scale else float(np.array_equal(one, other))


def _structure(picture: Still) -> NDArray[np.float32]:
    """Without its slow changes of brightness, which pitches have in common."""
    smooth = cv2.GaussianBlur(picture.astype(np.float32), (0, 0), 1.0)
    return np.asarray(smooth - cv2.GaussianBlur(smooth, (0, 0), 8.0), np.float32)


def still(spec: SourceSpec, *, at_end: bool) -> Still | None:
    """A small grey picture from the beginning or the end of a file; None if there is none. Blocks."""
    if spec.path is None:
        return None
    pipeline = Gst.Pipeline.new("still")
    opener = make("uridecodebin", uri=spec.path.resolve().as_uri(), caps=Gst.Caps.from_string("video/x-raw"))
    shape = Gst.Caps.from_string(
        f"video/x-raw,format=GRAY8,width={_WIDTH},height={_HEIGHT},pixel-aspect-ratio=1/1"
    )
    convert, scale = make("videoconvert"), make("videoscale", None, add_borders=False)
    appsink = make_appsink("still")
    appsink.set_property("async", True)
    pipeline.add(opener)
    chain(pipeline, convert, scale, make("capsfilter", None, caps=shape), appsink)
    entry = static_pad(convert, "sink")
    opener.connect("pad-added", lambda _element, pad: None if entry.is_linked() else pad.link(entry))
    try:
        pipeline.set_state(Gst.State.PAUSED)
        if pipeline.get_state(_TIMEOUT_NS)[0] != Gst.StateChangeReturn.SUCCESS:
            return None
        known, length_ns = pipeline.query_duration(Gst.Format.TIME)
        if at_end and known:
            flags = Gst.SeekFlags.FLUSH | Gst.SeekFlags.KEY_UNIT | Gst.SeekFlags.SNAP_BEFORE
            pipeline.seek_simple(Gst.Format.TIME, flags, max(length_ns - _END_NS, 0))
            pipeline.get_state(_TIMEOUT_NS)
        sample = appsink.try_pull_preroll(_TIMEOUT_NS)
        if at_end:
            pipeline.set_state(Gst.State.PLAYING)
            for _ in range(_MOST_FRAMES):
                later = appsink.try_pull_sample(_TIMEOUT_NS)
                if later is None:
                    break
                sample = later
        buffer = None if sample is None else sample.get_buffer()
        if buffer is None:
            return None
        return np.frombuffer(buffer.extract_dup(0, _WIDTH * _HEIGHT), np.uint8).reshape(_HEIGHT, _WIDTH)
    finally:
        pipeline.set_state(Gst.State.NULL)

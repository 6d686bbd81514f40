"""The first frame of a source: a still image of a camera, or of a clip."""

from __future__ import annotations

from pipeline.errors import SourceError
from pipeline.gst.capture.footage import still_of
from pipeline.gst.capture.frame_tap import POLL_S, open_taps
from pipeline.gst.core.frames import FrameLayout
from pipeline.media.source_spec import SourceSpec
from pipeline.optics.frame import Frame


def first_frame(source: SourceSpec, answer_s: float) -> Frame:
    """A copy of the first frame. Blocks for `answer_s` at most, and as long as opening takes; any thread.

    Raises SourceError if the source cannot be opened, or gives no frame in time.
    """
    with open_taps([source]) as (tap,):
        for _ in range(round(answer_s / POLL_S)):
            sample = tap.poll()
            buffer, caps = (None, None) if sample is None else (sample.get_buffer(), sample.get_caps())
            if buffer is not None and caps is not None:
                with FrameLayout.of(caps).map(buffer) as frame:
                    return still_of(frame)
            if tap.has_ended:
                break
        raise SourceError(f"{source.name}: gave no frame within {answer_s:.0f} s; look whether it works")

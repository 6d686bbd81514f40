"""ClipThumbnails: a small still image of each clip, made when somebody asks for it."""

from __future__ import annotations

import threading
from collections import OrderedDict

from pipeline.errors import OutputError
from pipeline.gst.capture.frame_tap import POLL_S, open_taps
from pipeline.gst.core.frames import FrameLayout
from pipeline.media.source_spec import SourceSpec
from pipeline.run.clip_book import Clip
from pipeline.web.preview_images import jpeg_of, shrunk

WIDTH_PX = 320
KEPT = 200
"""So many of them are kept: some 4 MB."""
ANSWER_S = 5.0
"""A clip that gives no frame for so long has no still image."""


class ClipThumbnails:
    """The first frame of each clip as a JPEG. Any thread; `jpeg` blocks while it is decoded, one clip at a time."""

    def __init__(self) -> None:
        self._decoding = threading.Lock()
        self._kept: OrderedDict[int, bytes] = OrderedDict()

    def jpeg(self, clip: Clip) -> bytes:
        """The still image of a clip that is saved. Raises OutputError if its file cannot be read."""
        with self._decoding:
            if clip.number not in self._kept:
                self._kept[clip.number] = _first_frame(clip)
                while len(self._kept) > KEPT:
                    self._kept.popitem(last=False)
            return self._kept[clip.number]


def _first_frame(clip: Clip) -> bytes:
    """The clip's keyframe at its begin, small. Raises OutputError, SourceError."""
    with open_taps([SourceSpec.parse(str(clip.path.absolute()))]) as (tap,):
        for _ in range(round(ANSWER_S / POLL_S)):
            sample = tap.poll()
            buffer, caps = (None, None) if sample is None else (sample.get_buffer(), sample.get_caps())
            if buffer is not None and caps is not None:
                with FrameLayout.of(caps).map(buffer) as frame:
                    height = max(round(WIDTH_PX * frame.height / frame.width / 2) * 2, 2)
                    return jpeg_of(shrunk(frame, min(WIDTH_PX, frame.width // 2 * 2), height))
    raise OutputError(f"{clip.path.name}: has no frame to show; look whether the file is complete")

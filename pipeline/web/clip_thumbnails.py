"""ClipThumbnails: a small still image of each clip, made when somebody asks for it."""

from __future__ import annotations

import threading
from collections import OrderedDict

from pipeline.errors import OutputError, SourceError
from pipeline.gst.capture.first_frame import first_frame
from pipeline.media.source_spec import SourceSpec
from pipeline.optics.frame import Frame
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
    """The clip's keyframe at its begin, small. Raises OutputError."""
    try:
        frame = first_frame(SourceSpec.parse(str(clip.path.absolute())), ANSWER_S)
    except SourceError as error:
        raise OutputError(
            f"{clip.path.name}: has no frame to show; look whether the file is complete"
        ) from error
    return small_jpeg(frame)


def small_jpeg(frame: Frame, width_px: int = WIDTH_PX) -> bytes:
    """A frame as a JPEG of this width, in its own shape."""
    height = max(round(width_px * frame.height / frame.width / 2) * 2, 2)
    return jpeg_of(shrunk(frame, min(width_px, frame.width // 2 * 2), height))

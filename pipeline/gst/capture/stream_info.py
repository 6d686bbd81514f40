"""StreamInfo: the formats that the analysis pipeline delivers."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.gst.runtime import Gst


@dataclass(frozen=True, slots=True)
class StreamInfo:
    """The formats that the analysis pipeline delivers, returned by `AnalysisPipeline.wait_ready`.

    ``video_caps``: the caps at each video appsink; ``audio_caps``: None without sound; ``size_px``: width and
    height of the rig frame, (0, 0) if it is compressed and unknown; ``framerate``: frames per second as the caps
    say, or as measured if they say nothing that can be true; 0 if neither tells; ``orientations``: how
    the frames of each video stand, as an image-orientation tag.
    """

    video_caps: tuple[Gst.Caps, ...]
    audio_caps: Gst.Caps | None
    size_px: tuple[int, int]
    framerate: float
    orientations: tuple[str, ...]

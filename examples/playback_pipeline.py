"""Shows PlaybackPipelineBuilder alone: writes frames that you make yourself to a file.

python examples/playback_pipeline.py FILE.mp4
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from pipeline import ForesightError, PlaybackPipelineBuilder
from pipeline.gst.core.elements import make
from pipeline.gst.runtime import Gst
from pipeline.playback_builder import Encoding

WIDTH, HEIGHT, FPS, SECONDS = 640, 360, 25, 2


def main(file: Path) -> None:
    """Push two seconds of a moving bar through the playback pipeline."""
    caps = Gst.Caps.from_string(f"video/x-raw,format=NV12,width={WIDTH},height={HEIGHT},framerate={FPS}/1")
    encoding = Encoding(
        "h264",
        lambda: make("x264enc", speed_preset="veryfast", bitrate=2000),
        "aac",
        lambda: make("avenc_aac"),
    )
    playback = PlaybackPipelineBuilder([caps], files=[file], encoding=encoding).build()
    playback.pipeline.set_state(Gst.State.PLAYING)
    for number in range(FPS * SECONDS):
        pixels = np.full((HEIGHT * 3 // 2, WIDTH), 128, np.uint8)
        pixels[:HEIGHT] = 40
        pixels[:HEIGHT, number * 10 : number * 10 + 60] = 220
        buffer = Gst.Buffer.new_wrapped(pixels.tobytes())
        buffer.pts = number * Gst.SECOND // FPS
        buffer.duration = Gst.SECOND // FPS
        playback.appsrc.push_buffer(buffer)
    playback.finish()
    playback.wait_over(30)
    playback.stop()
    if playback.error is not None:
        raise playback.error
    print(f"{file}: {FPS * SECONDS} frames")


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1] if len(sys.argv) > 1 else "bar.mp4"))
    except ForesightError as error:
        sys.exit(f"error: {error}")

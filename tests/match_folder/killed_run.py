"""A live run into a match folder that says how far video and sound have been captured, until it is killed.

``python -m tests.match_folder.killed_run FOLDER``
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from pipeline.gst.runtime import Gst
from pipeline.run.progress import Progress
from pipeline.timebase import NS_PER_S
from tests.match_folder.matches import run_of

CAMERA = (
    "gst:videotestsrc is-live=true ! video/x-raw,width=640,height=214,framerate=25/1 ! "
    "x264enc tune=zerolatency speed-preset=ultrafast key-int-max=25 ! h264parse "
    "audiotestsrc is-live=true ! audio/x-raw,rate=48000,channels=2 ! audioconvert"
)
"""A live camera that sends compressed video."""


def main() -> None:
    folder = Path(sys.argv[1])
    run = run_of(
        [CAMERA],
        folder.with_suffix(".mkv"),
        size="320x180",
        delay_s=1.0,
        live=True,
        match_folder=str(folder),
        proposals={"on": False},
    )

    heard_ns, take = [0], run.buffer_manager.on_new_audio_sample

    def hear(appsink: Any) -> Any:
        answer, sample = take(appsink), appsink.get_property("last-sample")
        heard_ns[0] = sample.get_segment().to_running_time(Gst.Format.TIME, sample.get_buffer().pts)
        return answer

    run.buffer_manager.on_new_audio_sample = hear  # type: ignore[method-assign]

    def tell(_progress: Progress) -> None:
        newest_ns = run.buffer_manager.newest_ns
        if newest_ns is not None:
            run.match.add_tag(newest_ns, "moment", None, "", "")
            sys.stdout.write(f"{newest_ns / NS_PER_S} {heard_ns[0] / NS_PER_S}\n")
            sys.stdout.flush()

    run.run(tell)


if __name__ == "__main__":
    main()

"""Shows PipelineBuilder alone: counts the frames and sound of a source, as fast as they decode.

python examples/analysis_pipeline.py FILE-OR-URI [FILE-OR-URI ... --rig RIG.toml]
"""

from __future__ import annotations

import argparse
import sys
import threading

from pipeline import ForesightError, PipelineBuilder
from pipeline.gst.runtime import Gst, GstApp
from pipeline.optics.rig import Rig


def main() -> None:
    """Build the analysis pipeline, pull every sample, print the counts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sources", nargs="+")
    parser.add_argument("--rig")
    options = parser.parse_args()

    rig = Rig.load(options.rig) if options.rig else None
    analysis = PipelineBuilder(options.sources, rig=rig, live=False).build()
    counts = {"video": 0, "audio": 0}
    over = threading.Event()

    def count(kind: str, appsink: GstApp.AppSink) -> Gst.FlowReturn:
        if appsink.try_pull_sample(0) is not None:
            counts[kind] += 1
        return Gst.FlowReturn.OK

    analysis.video_appsink.connect("new-sample", lambda sink: count("video", sink))
    analysis.audio_appsink.connect("new-sample", lambda sink: count("audio", sink))
    analysis.on_end(over.set)
    analysis.on_error(lambda _error: over.set())

    analysis.start()
    try:
        info = analysis.wait_ready()
        print(f"rig frame {info.size_px[0]}x{info.size_px[1]} at {info.framerate:g} fps")
        print("sound:", "none" if info.audio_caps is None else info.audio_caps.to_string())
        over.wait()
    finally:
        analysis.stop()
    print(f"{counts['video']} frames, {counts['audio']} chunks of sound")


if __name__ == "__main__":
    try:
        main()
    except ForesightError as error:
        sys.exit(f"error: {error}")

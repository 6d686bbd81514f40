"""Ten million samples through the delay line on an accelerated clock: memory flat, counters exact.

    python -m benchmarks.soak_buffer [--samples N]

Samples, appsrc and sink are real; only the clock and the source are simulated, so that ten million frames (four
days of video at 30 fps) take minutes. The buffer thread's work is done here, step by step.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from pathlib import Path
from typing import Any

from pipeline.buffer_manager import BufferManager
from pipeline.gst.runtime import Gst

NS = 1_000_000_000
FRAME_NS = NS // 30
STEP_EVERY = 10


class SimulatedSource:
    """A simulated appsink and clock: every pull returns a new frame and advances the clock by one frame."""

    def __init__(self) -> None:
        self.caps = Gst.Caps.from_string("video/x-raw,format=GRAY8,width=4,height=4,framerate=30/1")
        self.segment = Gst.Segment()
        self.segment.init(Gst.Format.TIME)
        self.pulled = 0

    def try_pull_sample(self, _timeout: int) -> Any:
        buffer = Gst.Buffer.new_wrapped(bytes(16))
        buffer.pts, buffer.duration = self.pulled * FRAME_NS, FRAME_NS
        self.pulled += 1
        return Gst.Sample.new(buffer, self.caps, self.segment, None)

    def get_time(self) -> int:
        return self.pulled * FRAME_NS


def resident_mb() -> float:
    """Resident memory of this process, in MB (10^6 bytes)."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6


def soak(samples: int, report: bool = True) -> dict[str, Any]:
    """Run `samples` frames through; returns the counters and the resident memory at each tenth."""
    pipeline = Gst.parse_launch(
        "appsrc name=video_src ! fakesink name=out sync=false enable-last-sample=false"
    )
    appsrc, sink, source = pipeline.get_by_name("video_src"), pipeline.get_by_name("out"), SimulatedSource()
    manager = BufferManager(delay=2.0, appsrc=appsrc, playback_pipeline=pipeline, cushion=0.5)
    engine, line = manager._engine, manager._line
    engine.clock = source
    pipeline.set_state(Gst.State.PLAYING)
    line.begin()
    memory_mb = []
    for number in range(1, samples + 1):
        manager.on_new_sample(source)
        if number % STEP_EVERY == 0:
            rooms_ns = engine.playback.rooms_ns()
            while rooms_ns["video"] < NS // 2:
                time.sleep(0.0002)  # the real sink is behind the simulated clock
                rooms_ns = engine.playback.rooms_ns()
            step = line.step(source.get_time(), 0, rooms_ns)
            step.start_base_ns = None  # the pipeline is already playing
            engine.playback.act(step, source)
        if number % (samples // 10) == 0:
            memory_mb.append(resident_mb())
            if report:
                print(f"{number:>10} samples, {memory_mb[-1]:.1f} MB, {manager!r}", flush=True)
    while appsrc.get_current_level_buffers():
        time.sleep(0.001)
    counters = manager.statistics().streams["video"]
    shown = sink.get_property("stats").get_value("rendered")
    pipeline.set_state(Gst.State.NULL)
    return {"statistics": counters, "shown": shown, "memory_mb": memory_mb}


def main() -> None:
    """Run the soak; the exit status is 0 if counters are exact and memory is flat."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, default=10_000_000)
    samples = parser.parse_args().samples
    begin_s = time.monotonic()
    found = soak(samples)
    counters, memory_mb = found["statistics"], found["memory_mb"]
    growth = max(memory_mb[1:]) / memory_mb[0] - 1
    exact = (
        counters.received == samples and counters.sent + counters.waiting == samples and counters.dropped == 0
    )
    print(
        f"{samples} samples in {time.monotonic() - begin_s:.0f} s: {counters.sent} sent, "
        f"{counters.waiting} waiting, {counters.dropped} dropped, {found['shown']} shown; "
        f"counters {'exact' if exact else 'WRONG'}; "
        f"memory grew by {growth:.2%}"
    )
    sys.exit(0 if exact and growth <= 0.02 else 1)


if __name__ == "__main__":
    main()

"""Runs one case of the buffer benchmark in its own process: `python -m benchmarks.buffer_case '{"kind": ...}'`."""

from __future__ import annotations

import json
import resource
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pipeline.buffer_manager import BufferManager
from pipeline.buffering.line import DelayLine
from pipeline.buffering.schedule import Schedule
from pipeline.buffering.window import Entry
from pipeline.gst.runtime import Gst

NS = 1_000_000_000
DELAY_S = 1.0
SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"


def cpu_s() -> float:
    """Processor time of this process on all cores, in seconds."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def resident_mb() -> float:
    """Resident memory of this process, in MB (10^6 bytes)."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6


class Naive:
    """The system that the BufferManager replaces: emit, a lock, a scanned list, deep copies."""

    def __init__(self, appsrc: Any) -> None:
        self.appsrc = appsrc
        self.frames: list[tuple[int, Any]] = []
        self.lock = threading.RLock()
        self.stopped = False

    def on_new_sample(self, sink: Any) -> Any:
        sample = sink.emit("pull-sample")
        with self.lock:
            buffer = sample.get_buffer().copy_deep()
            self.frames.append((time.monotonic_ns(), buffer))
        return Gst.FlowReturn.OK

    def loop(self) -> None:
        while not self.stopped:
            with self.lock:
                due_ns = time.monotonic_ns() - int(DELAY_S * NS)
                for frame in sorted(self.frames, key=lambda frame: frame[0]):
                    if frame[0] <= due_ns:
                        self.appsrc.emit("push-buffer", frame[1])
                        self.frames.remove(frame)
            time.sleep(0.01)


def source(width: int, height: int, fps: int) -> str:
    """A live source that repeats one frame, so that it costs almost nothing."""
    return (
        f"videotestsrc is-live=true pattern=black num-buffers=1 ! video/x-raw,format=NV12,width={width}"
        f",height={height},framerate={fps}/1 ! imagefreeze is-live=true ! video/x-raw,framerate={fps}/1 "
    )


SINK = "fakesink name=out sync=true"


@contextmanager
def hogs(count: int) -> Iterator[None]:
    """Run `count` Python threads in endless loops."""
    stop = threading.Event()

    def spin() -> None:
        while not stop.is_set():
            pass

    threads = [threading.Thread(target=spin, daemon=True) for _ in range(count)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()


def stats(sink: Any) -> tuple[int, int]:
    """Buffers that a sink has rendered and dropped, by its own count."""
    found = sink.get_property("stats")
    return found.get_value("rendered"), found.get_value("dropped")


def steady(sink: Any, seconds: float) -> dict[str, float]:
    """Processor time per shown frame, over `seconds` after playback has settled."""
    time.sleep(DELAY_S + 0.5)
    frames, used_s = stats(sink)[0], cpu_s()
    time.sleep(seconds)
    frames, used_s = stats(sink)[0] - frames, cpu_s() - used_s
    return {"cpu_us": used_s / frames * 1e6, "frames": frames}


def direct(case: dict[str, Any], between: str) -> dict[str, float]:
    """Source, `between` and sink in one pipeline."""
    late = f"max-lateness={case['max_lateness_ns']} qos=true" if "max_lateness_ns" in case else ""
    pipeline = Gst.parse_launch(
        f"{source(case['width'], case['height'], case['fps'])} {between} ! {SINK} {late}"
    )
    pipeline.set_state(Gst.State.PLAYING)
    found = steady(pipeline.get_by_name("out"), case["seconds"])
    rendered, found["sink_dropped"] = stats(pipeline.get_by_name("out"))
    found["shown"] = rendered + found["sink_dropped"]
    pipeline.set_state(Gst.State.NULL)
    return found


def native(case: dict[str, Any]) -> dict[str, float]:
    """GStreamer's own delay: a queue that delays by a second."""
    threshold_ns = int(DELAY_S * NS)
    return direct(
        case,
        f"! queue min-threshold-time={threshold_ns} max-size-time=0 max-size-buffers=0 max-size-bytes=0 "
        f"! identity ts-offset={threshold_ns}",
    )


def none(case: dict[str, Any]) -> dict[str, float]:
    """Nothing between source and sink."""
    return direct(case, "")


def naive(case: dict[str, Any]) -> dict[str, float]:
    """The Naive buffer between two pipelines."""
    analysis = Gst.parse_launch(
        f"{source(case['width'], case['height'], case['fps'])} ! appsink name=sink emit-signals=true sync=false"
    )
    playback = Gst.parse_launch("appsrc name=src format=time max-bytes=0 ! fakesink name=out sync=false")
    buffer = Naive(playback.get_by_name("src"))
    analysis.get_by_name("sink").connect("new-sample", buffer.on_new_sample)
    thread = threading.Thread(target=buffer.loop, daemon=True)
    analysis.set_state(Gst.State.PLAYING)
    playback.set_state(Gst.State.PLAYING)
    thread.start()
    found = steady(playback.get_by_name("out"), case["seconds"])
    buffer.stopped = True
    analysis.set_state(Gst.State.NULL)
    playback.set_state(Gst.State.NULL)
    return found


def ours(case: dict[str, Any]) -> dict[str, Any]:
    """The BufferManager between two pipelines, connected as the guide says."""
    audio = case.get("audio", False)
    sound = "audiotestsrc is-live=true samplesperbuffer=480 ! audio/x-raw,rate=48000,channels=1 "
    analysis = Gst.parse_launch(
        f"{source(case['width'], case['height'], case['fps'])} ! appsink name=video emit-signals=true sync=false "
        + (f"{sound} ! appsink name=audio emit-signals=true sync=false" if audio else "")
    )
    # With max-lateness a sink drops, and counts, buffers that are later than that.
    late = f"max-lateness={10_000_000} qos=true" if audio else ""
    playback = Gst.parse_launch(
        f"appsrc name=video_src ! {SINK} {late} "
        + (f"appsrc name=audio_src ! fakesink name=audio_out sync=true {late}" if audio else "")
    )
    manager = BufferManager(
        buffer_duration=2 * DELAY_S,
        delay=DELAY_S,
        framerate=case["fps"],
        appsrc=playback.get_by_name("video_src"),
        audio_appsrc=playback.get_by_name("audio_src"),
        playback_pipeline=playback,
    )
    analysis.get_by_name("video").connect("new-sample", manager.on_new_sample)
    playback.get_by_name("video_src").connect("need-data", manager.on_need_data)
    sinks = [playback.get_by_name("out")]
    if audio:
        analysis.get_by_name("audio").connect("new-sample", manager.on_new_audio_sample)
        playback.get_by_name("audio_src").connect("need-data", manager.on_audio_need_data)
        sinks.append(playback.get_by_name("audio_out"))
    analysis.set_state(Gst.State.PLAYING)
    manager.start_buffer_thread()
    with hogs(case.get("hogs", 0)):
        found: dict[str, Any] = steady(sinks[0], case["seconds"])
        known = manager.statistics()
    found["delay_error_ms"] = (known.delay_error_s or 0) * 1e3
    found["margin_ms"] = (known.margin_s or 0) * 1e3
    found["sink_dropped"] = sum(stats(sink)[1] for sink in sinks)
    found["shown"] = sum(sum(stats(sink)) for sink in sinks)
    found["lost"] = known.dropped
    manager.stop_buffer_thread()
    analysis.set_state(Gst.State.NULL)
    playback.set_state(Gst.State.NULL)
    return found


def window(case: dict[str, Any]) -> dict[str, float]:
    """The delay line's decisions only, in steady state: place, append, step, with a simulated clock."""
    length_ns, frame_ns = int(case["seconds"] * NS), NS // 100
    line = DelayLine(
        Schedule(length_ns, NS // 2, clocked=True), duration_ns=length_ns, stall_ns=5 * NS, max_bytes=None
    )
    stream = line.add_stream("video", nominal_ns=frame_ns, leads=True)
    line.begin()
    now_ns = 0

    def play(frames: int) -> None:
        nonlocal now_ns
        for number in range(frames):
            now_ns += frame_ns
            _, order_ns = line.place(stream, now_ns, frame_ns, now_ns)
            line.append(stream, Entry(order_ns, order_ns, order_ns + frame_ns, 100, True, object()))
            if number % 3 == 0:
                line.step(now_ns, 0, {"video": NS})

    play(int(2 * case["seconds"] * 100))  # fill, and reach the steady state
    used_s = cpu_s()
    play(100_000)
    return {"cpu_us": (cpu_s() - used_s) / 100_000 * 1e6}


CAMERA_FILES = " ".join(
    f"filesrc name=file{n} ! qtdemux ! h265parse ! appsink name=sink{n} emit-signals=true sync=false async=false"
    for n in (0, 1)
)
MEMORY = {
    "raw": (
        "5700x1900 NV12, 30 fps",
        f"{source(5700, 1900, 30)} ! appsink name=sink0 emit-signals=true sync=false",
    ),
    "encoded": (
        "5700x1900 of left.mp4, x264 veryfast 8 Mbit/s",
        "filesrc name=file0 ! qtdemux ! h265parse ! avdec_h265 ! videoscale ! video/x-raw,width=5700,height=1900 "
        "! identity eos-after=51 ! x264enc speed-preset=veryfast bitrate=8000 key-int-max=25 ! h264parse "
        "! appsink name=sink0 emit-signals=true sync=false",
    ),
    "source": ("both cameras' own HEVC", CAMERA_FILES),
}


def memory(case: dict[str, Any]) -> dict[str, Any]:
    """Memory per second of video in the window, by what is stored; empty without the shared videos."""
    what, description = MEMORY[case["storage"]]
    pipeline = Gst.parse_launch(description)
    for number, name in enumerate(("left.mp4", "right.mp4")):
        file = pipeline.get_by_name(f"file{number}")
        if file is not None and not (SHARED / name).exists():
            return {}
        if file is not None:
            file.set_property("location", str(SHARED / name))
    manager = BufferManager(buffer_duration=10, framerate=25)
    second = manager.add_stream("second", samples_per_sec=25)
    pipeline.get_by_name("sink0").connect("new-sample", manager.on_new_sample)
    if pipeline.get_by_name("sink1") is not None:
        pipeline.get_by_name("sink1").connect("new-sample", second.on_new_sample)
    pipeline.set_state(Gst.State.PLAYING)
    if case["storage"] == "raw":
        time.sleep(3)  # a live source: it never ends
    else:
        pipeline.get_bus().timed_pop_filtered(120 * NS, Gst.MessageType.EOS | Gst.MessageType.ERROR)
    known = manager.statistics()
    pipeline.set_state(Gst.State.NULL)
    return {"what": what, "mb_per_s": known.stored_bytes / 1e6 / known.streams["video"].stored_s}


KINDS: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "native": native,
    "none": none,
    "naive": naive,
    "ours": ours,
    "window": window,
    "memory": memory,
}


if __name__ == "__main__":
    arguments = json.loads(sys.argv[1])
    print(json.dumps(KINDS[arguments.pop("kind")](arguments)))

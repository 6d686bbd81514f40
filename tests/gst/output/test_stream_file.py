"""A stream in a file of its own: what it holds, and what happens to the run if it cannot be written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.errors import OutputError
from pipeline.gst.core.connections import take_apart
from pipeline.gst.core.elements import make
from pipeline.gst.output.stream_file import StreamFile
from pipeline.gst.runtime import Gst
from tests import videos

FRAMES = 60
VIDEO = f"videotestsrc num-buffers={FRAMES} ! video/x-raw,width=128,height=72,framerate=30/1"
H264 = f"{VIDEO} ! x264enc key-int-max=15 bframes=2 tune=zerolatency ! h264parse"


def make_encoder() -> Gst.Element:
    return make("x264enc", None, tune="zerolatency")


def written(
    launch: str,
    path: Path,
    *,
    change: Callable[[Gst.Pipeline], object] = lambda _pipeline: None,
    offset_ns: int = 0,
) -> tuple[StreamFile, list[OutputError], int]:
    """Play `launch` beside a file of it; returns the file, its failures, and how many buffers the run had."""
    failures: list[OutputError] = []
    file = StreamFile(path, make_encoder, failures.append, live=False)
    pipeline = Gst.parse_launch(f"{launch} ! identity name=tap ! fakesink name=end sync=false")
    assert isinstance(pipeline, Gst.Pipeline)
    tap = pipeline.get_by_name("tap").get_static_pad("src")
    tap.set_offset(offset_ns)
    file.follow(tap)
    seen = [0]

    def count(_pad: Gst.Pad, _info: Gst.PadProbeInfo) -> Gst.PadProbeReturn:
        seen[0] += 1
        return Gst.PadProbeReturn.OK

    pipeline.get_by_name("end").get_static_pad("sink").add_probe(Gst.PadProbeType.BUFFER, count)
    change(pipeline)
    pipeline.set_state(Gst.State.PLAYING)
    message = pipeline.get_bus().timed_pop_filtered(
        60 * Gst.SECOND, Gst.MessageType.EOS | Gst.MessageType.ERROR
    )
    pipeline.set_state(Gst.State.NULL)
    take_apart(pipeline)
    file.close()
    assert message is not None
    assert message.type == Gst.MessageType.EOS
    return file, failures, seen[0]


@pytest.mark.parametrize(("launch", "encoded"), [(VIDEO, True), (H264, False)])
def test_every_frame_is_in_the_file_at_its_own_time(tmp_path: Path, launch: str, encoded: bool) -> None:
    path = tmp_path / "camera-1.mkv"
    file, failures, count = written(launch, path, offset_ns=5 * Gst.SECOND)
    assert (failures, count, file.record.pieces) == ([], FRAMES, FRAMES)
    assert (file.record.codec, file.record.encoded_here) == ("h264", encoded)
    assert file.record.first_s == 5.0
    assert file.record.end_s == pytest.approx(7.0, abs=1e-6)
    assert videos.start_s(path) == pytest.approx(5.0, abs=1e-4)
    assert len(videos.frame_times(path)) == FRAMES


def test_sound_is_in_the_file_without_loss(tmp_path: Path) -> None:
    path = tmp_path / "sound.mka"
    form = "audio/x-raw,rate=48000,channels=2,format=F32LE"
    file, failures, _count = written(f"audiotestsrc num-buffers=100 samplesperbuffer=480 ! {form}", path)
    assert failures == []
    assert (file.record.codec, file.record.encoded_here) == ("flac", True)
    assert len(videos.sound(path)) == pytest.approx(48_000, abs=2)


@pytest.mark.parametrize("path", ["/dev/full", "none/camera-1.mkv"])
@pytest.mark.parametrize("launch", [VIDEO, H264])
def test_a_file_that_cannot_be_written_is_told_once_and_the_run_goes_on(launch: str, path: str) -> None:
    file, failures, count = written(launch, Path(path))
    assert count == FRAMES
    assert file.has_failed
    assert [str(failure) for failure in failures] == [
        f"{path}: cannot be written ({str(failures[0]).partition('(')[2].rpartition(')')[0]}); "
        "what was written before stays"
    ]


def test_a_stream_that_changes_its_size_ends_the_file_and_not_the_run(tmp_path: Path) -> None:
    def change(pipeline: Gst.Pipeline) -> None:
        shape = pipeline.get_by_name("shape")
        pad = pipeline.get_by_name("tap").get_static_pad("src")
        seen = [0]

        def resize(_pad: Gst.Pad, _info: Gst.PadProbeInfo) -> Gst.PadProbeReturn:
            seen[0] += 1
            if seen[0] == FRAMES // 2:
                shape.set_property("caps", Gst.Caps.from_string("video/x-raw,width=160,height=90"))
            return Gst.PadProbeReturn.OK

        pad.add_probe(Gst.PadProbeType.BUFFER, resize)

    path = tmp_path / "camera-1.mkv"
    launch = f"{VIDEO} ! videoscale ! capsfilter name=shape caps=video/x-raw,width=128,height=72"
    file, failures, count = written(launch, path, change=change)
    assert count == FRAMES
    assert file.has_failed
    assert "changed its picture's size" in str(failures[0])
    assert len(videos.frame_times(path)) >= FRAMES // 2 - 2


def test_nothing_comes_and_nothing_is_written(tmp_path: Path) -> None:
    file = StreamFile(tmp_path / "camera-1.mkv", make_encoder, lambda _error: None, live=True)
    file.close()
    file.close()
    assert file.record.pieces == 0
    assert not (tmp_path / "camera-1.mkv").exists()

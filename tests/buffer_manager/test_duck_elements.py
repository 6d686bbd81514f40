"""Objects in place of appsinks and appsrcs: test objects, and elements without their methods."""

from __future__ import annotations

import subprocess
import sys
import threading
from typing import Any
from unittest.mock import MagicMock, Mock

import pytest

from pipeline import BufferManager
from pipeline.errors import ConfigError
from pipeline.gst.runtime import GObject, Gst, GstApp
from tests.buffer_manager.ducks import FRAME_NS, MS, OK, Emits, Takes, sample
from tests.buffering.pipes import WAIT_S


def mocked(pts_ns: int) -> Any:
    buffer = MagicMock(pts=pts_ns, duration=FRAME_NS)
    return MagicMock(**{"get_buffer.return_value": buffer})


SINKS = {
    "emits": Emits,
    "a mock that emits": lambda given: MagicMock(**{"emit.return_value": given}),
    "a mock with a method": lambda given: MagicMock(**{"pull_sample.return_value": given}),
    "a method": lambda given: Mock(spec=["try_pull_sample"], **{"try_pull_sample.return_value": given}),
    "a mocked sample": lambda given: MagicMock(**{"emit.return_value": mocked(given.get_buffer().pts)}),
}


@pytest.mark.parametrize("kind", SINKS)
def test_a_sample_is_pulled_from_any_object_that_has_one(kind: str) -> None:
    manager = BufferManager(framerate=25)
    answers = [manager.on_new_sample(SINKS[kind](sample(number * FRAME_NS))) for number in range(5)]
    assert answers == [OK] * 5
    times_ns = [entry.time_ns for entry in manager.samples_between(0, 10**12)]
    assert times_ns == [number * FRAME_NS for number in range(5)]
    assert manager.on_new_audio_sample(SINKS[kind](sample(0))) == OK
    assert manager.get_stats()["audio_buffer_size"] == 1


@pytest.mark.parametrize(
    "given",
    [
        None,
        Gst.Sample.new(None, None, None, None),
        MagicMock(**{"get_buffer.return_value": None}),
        MagicMock(),
    ],
)
def test_a_missing_sample_is_neither_a_frame_nor_an_error(given: Any) -> None:
    manager = BufferManager()
    assert manager.on_new_sample(Emits(given)) == OK
    assert manager.on_new_sample(MagicMock(**{"emit.return_value": given})) == OK
    assert manager.get_stats()["frames_received"] == 0


def test_frames_without_times_follow_each_other() -> None:
    manager = BufferManager(framerate=25)
    sink = Emits(*(sample(None, None) for _ in range(3)))
    assert [manager.on_new_sample(sink) for _ in range(4)] == [OK] * 4
    assert [entry.time_ns for entry in manager.samples_between(0, 10**12)] == [0, 40 * MS, 80 * MS]


def test_without_playback_a_duck_typed_sink_never_waits_and_the_window_keeps_its_bound() -> None:
    manager = BufferManager(buffer_duration=2.0, framerate=25)
    for number in range(100):
        assert manager.on_new_sample(Emits(sample(number * FRAME_NS))) == OK
    stats = manager.get_stats()
    assert stats["frames_received"] == 100
    assert stats["frame_buffer_size"] == stats["frame_buffer_capacity"] == 50


@pytest.mark.parametrize("kind", ["emits", "mock"])
def test_playback_through_duck_typed_elements(kind: str) -> None:
    """A pipeline whose state cannot be read is set to PLAYING, and the appsrc gets each frame once."""
    enough = threading.Event()
    taken: list[int] = []

    def take(given: Any) -> Any:
        taken.append(given.get_buffer().pts)
        if len(taken) == 10:
            enough.set()

    appsrc: Any = Takes(10)
    if kind == "mock":
        appsrc = MagicMock(**{"push_sample.side_effect": take})
        appsrc.enough = enough
    playback = MagicMock()
    manager = BufferManager(2.0, 25, 100, appsrc, MagicMock(), playback)
    manager.start_buffer_thread()
    for number in range(40):
        manager.on_new_sample(Emits(sample(number * FRAME_NS)))
    assert appsrc.enough.wait(WAIT_S)
    manager.stop_buffer_thread()
    playback.set_state.assert_called_once_with(Gst.State.PLAYING)
    pts_ns = taken if kind == "mock" else appsrc.pts_ns
    assert pts_ns == [number * FRAME_NS for number in range(len(pts_ns))]
    assert manager.get_stats()["frames_sent"] == len(pts_ns)


class Signals(GObject.Object):
    """A GObject with the signals of an appsink and of an appsrc."""

    __gsignals__ = {  # noqa: RUF012 (PyGObject's own form)
        "pull-sample": (GObject.SignalFlags.RUN_LAST, object, ()),
        "push-sample": (GObject.SignalFlags.RUN_LAST, object, (object,)),
    }

    def __init__(self, *samples: Any) -> None:
        super().__init__()
        self.samples = list(samples)
        self.pts_ns: list[int] = []

    def do_pull_sample(self) -> Any:
        return self.samples.pop(0) if self.samples else None

    def do_push_sample(self, given: Any) -> Any:
        self.pts_ns.append(given.get_buffer().pts)
        return OK


def test_a_gobject_with_the_signals_is_used_through_them() -> None:
    sink, appsrc = Signals(sample(0)), Signals()
    manager = BufferManager(appsrc=appsrc)
    assert manager.on_new_sample(sink) == OK
    manager.on_need_data(appsrc, 4096)
    assert appsrc.pts_ns == [0]


@pytest.mark.parametrize("mock", [Mock, MagicMock])
def test_mocks_with_the_spec_of_the_real_elements_play(mock: Any) -> None:
    """They pass isinstance checks as the real elements and answer everything with another mock."""
    enough = threading.Event()
    taken: list[int] = []

    def take(given: Any) -> Any:
        taken.append(given.get_buffer().pts)
        if len(taken) == 5:
            enough.set()
        return OK

    appsrc = mock(spec=GstApp.AppSrc, **{"push_sample.side_effect": take})
    playback = mock(spec=Gst.Pipeline)
    manager = BufferManager(
        1.0, 25, appsrc=appsrc, audio_appsrc=mock(spec=Gst.Element), playback_pipeline=playback
    )
    manager.start_buffer_thread()
    for number in range(25):
        sink = mock(spec=GstApp.AppSink, **{"emit.return_value": None})
        sink.try_pull_sample.return_value = sample(number * FRAME_NS)
        assert manager.on_new_sample(sink) == OK
    assert enough.wait(WAIT_S)
    assert manager.is_running
    manager.stop_buffer_thread()
    assert manager.appsrc is appsrc
    playback.set_state.assert_called_once_with(Gst.State.PLAYING)
    assert taken == [number * FRAME_NS for number in range(len(taken))]


def make(kind: str) -> Any:
    return Gst.ElementFactory.make(kind, "mine")


WRONG = {
    "a fakesink": (lambda: make("fakesink"), "the fakesink 'mine'"),
    "a pad": (lambda: make("appsrc").get_static_pad("src"), "the GstPad 'src'"),
    "a bin": (lambda: Gst.Bin.new("mine"), "the bin 'mine'"),
    "a string": (lambda: "appsrc", "'appsrc'"),
    "an object": (object, "an object of class object"),
    "a GObject": (GObject.Object, "an object of class Object"),
}
APPSRCS = {**WRONG, "a pipeline": (lambda: Gst.Pipeline.new("mine"), "the pipeline 'mine'")}
SINKS_TOO = {"an appsrc": (lambda: make("appsrc"), "the appsrc 'mine'"), "none": (lambda: None, "None")}


@pytest.mark.parametrize("kind", APPSRCS)
def test_an_object_that_is_no_appsrc_is_refused_by_its_kind_everywhere(kind: str) -> None:
    build, name = APPSRCS[kind]
    given, manager, good = build(), BufferManager(), make("appsrc")
    stream = manager.add_stream("second")
    for refused, argument in (
        (lambda: BufferManager(appsrc=given), "appsrc"),
        (lambda: manager.set_elements(appsrc=given), "appsrc"),
        (lambda: manager.set_elements(good, given), "audio_appsrc"),
        (lambda: manager.add_stream("third", given), "appsrc"),
        (lambda: stream.set_appsrc(given), "appsrc"),
        (lambda: manager.on_need_data(given, 0), "appsrc"),
    ):
        with pytest.raises(ConfigError, match="give an appsrc") as caught:
            refused()
        assert str(caught.value).startswith(f"{argument} is {name}")
        assert "\n" not in str(caught.value)
    assert manager.appsrc is None, "nothing is set when one of them is refused"
    assert set(manager.statistics().streams) == {"video", "audio", "second"}


@pytest.mark.parametrize("kind", WRONG | SINKS_TOO)
def test_an_object_that_is_no_appsink_is_refused_by_its_kind(kind: str) -> None:
    build, name = (WRONG | SINKS_TOO)[kind]
    manager, given = BufferManager(), build()
    for callback in (
        manager.on_new_sample,
        manager.on_new_audio_sample,
        manager.add_stream("more").on_new_sample,
    ):
        with pytest.raises(ConfigError, match="connect the callback to an appsink") as caught:
            callback(given)
        assert name in str(caught.value)


@pytest.mark.parametrize("kind", WRONG)
def test_an_object_that_is_no_pipeline_is_refused_by_its_kind(kind: str) -> None:
    build, name = WRONG[kind]
    manager, given = BufferManager(), build()
    with pytest.raises(ConfigError, match=r"give the playback pipeline, a Gst\.Pipeline") as caught:
        manager.set_elements(make("appsrc"), playback_pipeline=given)
    assert str(caught.value).startswith(f"playback_pipeline is {name}")
    assert manager.appsrc is None


@pytest.mark.parametrize("given", [True, False])
def test_need_data_pushes_the_next_sample_while_no_buffer_thread_runs(given: bool) -> None:
    appsrc, audio_appsrc = Takes(), Takes()
    manager = BufferManager(appsrc=appsrc if given else None)
    for number in range(5):
        manager.on_new_sample(Emits(sample(number * FRAME_NS)))
        manager.on_new_audio_sample(Emits(sample(number * 10 * MS, 10 * MS)))
    for _ in range(3):
        manager._on_appsrc_need_data(appsrc, 4096)
        manager._on_audio_appsrc_need_data(audio_appsrc, 4096)
    assert appsrc.pts_ns == [0, 40 * MS, 80 * MS]
    assert audio_appsrc.pts_ns == [0, 10 * MS, 20 * MS]
    assert manager.get_stats()["frames_sent"] == 3
    assert manager.appsrc is appsrc, "the element that asks is used where none was given"
    for _ in range(3):
        manager._on_appsrc_need_data(appsrc, 4096)
    assert len(appsrc.pts_ns) == 5, "no more than is stored"
    manager.start_buffer_thread()
    manager.stop_buffer_thread()
    manager.on_new_sample(Emits(sample(5 * FRAME_NS)))
    manager._on_appsrc_need_data(appsrc, 4096)
    assert len(appsrc.pts_ns) == 5, "after a stop nothing is pushed"


PLAIN = """
import threading
import gi
gi.require_version("Gst", "1.0")
from gi.repository import Gst
Gst.init(None)
source, playback = Gst.Pipeline.new(), Gst.Pipeline.new()
def chain(pipeline, *elements):
    for element in elements:
        pipeline.add(element)
    for one, other in zip(elements, elements[1:]):
        assert one.link(other)
    return elements
make = Gst.ElementFactory.make
frames, sink = chain(source, make("videotestsrc"), make("appsink"))
appsrc, out = chain(playback, make("appsrc"), make("fakesink"))
assert not hasattr(sink, "try_pull_sample") and not hasattr(appsrc, "push_sample")
frames.set_property("num-buffers", 30)
sink.set_property("emit-signals", True)
out.set_property("sync", True)
from pipeline import BufferManager
manager = BufferManager(buffer_duration=1.0, delay=0.6, appsrc=appsrc, playback_pipeline=playback)
sink.connect("new-sample", manager.on_new_sample)
appsrc.connect("need-data", manager._on_appsrc_need_data)
source.set_state(Gst.State.PLAYING)
manager.start_buffer_thread()
message = playback.get_bus().timed_pop_filtered(20 * Gst.SECOND, Gst.MessageType.EOS | Gst.MessageType.ERROR)
assert message is not None and message.type == Gst.MessageType.EOS, manager
manager.stop_buffer_thread()
print(out.get_property("stats").get_value("rendered"), manager.dropped)
source.set_state(Gst.State.NULL)
playback.set_state(Gst.State.NULL)
"""


def test_elements_made_before_their_python_methods_were_loaded_work() -> None:
    command = [sys.executable, "-c", PLAIN]
    done = subprocess.run(command, capture_output=True, text=True, timeout=3 * WAIT_S, check=False)
    assert done.stdout.split() == ["30", "0"], done.stderr

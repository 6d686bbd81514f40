"""The board with an output that it does not know: the protocol Output is all that it uses."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from pipeline.errors import StateError
from pipeline.gst.core.bus import BusListener
from pipeline.gst.core.elements import chain, elements_of, make
from pipeline.gst.encode.encoded_tap import EncodedTap
from pipeline.gst.encode.encoders import choose_audio_encoder, choose_video_encoder
from pipeline.gst.encode.encoding import Encoding
from pipeline.gst.output.film_feed import FilmFeed
from pipeline.gst.output.limits import OutputLimits
from pipeline.gst.output.output import OnFailed, Output, OutputKind
from pipeline.gst.output.output_board import OutputBoard
from pipeline.gst.runtime import Gst
from pipeline.media.film_file import FilmFile
from tests.gst.output.peers import wait_until

ENCODING = Encoding(
    "h264",
    partial(
        choose_video_encoder, "h264", bitrate_kbps=500, keyframe_interval_s=1, framerate=25, low_latency=True
    ),
    "aac",
    partial(choose_audio_encoder, "aac", 96),
)
LIMITS = OutputLimits(close_s=0.2)


class Counter:
    """An output that counts the frames it gets."""

    kind: OutputKind = "stream"
    notes: tuple[str, ...] = ("counts",)
    gaps = 2
    lost_s = 1.5
    waiting_bytes = (7,)
    undelivered = None
    uplink = None

    def __init__(self, name: str, *, recovers: bool = True, cut_short: str | None = None) -> None:
        self.name = name
        self.recovers = recovers
        self.cut_short = cut_short
        self.files = (Path(name),)
        self.sole_file: Path | None = None
        self.films: tuple[FilmFile, ...] = ()
        self.trouble: str | None = None
        self.taken = 0
        self.is_abandoned = False
        self.closed = 0
        self.may_close = threading.Event()
        self.may_close.set()
        self.element = EncodedTap(self._take, lambda _kind: None, with_sound=False).element

    def _take(self, _kind: str, _sample: Gst.Sample) -> None:
        self.taken += 1

    def abandon(self) -> None:
        self.is_abandoned = True

    def close(self) -> None:
        self.may_close.wait(20)
        self.closed += 1


@pytest.fixture
def pipeline() -> Iterator[Gst.Pipeline]:
    """A camera's video, playing into a tee that has no consumer yet."""
    pipeline = Gst.Pipeline.new("playback")
    caps = Gst.Caps.from_string("video/x-raw,format=I420,width=160,height=96,framerate=25/1")
    tee = make("tee", "picture", allow_not_linked=True)
    chain(pipeline, make("videotestsrc", None, is_live=True), make("capsfilter", None, caps=caps), tee)
    pipeline.set_state(Gst.State.PLAYING)
    yield pipeline
    pipeline.set_state(Gst.State.NULL)


@pytest.fixture
def board(pipeline: Gst.Pipeline) -> Iterator[OutputBoard]:
    picture = pipeline.get_by_name("picture")
    assert picture is not None
    board = OutputBoard(pipeline, [FilmFeed("main", picture, None)], ENCODING, limits=LIMITS)

    def on_message(message: Gst.Message) -> None:
        if message.type in (Gst.MessageType.ERROR, Gst.MessageType.ELEMENT):
            board.on_message(message)

    pipeline.set_property("message-forward", True)  # an output that ends by itself is reported too
    bus = BusListener(pipeline, on_message)
    bus.start()
    yield board
    bus.stop()


def is_on(board: OutputBoard, number: int) -> None:
    wait_until(lambda: board.statuses()[number].state == "on", f"the first frame of output {number}")


def test_the_board_reports_what_an_output_says_about_itself(board: OutputBoard) -> None:
    stream, file = Counter("stream"), Counter("file", recovers=False)
    board.add(stream)
    board.add(file)
    for number in (0, 1):
        is_on(board, number)
    wait_until(lambda: stream.taken > 3 and file.taken > 3, "some frames")
    status = board.statuses()[0]
    assert (status.number, status.kind, status.name) == (0, "stream", "stream")
    assert (status.gaps, status.lost_s, status.trouble) == (2, 1.5, None)
    assert board.notes == ("counts", "counts")
    assert board.files == [Path("stream"), Path("file")]
    assert [waiting for _, waiting in board.activity] == [(7,), (7,)]
    stream.trouble = file.trouble = "no answer"
    assert [status.state for status in board.statuses()] == ["away", "failed"]
    assert board.failures == ("no answer",)


def test_switching_off_closes_the_output_and_restores_the_pipeline(
    pipeline: Gst.Pipeline, board: OutputBoard
) -> None:
    before = set(elements_of(pipeline))
    output = Counter("file")
    board.add(output)
    is_on(board, 0)
    status = board.stop(0)
    assert (status.state, status.can_start, output.closed) == ("off", False, 1)
    assert set(elements_of(pipeline)) == before
    with pytest.raises(StateError, match="cannot be started"):
        board.start(0)


def test_the_sole_file_of_an_output_is_finished_once_it_has_ended(board: OutputBoard, tmp_path: Path) -> None:
    path, output = tmp_path / "file", Counter("shown as another name")
    path.touch()
    output.sole_file = path
    board.add(output)
    board.add(Counter("stream"))
    for number in (0, 1):
        is_on(board, number)
    assert board.finished_file(0) is None, "it is still written"
    for number in (0, 1):
        board.stop(number)
    assert [board.finished_file(number) for number in (-1, 0, 1, 2)] == [None, path, None, None]
    path.unlink()
    assert board.finished_file(0) is None


def test_a_reopened_output_is_a_new_object_each_time(board: OutputBoard) -> None:
    opened: list[Counter] = []

    def reopen() -> Output:
        opened.append(Counter("stream"))
        return opened[-1]

    board.add_restartable(reopen)
    is_on(board, 0)
    assert board.stop(0).can_start
    board.start(0)
    is_on(board, 0)
    wait_until(lambda: len(opened) == 2 and opened[1].taken > 0, "frames for the second")
    assert [output.closed for output in opened] == [1, 0]
    assert board.notes == ("counts", "counts")


def test_a_failed_output_is_abandoned_and_removed_and_the_others_stay(board: OutputBoard) -> None:
    failing, staying = Counter("failing", recovers=False), Counter("staying")
    fail: list[OnFailed] = []

    def open_failing(
        _path: Path, *, video_codec: str, audio_codec: str | None, on_failed: OnFailed, limits: OutputLimits
    ) -> Output:
        assert (video_codec, audio_codec, limits) == ("h264", None, LIMITS)
        fail.append(on_failed)
        return failing

    board.add(staying)
    number = board.record(Path("failing"), open_failing).number
    is_on(board, number)
    failing.trouble = "the disk is full"
    fail[0](failing)
    wait_until(lambda: board.statuses()[number].state == "failed" and failing.closed == 1, "its end")
    assert failing.is_abandoned
    assert not staying.is_abandoned
    assert board.statuses()[0].state == "on"
    assert board.failures == ("the disk is full",)


def test_an_output_that_does_not_close_in_time_is_reported_as_incomplete(board: OutputBoard) -> None:
    slow, quick = (
        Counter(name, recovers=False, cut_short=f"{name} is incomplete") for name in ("slow", "quick")
    )
    slow.may_close.clear()
    for number, output in enumerate((slow, quick)):
        board.add(output)
        is_on(board, number)
    board.finish()
    assert board.failures == ("slow is incomplete",)
    slow.may_close.set()
    with pytest.raises(StateError, match="the video has ended"):
        board.stop(1)

"""The delay line's decisions with a test clock: invariants by a state machine, and single cases."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from pipeline.buffering.snapshot import statistics
from pipeline.buffering.step import State
from pipeline.buffering.stream import Stream
from pipeline.buffering.window import Entry
from tests.buffering.lines import CHUNK_NS, FRAME_NS, MS, ROOM, S, entry_at, fill, make_line, run, sent, store
from tests.faults.record import Area, fault


class LineMachine(RuleBasedStateMachine):
    """Time passes, samples arrive or do not, and what is sent obeys the contract at every step."""

    @initialize(clocked=st.booleans())
    def begin(self, clocked: bool) -> None:
        self.line = make_line(clocked=clocked)
        self.now_ns = 5 * S
        self.next_ns = {"video": 0, "audio": 0}
        self.sent: dict[str, list[int]] = {"video": [], "audio": []}
        self.stored: dict[str, list[int]] = {"video": [], "audio": []}
        self.taken_back = 0

    @rule(name=st.sampled_from(["video", "audio"]), count=st.integers(1, 12), skip=st.integers(0, 3))
    def samples_arrive(self, name: str, count: int, skip: int) -> None:
        stream = self.line.streams[name]
        if stream.ended:
            return
        self.next_ns[name] += skip * stream.nominal_ns
        for _ in range(count):
            if not self.line.schedule.clocked and not self.line.has_room(
                stream, entry_at(stream, self.next_ns[name])
            ):
                return
            placed_ns = store(self.line, name, self.next_ns[name], self.now_ns)
            assert placed_ns == self.next_ns[name]
            self.stored[name].append(self.next_ns[name])
            self.next_ns[name] += stream.nominal_ns

    @rule(name=st.sampled_from(["video", "audio"]))
    def a_sample_is_repeated(self, name: str) -> None:
        stream = self.line.streams[name]
        if stream.intake.last_ns is not None:
            assert store(self.line, name, stream.intake.last_ns, self.now_ns) is None

    @rule(name=st.sampled_from(["video", "audio"]))
    def a_stream_ends(self, name: str) -> None:
        if self.line.streams[name].seen:
            self.line.streams[name].ended = True

    @rule(
        elapsed_ns=st.integers(0, 300 * MS), room_ns=st.sampled_from([S, S, 0, 50 * MS]), refuse=st.booleans()
    )
    def time_passes(self, elapsed_ns: int, room_ns: int, refuse: bool) -> None:
        self.now_ns += elapsed_ns
        step = self.line.step(self.now_ns, None, {"video": room_ns, "audio": room_ns})
        assert step.wait_ns >= 0
        for send in step.sends:
            entries = send.entries
            if refuse:
                send.stream.give_back(len(entries))
                self.taken_back += 1
                continue
            self._check_due(send.stream, entries)
            self.sent[send.stream.name] += [entry.time_ns for entry in entries]
        for stream in step.closes:
            assert stream.ended or not stream.seen
            assert stream.unsent == 0

    def _check_due(self, stream: Stream, entries: list[Entry]) -> None:
        line, schedule = self.line, self.line.schedule
        last_ns = entries[-1].time_ns
        if schedule.clocked:
            assert schedule.base_ns is not None
            assert last_ns <= self.now_ns - schedule.base_ns + schedule.cushion_ns, (
                "nothing is sent too early"
            )
        elif stream.leads and not stream.ended:
            newest_ns = line.streams["video"].newest_ns
            assert newest_ns is not None
            assert last_ns + schedule.delay_ns <= newest_ns, "the promised look-ahead"

    @invariant()
    def check(self) -> None:
        if not hasattr(self, "line"):
            return
        for name, stream in self.line.streams.items():
            sent, stored = self.sent[name], self.stored[name]
            counters = stream.counters
            assert sent == sorted(set(sent)), "in order, none twice"
            assert set(sent) <= set(stored)
            assert counters.sent == len(sent)
            assert len(stored) == counters.sent + counters.dropped + stream.unsent, (
                "every sample is accounted for"
            )
            assert counters.received == len(stored) + counters.duplicate
            assert statistics(self.line, self.now_ns, None, {}).streams[name].missing == 0
            assert stream.window.start <= stream.next_seq <= stream.window.end
            if not self.line.schedule.clocked:
                assert counters.dropped == 0, "offline nothing is dropped"
                assert stream.ahead_ns <= 2 * (500 * MS) + stream.nominal_ns * 4
            else:
                assert stream.stored_ns <= 2 * S + stream.nominal_ns


TestLine = LineMachine.TestCase
TestLine.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)


def test_playback_starts_only_when_the_window_is_filled() -> None:
    line = make_line()
    fill(line, 0.36)
    assert run(line, 10 * S).start_base_ns is None
    assert line.state is State.FILLING
    store(line, "video", 9 * FRAME_NS, 10 * S)
    assert run(line, 10 * S).start_base_ns == 10 * S + 100 * MS
    assert line.state is State.PLAYING


def test_a_live_source_is_shown_exactly_the_delay_after_its_capture() -> None:
    line = make_line()
    store(line, "video", 0, 7 * S)
    assert run(line, 7 * S + 299 * MS, origin_ns=7 * S).start_base_ns is None
    assert run(line, 7 * S + 300 * MS, origin_ns=7 * S).start_base_ns == 7 * S + 400 * MS


def test_after_a_late_start_video_and_sound_begin_at_the_same_time() -> None:
    line = make_line()
    fill(line, 0.8)
    step = run(line, 7 * S + 550 * MS, origin_ns=7 * S)
    assert sent(step, "video")[0] == 120 * MS
    assert sent(step, "audio")[0] == 120 * MS


def test_an_end_before_the_window_is_filled_starts_playback_at_once() -> None:
    line = make_line()
    store(line, "video", 0, 0)
    store(line, "audio", 0, 0)
    line.streams["video"].ended = line.streams["audio"].ended = True
    assert run(line, S).start_base_ns is not None


def test_only_samples_due_within_the_cushion_are_sent() -> None:
    line = make_line()
    fill(line, 0.8)
    base_ns = run(line, 0).start_base_ns
    assert base_ns is not None
    step = run(line, base_ns + 200 * MS)
    assert sent(step, "video")[-1] == 280 * MS
    assert sent(step, "audio")[-1] == 300 * MS


def test_samples_that_do_not_fit_into_the_appsrc_stay_in_the_window() -> None:
    line = make_line()
    fill(line, 0.8)
    run(line, 0, {"video": 0, "audio": 0})
    step = run(line, 200 * MS, {"video": 0, "audio": S})
    assert sent(step, "video") == []
    assert sent(step, "audio") == list(range(0, 201 * MS, CHUNK_NS)), "the sound does not wait for the video"
    assert line.streams["video"].unsent == 20


def test_samples_that_are_due_but_not_taken_are_dropped_and_counted() -> None:
    line = make_line()
    fill(line, 0.8)
    run(line, 0)
    run(line, 2 * S, {"video": 0, "audio": 0})
    dropped = line.streams["video"].counters.dropped
    assert dropped > 0
    assert dropped + line.streams["video"].counters.sent + line.streams["video"].unsent == 20


def test_samples_that_arrive_after_they_are_due_count_as_late_and_leave_after_half_a_second() -> None:
    line = make_line()
    video = line.streams["video"]
    fill(line, 0.8)
    base_ns = run(line, 0).start_base_ns
    assert base_ns is not None
    run(line, base_ns + S)
    for order_ns, late in ((980 * MS, 1), (980 * MS, 1), (1000 * MS, 1), (2 * S, 1)):
        store(line, "video", order_ns, base_ns + S)
        assert video.counters.late == late, order_ns
    assert sent(run(line, base_ns + S), "video") == [980 * MS, 1000 * MS], "late, but sent"
    store(line, "audio", 900 * MS, base_ns + S)
    run(line, base_ns + 1400 * MS, {"video": S, "audio": 0})
    assert line.streams["audio"].counters.dropped == 0
    run(line, base_ns + 1500 * MS, {"video": S, "audio": 0})
    assert line.streams["audio"].counters.late == line.streams["audio"].counters.dropped == 1


def test_without_clock_sync_in_the_sinks_late_samples_wait_while_they_fit() -> None:
    line = make_line()
    line.keep_late = True
    fill(line, 0.8)
    run(line, 0)
    run(line, 2 * S, {"video": 0, "audio": 0})
    assert line.streams["video"].counters.dropped == 0
    assert sent(run(line, 2 * S), "video")[-1] == 760 * MS


def test_half_a_second_stays_behind_the_playhead() -> None:
    line = make_line(delay_ns=S, duration_ns=2 * S)
    fill(line, 2.0)
    base_ns = run(line, 0).start_base_ns
    assert base_ns is not None
    run(line, base_ns + S)
    oldest = line.streams["video"].window[line.streams["video"].window.start]
    assert oldest.end_ns - 500 * MS in range(1, FRAME_NS + 1)


def test_a_stall_is_raised_once_and_again_after_playback_continued() -> None:
    line = make_line()
    fill(line, 0.8)
    run(line, 0)
    assert not run(line, 900 * MS).stalled
    assert [run(line, half_second * S // 2).stalled for half_second in range(2, 9)].count(True) == 1
    store(line, "video", 5 * S, 4 * S)
    run(line, 5 * S)
    assert [run(line, half_second * S // 2).stalled for half_second in range(11, 19)].count(True) == 1
    assert line.stall.count == 2


def test_time_in_which_the_process_did_not_run_is_no_stall() -> None:
    line = make_line()
    fill(line, 0.8)
    run(line, 0)
    for tenth in range(1, 10):
        assert not run(line, tenth * S // 10).stalled
    woken_ns = 3600 * S
    assert not run(line, woken_ns).stalled, "an hour later: SIGSTOP, or a machine asleep"
    stalled = [run(line, woken_ns + tenth * S // 10).stalled for tenth in range(1, 21)]
    assert stalled.count(True) == 1, "but nothing comes after that either"


@fault(
    Area.MACHINE,
    "others have the processor: the run gets a few percent of it",
    seen="a run that is not live takes longer; no stage is said to stand still",
)
def test_time_in_which_others_had_the_processor_is_no_stall() -> None:
    line = make_line()
    fill(line, 0.4)
    line.stall.waited_ns = lambda: round(0.98 * S / 2)
    assert not any(run(line, tenth * S // 10).stalled for tenth in range(200))
    line.stall.waited_ns = lambda: 0
    stalled = [run(line, 20 * S + tenth * S // 10).stalled for tenth in range(21)]
    assert stalled.count(True) == 1, "with a processor it has no excuse"


def test_a_hole_before_what_is_stored_is_no_stall() -> None:
    """The process was stopped while it began, and its source went on: what lies between was never stored."""
    line = make_line()
    fill(line, 0.8)
    run(line, 0)
    store(line, "video", 9 * S, S // 2)
    for tenth in range(1, 87):
        assert not run(line, tenth * S // 10).stalled
    assert sent(run(line, 10 * S), "video") == [9 * S]
    assert [run(line, 10 * S + tenth * S // 10).stalled for tenth in range(1, 21)].count(True) == 1


def test_playback_that_refuses_every_sample_is_a_stall() -> None:
    line = make_line(duration_ns=10 * S)
    fill(line, 8.0)
    run(line, 0)
    for tenth in range(1, 12):
        step = run(line, tenth * S // 10)
        assert sent(step, "video"), "it is offered something each time"
        assert step.stalled == (tenth == 11), "a second after the last push that was taken"
        for send in step.sends:
            send.stream.give_back(len(send.entries))


def test_playback_that_takes_some_samples_is_no_stall() -> None:
    line = make_line(duration_ns=10 * S)
    fill(line, 8.0)
    run(line, 0)
    for half_second in range(1, 9):
        step = run(line, half_second * S // 2)
        assert not step.stalled
        for send in step.sends:
            send.stream.give_back(len(send.entries) - 1)


def test_samples_sent_before_a_stop_do_not_count_after_the_next_start() -> None:
    line = make_line(duration_ns=10 * S)
    fill(line, 8.0)
    run(line, 0)
    assert sent(run(line, S // 2), "video")
    line.begin()
    store(line, "video", 8 * S, 9 * S)
    assert run(line, 60 * S).start_base_ns is not None
    assert not run(line, 60 * S + S // 2).stalled


def test_without_a_clock_a_slow_source_is_no_stall_but_a_silent_one_is() -> None:
    line = make_line(clocked=False)
    fill(line, 0.8)
    run(line, 0)
    full = dict.fromkeys(ROOM, 0)
    for half_second in range(1, 9):
        store(line, "video", S + half_second * FRAME_NS, half_second * S // 2)
        assert not line.step(half_second * S // 2, None, full).stalled
    assert [line.step(half_second * S // 2, None, full).stalled for half_second in range(9, 13)].count(
        True
    ) == 1


def test_without_a_clock_continuing_sound_does_not_hide_stalled_video() -> None:
    line = make_line(clocked=False)
    fill(line, 0.8)
    run(line, 0)
    stalled = []
    for half_second in range(1, 5):
        store(line, "audio", S + half_second * CHUNK_NS, half_second * S // 2)
        stalled.append(line.step(half_second * S // 2, None, {"video": 0, "audio": S}).stalled)
    assert stalled == [False, False, True, False]


def test_the_playhead_does_not_move_before_the_first_sample_after_the_end_or_when_stopped() -> None:
    line = make_line(duration_ns=2 * S)
    for number in range(10):
        store(line, "video", 7 * S + number * FRAME_NS, 0)
    assert line.playhead_ns(0) is None
    base_ns = run(line, 0).start_base_ns
    assert base_ns is not None
    assert line.playhead_ns(0) == 7 * S, "not before it, although playback starts slightly earlier"
    assert line.playhead_ns(base_ns + 7 * S + 100 * MS) == 7 * S + 100 * MS
    line.streams["video"].ended = line.streams["audio"].ended = True
    for tenth in range(1, 20):
        run(line, base_ns + 7 * S + tenth * S // 10)
    assert line.state is State.DRAINED
    end_ns = 7 * S + 10 * FRAME_NS
    assert line.playhead_ns(base_ns + 60 * S) == end_ns
    assert line.streams["video"].not_shown == 0
    line.stop(base_ns + 60 * S)
    assert line.playhead_ns(base_ns + 3600 * S) == end_ns


def test_a_pause_of_the_source_shifts_all_streams_once_unless_timestamps_continued() -> None:
    line = make_line()
    video, audio = line.streams["video"], line.streams["audio"]
    for stream in (video, audio):
        store(line, stream.name, 0, S)
    for stream in (video, audio):
        stream.intake.shift_by(3 * S, stream.nominal_ns, 4 * S + stream.nominal_ns)
    assert video.intake.shift_ns == audio.intake.shift_ns == 3 * S
    assert store(line, "video", FRAME_NS, 4 * S + FRAME_NS) == 3 * S + FRAME_NS
    video.intake.shift_by(2 * S, 2 * S + 2 * FRAME_NS, 6 * S + 2 * FRAME_NS)
    assert video.intake.shift_ns == 3 * S, "the timestamps include the pause"


def test_a_drained_end_is_no_stall() -> None:
    line = make_line()
    fill(line, 0.4)
    line.streams["video"].ended = line.streams["audio"].ended = True
    run(line, 0)
    run(line, S)
    assert {stream.name for stream in run(line, S).closes} == {"audio", "video"}
    assert line.state is State.DRAINED
    assert not run(line, 60 * S).stalled


def test_offline_a_frame_is_sent_only_with_its_look_ahead_or_at_the_end() -> None:
    line = make_line(clocked=False)
    fill(line, 0.6)
    step = run(line, 0)
    assert sent(step, "video")[-1] == 200 * MS
    line.streams["video"].ended = True
    assert sent(run(line, 0), "video")[-1] == 560 * MS


def test_offline_a_stream_that_never_comes_is_given_up() -> None:
    line = make_line(clocked=False)
    fill(line, 2.4, audio=False)
    for now_ns in (0, 100 * MS, 200 * MS):
        run(line, now_ns, {"video": 200 * MS, "audio": S})
    assert not line.streams["audio"].closed, "it may be slow"
    run(line, 2200 * MS, {"video": 0, "audio": S})
    assert line.streams["audio"].closed


def test_sound_that_arrives_after_silence_took_its_place_continues_where_the_silence_ends() -> None:
    line = make_line()
    audio = line.streams["audio"]
    audio.divisible = True
    fill(line, 0.3)
    announced_until_ns, gaps = -1, 0
    # The sound is missing for more than half a second, then all of it comes at once.
    for number in range(8, 60):
        now_ns = number * FRAME_NS
        store(line, "video", now_ns, now_ns)
        if number == 40:
            for late in range(15, 80):
                store(line, "audio", late * CHUNK_NS, now_ns)
        step = run(line, now_ns)
        for stream, begin_ns, end_ns in step.gaps:
            assert stream is audio
            assert begin_ns >= announced_until_ns
            announced_until_ns, gaps = end_ns, gaps + 1
        for send in step.sends:
            if send.stream is audio:
                begin_ns = send.entries[0].order_ns if send.splice is None else send.splice.begin_ns
                assert begin_ns >= announced_until_ns
                announced_until_ns = send.entries[-1].end_ns
    assert gaps > 0
    assert announced_until_ns == 80 * CHUNK_NS
    assert audio.counters.dropped > 0

"""What the delay line logs, at times that the test gives."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from pipeline import BufferManager
from pipeline.gst.delay.limits import DelayLimits
from pipeline.gst.delay.progress_log import ProgressLog
from tests.buffering.lines import fill, make_line, run, store

LIMITS = DelayLimits(log_every_s=5.0, no_sample_after_s=3.0)


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> Any:
    caplog.set_level(logging.INFO, logger="buffer-manager")

    def new() -> list[str]:
        messages = [record.getMessage() for record in caplog.records]
        caplog.clear()
        return messages

    return new


def test_first_frames_are_logged_once_and_statistics_regularly(lines: Any) -> None:
    line = make_line()
    log = ProgressLog(line, BufferManager().get_stats, LIMITS, 100.0)
    log.update(100.1)
    assert lines() == []
    fill(line, 0.8)
    log.update(100.2)
    log.update(100.3)
    assert lines() == ["[SOURCE] first frame received"]
    run(line, 0)
    log.update(100.4)
    log.update(104.9)
    assert lines() == ["[PLAYBACK] first frame sent"]
    for now_s in (105.0, 110.2):
        log.update(now_s)
        log.update(now_s + 0.1)
        assert [message.split()[0] for message in lines()] == ["[SOURCE]", "[PLAYBACK]", "[BUFFER]"]


def test_a_source_that_sends_nothing_is_logged_once_with_a_hint(lines: Any) -> None:
    log = ProgressLog(make_line(), dict, LIMITS, 100.0)
    for now_s in (102.9, 103.0, 103.1, 104.9):
        log.update(now_s)
    assert lines() == ["[SOURCE] no sample so far; does the appsink have emit-signals=true?"]


def test_a_source_that_sends_only_sound_gets_no_hint(lines: Any) -> None:
    line = make_line()
    log = ProgressLog(line, dict, LIMITS, 100.0)
    store(line, "audio", 0, 0)
    log.update(104.0)
    assert lines() == []

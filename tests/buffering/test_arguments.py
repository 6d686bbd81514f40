"""The BufferManager's arguments: what is allowed, and that an error names the argument and its value."""

from __future__ import annotations

import math
import re

import pytest

from pipeline.buffering.arguments import check_memory, check_positive, checked_delay
from pipeline.errors import ConfigError


@pytest.mark.parametrize("value", [1, 0.001, 1e9])
def test_a_positive_number_is_allowed(value: float) -> None:
    check_positive(framerate=value, cushion=value)


@pytest.mark.parametrize("value", [0, -1, -0.001, math.inf, math.nan, "7", None])
def test_any_other_is_refused_by_its_name(value: float) -> None:
    message = f"framerate is {value!r}; give a positive number"
    with pytest.raises(ConfigError, match=f"^{re.escape(message)}$"):
        check_positive(cushion=1.0, framerate=value)


@pytest.mark.parametrize(
    ("delay", "start_fill", "expected_s"),
    [
        (None, 0.5, 5.0),
        (None, 1.0, 10.0),
        (None, 0.01, 0.1),
        (3.0, 0.5, 3.0),
        (10.0, 0.5, 10.0),
        (0.01, 1, 0.01),
    ],
)
def test_the_delay_is_the_one_given_or_a_share_of_the_buffer(
    delay: float | None, start_fill: float, expected_s: float
) -> None:
    assert checked_delay(delay, start_fill, 10.0) == pytest.approx(expected_s)


@pytest.mark.parametrize(
    ("delay", "start_fill", "message"),
    [
        (None, 0, "start_fill is 0; give a share above 0 and at most 1"),
        (None, -0.5, "start_fill is -0.5; give a share above 0 and at most 1"),
        (3.0, 1.01, "start_fill is 1.01; give a share above 0 and at most 1"),
        (0, 0.5, "delay is 0 s; give more than 0 and at most the buffer_duration"),
        (-1, 0.5, "delay is -1 s; give more than 0 and at most the buffer_duration"),
        (10.01, 0.5, "delay is 10.01 s; give more than 0 and at most the buffer_duration"),
        (math.nan, 0.5, "delay is nan s; give more than 0 and at most the buffer_duration"),
    ],
)
def test_an_impossible_delay_or_share_is_refused(
    delay: float | None, start_fill: float, message: str
) -> None:
    with pytest.raises(ConfigError, match=f"^{re.escape(message)}$"):
        checked_delay(delay, start_fill, 10.0)


@pytest.mark.parametrize("max_bytes", [None, 1, 1 << 40])
@pytest.mark.parametrize("ownership", ["auto", "copy", "reference"])
def test_any_bound_of_memory_and_each_ownership_is_allowed(max_bytes: int | None, ownership: str) -> None:
    check_memory(max_bytes, ownership)


@pytest.mark.parametrize(
    ("max_bytes", "ownership", "message"),
    [
        (0, "auto", "max_bytes is 0; give a positive number of bytes or None"),
        (-1, "copy", "max_bytes is -1; give a positive number of bytes or None"),
        (None, "steal", "ownership is 'steal'; give one of auto, copy, reference"),
        (1, "", "ownership is ''; give one of auto, copy, reference"),
    ],
)
def test_no_memory_and_an_unknown_ownership_are_refused(
    max_bytes: int | None, ownership: str, message: str
) -> None:
    with pytest.raises(ConfigError, match=f"^{re.escape(message)}$"):
        check_memory(max_bytes, ownership)

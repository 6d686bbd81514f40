"""Tests of the foundation: lazy public names, time conversion, exceptions."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

import pipeline
from pipeline.errors import ConfigError, ForesightError
from pipeline.timebase import ns_to_seconds, seconds_to_ns

HIDE_GI = "import sys; sys.modules['gi'] = None; "


def test_importing_the_package_does_not_import_gstreamer() -> None:
    code = "import sys, pipeline; assert 'gi' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_public_name_without_gstreamer_says_what_to_install() -> None:
    code = HIDE_GI + (
        "import pipeline\n"
        "try:\n    import pipeline.gst.runtime\n"
        "except pipeline.ForesightError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert "apt-get install python3-gi" in done.stdout
    assert len(done.stdout.splitlines()) == 1


@pytest.mark.parametrize("name", sorted(pipeline.__all__))
def test_every_public_name_is_defined_in_its_module(name: str) -> None:
    assert getattr(pipeline, name).__name__ == name


def test_types_that_the_buffer_manager_returns_are_public() -> None:
    manager = pipeline.BufferManager()
    statistics = manager.statistics()
    assert isinstance(statistics, pipeline.BufferStatistics)
    assert isinstance(statistics.streams["video"], pipeline.StreamStatistics)
    assert isinstance(manager.add_stream("second"), pipeline.BufferStream)
    assert isinstance(manager.reader(), pipeline.Reader)
    subscription = manager.subscribe(print)
    assert isinstance(subscription, pipeline.Subscription)
    subscription.close()


def test_an_unknown_public_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="NoSuchThing"):
        _ = pipeline.NoSuchThing


def test_configuration_errors_exit_with_2() -> None:
    assert ConfigError("x").exit_status == 2
    assert ForesightError("x").exit_status == 1


@given(st.integers(min_value=-(10**15), max_value=10**15))
def test_nanoseconds_survive_a_round_trip_through_seconds(ns: int) -> None:
    assert seconds_to_ns(ns_to_seconds(ns)) == ns


@pytest.mark.parametrize("seconds", [float("nan"), float("inf"), float("-inf")])
def test_a_time_that_is_not_a_number_is_refused(seconds: float) -> None:
    with pytest.raises(ValueError, match="finite"):
        seconds_to_ns(seconds)
